"""Every way in which a runner lays an action out, every Python, and surroundings that mean harm."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interpreters import interpreters
from scenarios.action import ROOT, Result, declaration, run_action

# What an action must have at run time; tests and their tools stay behind.
PUBLISHED = ("action.yml", "actions", "src", "dependencies.zip")
LINKS = sorted(path.name for path in ROOT.iterdir() if path.is_symlink() and (path / "action.yml").is_file())
ACTIONS = sorted(path.parent.name for path in ROOT.glob("actions/*/action.yml"))
ROOT_ACTION = ["."] if (ROOT / "action.yml").exists() else []
PLACES = [*ROOT_ACTION, *LINKS, *(f"actions/{name}" for name in ACTIONS)]


def wrong_inputs(action: Path) -> dict[str, str]:
    """Return inputs that the action refuses at once: every truth value and address is none."""
    defaults = declaration(action).defaults
    wrong = {name: "maybe" for name, default in defaults.items() if default in {"true", "false"}}
    return wrong | {name: "nowhere" for name in ("api-url", "server-url") if name in defaults}


def published_files() -> list[Path]:
    """Return the files of the repository that are not ignored, relative to its root."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    wanted = (*PUBLISHED, *LINKS)
    return [Path(name) for name in sorted(set(listed)) if name and Path(name).parts[0] in wanted]


def copied(target: Path, *, follow_links: bool) -> Path:
    """Copy what is published, as a runner unpacks it."""
    for name in published_files():
        source = ROOT / name
        if source.is_symlink() and source.is_dir() and follow_links:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target / name, ignore=ignored)
        elif os.path.lexists(source):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=follow_links)
    return target


def archived(folder: Path, target: Path) -> Path:
    """Pack the published files with tar and unpack them, as GitHub's archives are."""
    packed = folder / "archive.tar.gz"
    tree = copied(folder / "tree", follow_links=False)
    subprocess.run(["tar", "-czf", packed, "-C", tree, "."], check=True)
    target.mkdir()
    subprocess.run(["tar", "-xzf", packed, "-C", target], check=True)
    return target


def read_only(folder: Path) -> Path:
    """Take every permission to write away."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    return folder


def with_links(folder: Path) -> Path:
    return copied(folder / "checkout", follow_links=False)


def without_links(folder: Path) -> Path:
    return copied(folder / "checkout", follow_links=True)


def from_an_archive(folder: Path) -> Path:
    return archived(folder, folder / "unpacked")


def on_a_path_with_spaces(folder: Path) -> Path:
    return copied(folder / "a folder with 'quotes' and $(spaces)", follow_links=True)


def in_a_read_only_checkout(folder: Path) -> Path:
    return read_only(copied(folder / "checkout", follow_links=True))


LAYOUTS = [with_links, without_links, from_an_archive, on_a_path_with_spaces, in_a_read_only_checkout]


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder that can be removed afterwards."""
    yield tmp_path
    for path in tmp_path.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def started(result: Result) -> bool:
    """Say whether the action itself ran: it refuses the input, and names it."""
    refused = [message for message in result.said("error") if message.startswith("Input `")]
    return result.status == 1 and bool(refused) and "Traceback" not in result.stderr


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_every_action_starts_in_every_layout(
    scratch: Path, layout: Callable[[Path], Path], place: str
) -> None:
    result = run_action(layout(scratch) / place, wrong_inputs(ROOT / place), folder=scratch)
    assert started(result), result.stdout + result.stderr


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("version", interpreters())
def test_every_action_starts_on_every_python(tmp_path: Path, version: str, place: str) -> None:
    python = interpreters()[version]
    result = run_action(ROOT / place, wrong_inputs(ROOT / place), folder=tmp_path, python=python)
    assert started(result), result.stdout + result.stderr


def test_the_real_run_works_from_an_unpacked_archive(tmp_path: Path) -> None:
    script = from_an_archive(tmp_path) / "actions" / "bump-datahub-tag" / "main.py"
    done = subprocess.run(
        [sys.executable, "-I", script, "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--from-tag" in done.stdout


def test_a_checkout_that_is_not_ours_to_write_stays_as_it_was(scratch: Path) -> None:
    checkout = in_a_read_only_checkout(scratch)
    before = sorted(checkout.rglob("*"))
    run_action(checkout / "actions" / "bump-datahub-tag", {}, folder=scratch)
    # Root may write everywhere; compiled code of the libraries is all that it may leave there.
    new = [path for path in checkout.rglob("*") if path not in before]
    assert all("__pycache__" in str(path) for path in new)


# ---- surroundings that mean harm

HARM = "from pathlib import Path\nPath({canary!r}).touch()\nraise SystemExit('taken over')\n"
MODULES = (
    *("requests", "git", "sitecustomize", "usercustomize", "hub_image_actions", "actions_toolkit"),
    *("json", "base64", "re", "tempfile", "dataclasses", "zipimport"),
)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A checkout with modules of the names that ours imports."""
    folder = tmp_path / "hostile"
    (folder / "ruamel" / "yaml").mkdir(parents=True)
    harm = HARM.format(canary=str(tmp_path / "canary"))
    for name in MODULES:
        (folder / f"{name}.py").write_text(harm)
    for package in (folder / "ruamel", folder / "ruamel" / "yaml"):
        (package / "__init__.py").write_text(harm)
    (folder / "startup.py").write_text(harm)
    (folder / "python3").write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\n")
    (folder / "python3").chmod(0o755)
    (folder / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
    return folder


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_checkout_does_not_run(tmp_path: Path, hostile: Path, place: str) -> None:
    environ = {
        "PYTHONPATH": str(hostile),
        "PYTHONSTARTUP": str(hostile / "startup.py"),
        "PYTHONHOME": str(hostile),
        "PYTHONUSERBASE": str(hostile),
        "PYTHONINSPECT": "",
        "PYTHONBREAKPOINT": "sitecustomize.x",
        "PYTHONWARNINGS": "error::requests.X",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    wrong = wrong_inputs(ROOT / place)
    result = run_action(ROOT / place, wrong, folder=tmp_path, cwd=hostile, environ=environ)
    assert started(result), result.stdout + result.stderr
    assert not (tmp_path / "canary").exists()


# ---- no network, no installation

WITNESS = """
import sys, runpy
def witness(event, arguments):
    program = event in {"subprocess.Popen", "os.system"} and arguments[0] != "git"
    if program or event in {"socket.connect", "socket.getaddrinfo", "socket.bind"}:
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(witness)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("name", ACTIONS)
def test_the_start_connects_to_nothing_and_installs_nothing(name: str, tmp_path: Path) -> None:
    script = ROOT / "actions" / name / "main.py"
    wrong = wrong_inputs(script.parent)
    inputs = {f"INPUT_{name.replace('-', '_').upper()}": text for name, text in wrong.items()}
    done = subprocess.run(
        [sys.executable, "-I", "-c", WITNESS, script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GITHUB_ACTIONS": "true", **inputs},
    )
    assert done.returncode == 1
    assert "::error::Input `" in done.stdout, done.stdout + done.stderr
    assert done.stderr.strip() == ""


def test_a_start_leaves_nothing_behind(tmp_path: Path) -> None:
    action = ROOT / "actions" / "bump-datahub-tag"
    assert run_action(action, wrong_inputs(action), folder=tmp_path).left_behind == ()


def test_there_is_something_to_test() -> None:
    assert "bump-datahub-tag" in LINKS
    assert "bump-datahub-tag" in ACTIONS
