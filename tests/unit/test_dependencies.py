"""The libraries of dependencies.zip, imported by processes as an action imports them."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from interpreters import interpreters

BOOTSTRAP = """
import sys
from pathlib import Path
ROOT = Path({root!r})
sys.path.insert(0, str(ROOT / "src"))
from hub_image_actions import dependencies
dependencies.activate(ROOT)
"""
LIBRARIES = "import actions_toolkit.core, ruamel.yaml, git, requests, certifi"
WHERE = """
print(*(m.__file__ for m in (actions_toolkit.core, ruamel.yaml, git, requests, certifi)), sep="\\n")
"""
COUNT_COMPILED = """
compiled = []
sys.addaudithook(
    lambda event, values: compiled.append(values[1])
    if event == "compile" and "dependencies.zip" in str(values[1]) else None
)
"""


@pytest.fixture
def house(root: Path, tmp_path: Path) -> Path:
    """Makes a folder laid out like the repository, with no compiled code in it yet."""
    house = tmp_path / "house"
    package = house / "src/hub_image_actions"
    package.mkdir(parents=True)
    for name in ("__init__.py", "dependencies.py"):
        shutil.copy(root / "src/hub_image_actions" / name, package)
    shutil.copy(root / "dependencies.zip", house)
    return house


def start(
    house: Path, code: str, *options: str, python: Path = Path(sys.executable)
) -> subprocess.Popen[str]:
    """Starts an isolated Python in the house, with the libraries activated."""
    command = [str(python), "-I", *options, "-c", BOOTSTRAP.format(root=str(house)) + code]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(house)}
    return subprocess.Popen(
        command, cwd=house, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def run(house: Path, code: str, *options: str, python: Path = Path(sys.executable)) -> str:
    """Returns what the code prints; fails with its traceback when it fails."""
    process = start(house, code, *options, python=python)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert not errors
    return output.strip()


def kept(house: Path, module: str) -> Path:
    """Returns the file that holds the module's compiled code."""
    [path] = house.glob(f"__pycache__/dependencies.zip-*/{module}.{sys.implementation.cache_tag}.pyc")
    return path


def rewrite(archive: Path, member: str, content: bytes) -> None:
    """Replaces one member of an archive."""
    with zipfile.ZipFile(archive) as old:
        contents = {info.filename: old.read(info) for info in old.infolist()}
    with zipfile.ZipFile(archive, "w") as new:
        for name, current in contents.items():
            new.writestr(name, content if name == member else current)


@pytest.mark.parametrize("python", [pytest.param(path, id=name) for name, path in interpreters().items()])
def test_every_library_comes_from_the_archive_first_compiled_and_then_kept(house: Path, python: Path) -> None:
    code = COUNT_COMPILED + LIBRARIES + "; requests.Session" + WHERE + "print(bool(compiled))"
    *first, compiled_first = run(house, code, "-S", python=python).splitlines()
    *second, compiled_second = run(house, code, "-S", python=python).splitlines()
    assert all(path.startswith(str(house / "dependencies.zip")) for path in first)
    assert second == first
    assert (compiled_first, compiled_second) == ("True", "False")


def test_the_archive_goes_before_what_is_installed(house: Path) -> None:
    paths = run(house, LIBRARIES + WHERE).splitlines()
    assert [path for path in paths if not path.startswith(str(house / "dependencies.zip"))] == []


def test_the_archive_goes_directly_after_our_own_modules(house: Path) -> None:
    code = "dependencies.activate(ROOT)\nprint(sys.path[:2], sys.path.count(str(ROOT / 'dependencies.zip')))"
    assert run(house, code) == f"{[str(house / 'src'), str(house / 'dependencies.zip')]} 1"


def test_modules_of_the_working_directory_and_of_pythonpath_are_not_imported(house: Path) -> None:
    for name in ("requests", "git", "ruamel", "certifi", "sitecustomize", "usercustomize", "zlib"):
        (house / f"{name}.py").write_text(f"raise SystemExit('ran {name}.py of the working directory')\n")
    paths = run(house, LIBRARIES + WHERE).splitlines()
    assert [path for path in paths if "dependencies.zip" not in path] == []


