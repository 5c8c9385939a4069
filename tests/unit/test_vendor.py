"""scripts/vendor: what goes into dependencies.zip, and how a wrong one is told."""

import zipfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

CONTENTS = {
    "ruamel/yaml/__init__.py": b"version = 1\n",
    "requests-2.0.dist-info/NOTICE": b"Apache\n",
}


@pytest.fixture
def vendor(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Loads the script as a module that writes its archive to a temporary folder."""
    monkeypatch.setattr("sys.dont_write_bytecode", True)  # compiled code would lie in scripts/
    loader = SourceFileLoader("vendor", str(root / "scripts/vendor"))
    spec = spec_from_loader("vendor", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    monkeypatch.setattr(module, "ARCHIVE", tmp_path / "dependencies.zip")
    return module


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("actions_toolkit/core.py", True),
        ("actions_toolkit/github.py", False),
        ("tests/test_core.py", False),
        ("gitdb/test/lib.py", False),
        ("certifi/cacert.pem", True),
        ("certifi/py.typed", False),
        ("urllib3/contrib/emscripten/fetch.py", False),
        ("gitdb-4.0.12.dist-info/LICENSE", True),
        ("idna-3.20.dist-info/licenses/LICENSE.md", True),
        ("requests-2.34.2.dist-info/licenses/NOTICE", True),
        ("requests-2.34.2.dist-info/METADATA", False),
        ("charset_normalizer/md.cpython-311-x86_64-linux-gnu.so", False),
    ],
)
def test_code_certificates_and_licences_are_needed_and_nothing_else(
    vendor: ModuleType, name: str, needed: bool
) -> None:
    assert vendor.is_needed(name) is needed


def test_the_same_content_gives_the_same_bytes(vendor: ModuleType) -> None:
    vendor.write(CONTENTS)
    first = vendor.ARCHIVE.read_bytes()
    vendor.write(dict(reversed(CONTENTS.items())))
    assert vendor.ARCHIVE.read_bytes() == first


def test_the_folders_are_members_too(vendor: ModuleType) -> None:
    vendor.write(CONTENTS)
    with zipfile.ZipFile(vendor.ARCHIVE) as archive:
        assert {"ruamel/", "ruamel/yaml/"} <= set(archive.namelist())


def test_an_archive_that_was_just_made_is_current(vendor: ModuleType) -> None:
    vendor.write(CONTENTS)
    vendor.check(CONTENTS)


@pytest.mark.parametrize(
    ("wanted", "difference"),
    [
        (CONTENTS | {"git.py": b""}, "missing: git.py"),
        (CONTENTS | {"ruamel/yaml/__init__.py": b"version = 2\n"}, "changed: ruamel/yaml/__init__.py"),
        (
            {"ruamel/yaml/__init__.py": b"version = 1\n"},
            "not from the lock: requests-2.0.dist-info/NOTICE",
        ),
    ],
)
def test_a_stale_archive_is_refused_with_each_difference(
    vendor: ModuleType, wanted: dict[str, bytes], difference: str
) -> None:
    vendor.write(CONTENTS)
    with pytest.raises(vendor.StaleError, match=difference):
        vendor.check(wanted)


def test_a_member_that_is_there_twice_is_refused(vendor: ModuleType) -> None:
    vendor.write(CONTENTS)
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(vendor.ARCHIVE, "a") as archive,
    ):
        archive.writestr("ruamel/yaml/__init__.py", b"version = 1\n")
    with pytest.raises(vendor.StaleError, match=r"twice: ruamel/yaml/__init__\.py"):
        vendor.check(CONTENTS)


def test_a_missing_archive_is_refused(vendor: ModuleType) -> None:
    with pytest.raises(vendor.StaleError, match=r"dependencies\.zip is missing"):
        vendor.check(CONTENTS)


def test_two_libraries_with_a_file_of_the_same_name_are_refused(vendor: ModuleType, tmp_path: Path) -> None:
    wheels = [tmp_path / "one-1-py3-none-any.whl", tmp_path / "two-1-py3-none-any.whl"]
    for wheel in wheels:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("shared.py", "")
    with pytest.raises(ValueError, match=r"brings shared\.py, which another wheel brings too"):
        vendor.members(wheels)
