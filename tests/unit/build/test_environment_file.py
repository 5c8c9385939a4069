"""What files of packages ask for, in all the forms that conda and pip read."""

from pathlib import Path

import pytest

from hub_image_actions.build.environment_file import (
    InvalidEnvironment,
    PackageEntry,
    read_environment,
    read_requirements,
)


def conda(tmp_path: Path, text: str) -> PackageEntry | None:
    """Return what one entry of an environment file is read as."""
    path = tmp_path / "environment.yml"
    path.write_text(f"dependencies:\n  - {text}\n")
    entries = read_environment(path, "a/environment.yml").entries
    return entries[0] if entries else None


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("numpy", "numpy", ""),
        ("numpy=1.26.*", "numpy", "=1.26.*"),
        ("numpy==1.26", "numpy", "==1.26"),
        ("numpy >=1,<2  # [linux]", "numpy", ">=1,<2"),
        ("numpy 1.26 py312_0", "numpy", "1.26 py312_0"),
        ("NumPy=1.26=py312_0", "numpy", "=1.26=py312_0"),
        ("\"numpy[version='>=1',build=x]\"", "numpy", ">=1"),
        ("'numpy[build=x]'", "numpy", ""),
        ("'numpy *'", "numpy", ""),
        ("numpy=", "numpy", ""),
        ("blas=*=openblas", "blas", "=*=openblas"),
        ("conda-forge::numpy=1", "numpy", "=1"),
        ("ruamel.yaml=0.18", "ruamel.yaml", "=0.18"),
        ("_libgcc_mutex=0.1", "_libgcc_mutex", "=0.1"),
        ("numpy!=1.5", "numpy", "!=1.5"),
        ("numpy~=1.5", "numpy", "~=1.5"),
    ],
)
def test_a_package_of_conda_is_read_in_every_form(tmp_path: Path, text: str, name: str, version: str) -> None:
    entry = conda(tmp_path, text)
    assert entry
    assert (entry.name, entry.version, entry.manager) == (name, version, "conda")
    assert (entry.file, entry.line) == ("a/environment.yml", 2)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/linux-64/a-1-0.conda",
        "./a-1-0.tar.bz2",
        "'{{ numpy }}'",
        "$NUMPY",
        "[a, b]",
        "x: 1",
        "null",
        "a" * 2_000,
    ],
)
def test_what_is_no_package_by_its_name_is_passed_over(tmp_path: Path, text: str) -> None:
    entry = conda(tmp_path, text)
    assert entry is None or entry.name == "null"


def test_channels_and_the_section_of_pip_have_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "e.yml"
    path.write_text(
        "channels:\n- conda-forge\n- defaults\ndependencies:\n- conda-forge/noarch::a=1\n- pip=26\n- pip:\n"
        "  - b==2\n  # no\n  - c[x]>=1 ; python_version < '3.12'\n  - -c constraints.txt\n"
    )
    file = read_environment(path, "e.yml")
    assert [(channel.name, channel.line) for channel in file.channels] == [
        ("conda-forge", 2),
        ("defaults", 3),
    ]
    assert [(entry.name, entry.manager, entry.line) for entry in file.entries] == [
        ("a", "conda", 5),
        ("pip", "conda", 6),
        ("b", "pip", 8),
        ("c", "pip", 10),
    ]
    assert file.entries[0].channel == "conda-forge/noarch"
    assert [entry.is_conditional for entry in file.entries] == [False, False, False, True]
    assert file.is_constrained


def test_a_file_that_nobody_wrote_by_hand_is_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "e.yml"
    path.write_text("dependencies:\n- a=1\n" + "- [" * (1 << 17))
    assert read_environment(path, "e.yml").entries == ()


def test_an_anchor_that_is_named_twice_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "e.yml"
    path.write_text("dependencies:\n- &a numpy=1\n- &a pandas=2\n- *a\n")
    assert [entry.name for entry in read_environment(path, "e.yml").entries] == ["numpy", "pandas", "pandas"]


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("numpy", "numpy", ""),
        ("numpy  # why", "numpy", ""),
        ("NumPy==1.26", "numpy", "==1.26"),
        ("numpy [a,b] >= 1, < 2", "numpy", ">= 1, < 2"),
        ("numpy (>=1)", "numpy", "(>=1)"),
        ("numpy @ https://example.org/numpy.zip", "numpy", "@ https://example.org/numpy.zip"),
        ("numpy==1 --hash=sha256:00", "numpy", "==1"),
        ("numpy==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11", "numpy", "==1"),
        ("zope.interface~=5.0", "zope.interface", "~=5.0"),
    ],
)
def test_a_requirement_of_pip_is_read_in_every_form(text: str, name: str, version: str) -> None:
    (entry,) = read_requirements(f"\n{text}\n", "r.txt").entries
    assert (entry.name, entry.version, entry.line, entry.manager) == (name, version, 2, "pip")


@pytest.mark.parametrize(
    "text",
    [
        "-r other.txt",
        "--find-links https://example.org/simple",
        "-e .",
        "-e git+https://example.org/a#egg=a",
        "git+https://example.org/a@b",
        "./a",
        "../a",
        "https://example.org/a-1.whl",
        "a-1-py3-none-any.whl",
        "# numpy",
        "${NAME}",
        "",
    ],
)
def test_options_addresses_and_folders_are_no_packages(text: str) -> None:
    assert read_requirements(text, "r.txt").entries == ()


@pytest.mark.parametrize(
    "text", ["a: [\n", "- a\n", "a\n", "dependencies: a\n", "", "a: 1\na: 2\n", "\x00", "&a [*a]"]
)
def test_what_conda_cannot_read_is_refused_at_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(text)
    with pytest.raises(InvalidEnvironment) as caught:
        read_environment(path, "environment.yml")
    assert caught.value.file == "environment.yml"
    assert caught.value.line >= 1


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000, "a[" * 100_000, "a " * 100_000, "a-." * 100_000, "a==1 \\\n" * 50_000, "a #" * 90_000],
)
def test_what_is_made_to_be_slow_is_not(tmp_path: Path, text: str) -> None:
    assert len(read_requirements(text, "r.txt").entries) <= 1
    path = tmp_path / "e.yml"
    path.write_text("dependencies:\n- '" + text.replace("\n", "") + "'\n")
    assert len(read_environment(path, "e.yml").entries) <= 1