def test_the_certificates_can_be_read(house: Path) -> None:
    assert run(house, "import certifi\nprint('BEGIN CERTIFICATE' in certifi.contents(), end=' ')\n"
               "print('BEGIN CERTIFICATE' in Path(certifi.where()).read_text())") == "True True"  # fmt: skip


def test_importing_the_toolkit_does_not_execute_requests(house: Path) -> None:
    assert run(house, "import actions_toolkit.core\nprint('requests.sessions' in sys.modules)") == "False"


@pytest.mark.parametrize(
    "use",
    [
        "import requests; requests.Session",
        "from requests import Session",
        "import requests.adapters; requests.adapters.HTTPAdapter",
        "import requests, requests.exceptions; requests.exceptions.ConnectionError",
        "import importlib.util; importlib.util.find_spec('requests.sessions')",
    ],
)
def test_requests_is_whole_when_it_is_used_after_the_toolkit(house: Path, use: str) -> None:
    code = f"import actions_toolkit.core\n{use}\nimport requests\nprint(requests.get.__module__)"
    assert run(house, code) == "requests.api"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[:100], id="truncated"),
        pytest.param(lambda content: b"\0\0\0\0" + content[4:], id="of another Python"),
        pytest.param(lambda content: content[:-1] + bytes([content[-1] ^ 1]), id="changed by a bit"),
        pytest.param(lambda content: content + b"\0", id="longer"),
    ],
)
def test_a_damaged_file_of_compiled_code_is_made_again(house: Path, damage: "type[bytes]") -> None:
    code = "import actions_toolkit.command as command\nprint(command.issue.__name__)"
    run(house, code)
    path = kept(house, "actions_toolkit.command")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert run(house, code) == "issue"
    assert path.read_bytes() == whole


def test_code_kept_from_another_archive_is_not_used(house: Path) -> None:
    run(house, "import smmap")
    rewrite(house / "dependencies.zip", "smmap/__init__.py", b"print('of the new archive')\n")
    assert run(house, "import smmap") == "of the new archive"


def test_a_folder_that_cannot_be_written_is_done_without(house: Path) -> None:
    (house / "__pycache__").write_text("a file where the folder would be")
    paths = run(house, LIBRARIES + WHERE).splitlines()
    assert [path for path in paths if "dependencies.zip" not in path] == []


def test_no_compiled_code_is_kept_when_python_is_told_so(house: Path) -> None:
    run(house, "import requests; requests.get", "-B")
    assert not (house / "__pycache__").exists()


def test_no_half_written_file_is_left(house: Path) -> None:
    run(house, LIBRARIES)
    assert {path.suffix for path in house.glob("__pycache__/*/*")} == {".pyc"}


def test_actions_that_start_at_the_same_time_share_the_folder(house: Path) -> None:
    processes = [start(house, LIBRARIES + "\nprint(requests.Session.__name__)") for _ in range(4)]
    ends = [process.communicate(timeout=60) for process in processes]
    assert ends == [("Session\n", "")] * 4


def test_a_traceback_shows_the_source_of_a_library(house: Path) -> None:
    code = "import inspect, smmap.mman\nprint(inspect.getsource(smmap.mman.WindowCursor).splitlines()[0])"
    run(house, code)
    assert run(house, code).startswith("class WindowCursor")


def test_a_missing_archive_is_an_error_that_names_it(house: Path) -> None:
    (house / "dependencies.zip").unlink()
    process = start(house, "")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"No such file or directory: '{house / 'dependencies.zip'}'" in errors


# A build asks git for the commit, which names tags that inputs may hold.
LARGE = {"requests.sessions", "urllib3.connectionpool", "ruamel.yaml.main"}
WITHOUT_GIT = ("binder-badge", "bump-base-image", "bump-datahub-tag", "comment-result")


@pytest.mark.parametrize("action", ["build", "build-test", *WITHOUT_GIT])
def test_refused_inputs_cost_nobody_the_import_of_a_large_library(root: Path, action: str) -> None:
    command = [sys.executable, "-I", "-S", "-X", "importtime", str(root / "actions" / action / "main.py")]
    environment = {"PATH": os.environ["PATH"], "INPUT_IMAGE": "not/an image"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 1
    assert "hub_image_actions.errors" in loaded
    assert not loaded & (LARGE | ({"git.cmd"} if action in WITHOUT_GIT else set()))
