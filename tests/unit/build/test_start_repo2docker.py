"""Whether repo2docker has the same path wherever it is installed, and by whichever Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub_image_actions.build import start_repo2docker
from interpreters import interpreters

PROGRAM = Path(start_repo2docker.__file__)
# repo2docker's way of naming what it copies, and what else it does with the path of its modules.
PACKAGE = {
    "__init__.py": "",
    "__main__.py": "import sys\nfrom repo2docker import names\nnames.tell(sys.argv[1:])\n",
    "names.py": (
        "import os\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
        "def tell(arguments):\n"
        "    print(HERE, open(os.path.join(HERE, 'script.bash')).read(), *arguments)\n"
    ),
    "script.bash": "true",
}


def installed(folder: Path, python: Path) -> Path:
    """Make an environment that has a repo2docker, and return its interpreter."""
    subprocess.run([python, "-I", "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (packages,) = folder.glob("lib/python3*/site-packages")
    (packages / "repo2docker").mkdir()
    for name, text in PACKAGE.items():
        (packages / "repo2docker" / name).write_text(text)
    return folder / "bin" / "python"


def started(python: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(python), "-I", str(PROGRAM), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)


def test_its_path_says_nothing_of_the_folder_or_the_python(tmp_path: Path) -> None:
    layouts = {version: tmp_path / version / "of another length" for version in interpreters()}
    (tmp_path / "first").mkdir()
    layouts[""] = tmp_path / "first" / "env"
    told = {
        started(installed(folder, interpreters().get(version, Path(sys.executable)))).stdout
        for version, folder in layouts.items()
    }
    assert told == {"/proc/self/fd/99/repo2docker true\n"}


def test_arguments_reach_it_and_its_end_is_that_of_the_program(tmp_path: Path) -> None:
    python = installed(tmp_path / "env", Path(sys.executable))
    assert started(python, "--no-run", "a b").stdout.endswith(" true --no-run a b\n")
    (script,) = tmp_path.glob("env/lib/*/site-packages/repo2docker/script.bash")
    script.unlink()
    ended = subprocess.run([python, "-I", PROGRAM], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "FileNotFoundError" in ended.stderr


def test_what_it_starts_does_not_get_the_folder(tmp_path: Path) -> None:
    python = installed(tmp_path / "env", Path(sys.executable))
    (module,) = tmp_path.glob("env/lib/*/site-packages/repo2docker/__main__.py")
    module.write_text("import subprocess\nsubprocess.run(['ls', '/proc/self/fd'], close_fds=False)\n")
    assert "99" not in started(python).stdout.split()


def test_where_there_is_no_such_path_the_modules_are_imported_by_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_repo2docker, "_FIXED", str(tmp_path / "nowhere"))
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    try:
        assert not start_repo2docker.use_fixed_path(str(tmp_path))
    finally:
        os.close(99)
    assert sys.path == [str(tmp_path)]
