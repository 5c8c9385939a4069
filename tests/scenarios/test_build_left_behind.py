"""What is on the machine while a build runs, after it was killed, and once another one came by."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.action import PYTHON, kill
from scenarios.images import KEY, ImageRepository, running_with, text_below
from testbed.fault_proxy import FaultProxy, Silence

# In place of `docker`: notes for each command whether Docker's settings hold a password.
NOTING = """#!/bin/sh
if grep -q '"auth"' "$DOCKER_CONFIG/config.json" 2>/dev/null; then known=with; else known=without; fi
echo "$1 $2/$known" >>SEEN
exec REAL "$@"
"""
PASSING_TESTS = """#!/bin/sh
for last; do :; done
echo "<s><testcase name='a'/></s>" >"$last/pytest.xml"
"""
SLOW = "import time\n\n\ndef test_slow():\n    print('testing now')\n    time.sleep(SECONDS)\n"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The folder for temporary files that all jobs of a machine share."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def images(images: ImageRepository, tmp_path: Path) -> ImageRepository:
    """A repository whose runner has nothing to do with those of other tests."""
    images.scratch = tmp_path / "runner-temp"
    images.scratch.mkdir()
    return images


def ours(*folders: Path) -> list[str]:
    """Return the temporary folders of ours in some folders."""
    return [path.name for folder in folders for path in folder.rglob("hub-image-actions-*")]


def volumes(images: ImageRepository) -> list[str]:
    return images.engine.docker("volume", "ls", "--quiet", "--filter", "label=hub-image-actions").split()


@pytest.mark.parametrize("needed", [True, False])
def test_docker_is_logged_in_only_while_it_has_to_be(
    images: ImageRepository, small_base_image: str, tmp_path: Path, needed: bool
) -> None:
    mention = f"# {images.registry.host}\n" if needed else ""
    images.commit(
        {
            "Dockerfile": f"{mention}FROM {small_base_image}\nUSER root\nCOPY python3 /usr/bin/python3\n"
            "RUN chmod 755 /usr/bin/python3 && mkdir -p /srv/repo\n",
            "python3": PASSING_TESTS,
            "image-tests/test_a.py": "",
        }
    )
    seen, programs = tmp_path / "seen", tmp_path / "programs"
    programs.mkdir()
    noting = NOTING.replace("SEEN", str(seen)).replace("REAL", str(shutil.which("docker")))
    (programs / "docker").write_text(noting)
    (programs / "docker").chmod(0o755)
    (programs / "python3").symlink_to(PYTHON)
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    result = images.build(path, push="true", packages="true", cache="none")
    assert result.status == 0, result.log
    known: dict[str, set[str]] = {}
    for line in seen.read_text().splitlines():
        command, _, state = line.rpartition("/")
        building = command in {"buildx build", "build --tag"}
        known.setdefault("build" if building else command.partition(" ")[0], set()).add(state)
    assert known["build"] == ({"with"} if needed else {"without"})
    assert known["run"] == {"without"}
    assert known["push"] == {"with"}
    assert ours(images.scratch) == []


@pytest.mark.parametrize(
    ("variable", "place"),
    [("RUNNER_TEMP", "checkout"), ("TMPDIR", "checkout"), ("TMPDIR", "checkout/inside")],
)
def test_no_key_is_kept_where_it_would_get_into_the_image(
    images: ImageRepository, small_base_image: str, variable: str, place: str
) -> None:
    images.commit({"Dockerfile": f"FROM {small_base_image}\nCOPY . /srv/\n"})
    folder = images.folder / place
    folder.mkdir(exist_ok=True)
    result = images.build({variable: str(folder)}, push="true")
    assert "is in the folder that the image is built from" in result.error
    assert "the registry's key would get into the image" in result.error
    assert "docker" not in "\n".join(images.arguments)
    assert KEY.splitlines()[1] not in text_below(path for path in folder.rglob("*") if path.is_file())


def test_temporary_files_beside_the_folder_that_is_built_do_no_harm(
    images: ImageRepository, small_base_image: str
) -> None:
    images.commit({"hub/Dockerfile": f"FROM {small_base_image}\nCOPY . /srv/\n"})
    folder = images.checkout / "temporary"
    folder.mkdir()
    result = images.build({"TMPDIR": str(folder)}, push="true", context="hub")
    assert result.status == 0, result.log


def killed(
    images: ImageRepository, when: Callable[[], object], environ: dict[str, str], **given: str
) -> None:
    """Run `build` and kill it, as nothing can be cleaned up after, once something is the case."""

    def watch(process: "subprocess.Popen[str]") -> None:
        deadline = time.monotonic() + 60
        while not when() and time.monotonic() < deadline:
            time.sleep(0.05)
        kill(process)

    def started(process: "subprocess.Popen[str]") -> None:
        threading.Thread(target=watch, args=(process,)).start()

    result = images.run("build", environ, given, started)
    assert result.status == -9
    # Nobody checks a run that was killed.
    images.results.remove(result)


@pytest.mark.parametrize("moment", ["build", "test", "hub check", "push"])
def test_the_next_run_removes_what_one_that_was_killed_left(
    images: ImageRepository, jupyter_base_image: str, small_base_image: str, temporary: Path, moment: str
) -> None:
    nap = f"sleep 44.{os.getpid()}"
    base = jupyter_base_image if moment == "test" else small_base_image
    tests = {"image-tests/test_slow.py": SLOW.replace("SECONDS", "99")} if moment == "test" else {}
    server = "USER root\nRUN mkdir -p /home/jovyan\n" if moment == "hub check" else ""
    napping = f"RUN {nap}\n" if moment == "build" else ""
    images.commit({"Dockerfile": f"FROM {base}\n{server}{napping}", **tests})
    environ = {"TMPDIR": str(temporary)}
    given = {"push": "true", "hub_check": str(moment == "hub check").lower(), "hub_check_command": "sleep 99"}
    with FaultProxy(images.registry.url) as proxy:
        if moment == "push":
            proxy.fail(Silence(20), method="PUT", path=r"/manifests/", times=9)
        moments: dict[str, Callable[[], object]] = {
            "build": lambda: running_with(nap),
            "test": images.containers,
            "hub check": lambda: volumes(images),
            "push": lambda: proxy.seen("PUT", "/manifests/"),
        }
        killed(images, moments[moment], environ, registry=proxy.host, **given)
    assert ours(images.scratch, temporary)
    logins = [path.read_text() for path in images.scratch.rglob("config.json")]
    assert ('"auth"' in "".join(logins)) is (moment == "push")
    if moment in {"test", "hub check"}:
        assert images.containers()
    images.commit({"Dockerfile": f"FROM {small_base_image}\n"})
    shutil.rmtree(images.checkout / "image-tests", ignore_errors=True)
    assert images.build(environ).status == 0
    assert ours(images.scratch, temporary) == []
    assert images.containers() == []
    assert volumes(images) == []


def test_what_a_running_build_has_stays(
    images: ImageRepository, jupyter_base_image: str, temporary: Path
) -> None:
    images.commit(
        {
            "Dockerfile": f"FROM {jupyter_base_image}\nCOPY . /srv/repo\nWORKDIR /srv/repo\n",
            "image-tests/test_slow.py": SLOW.replace("SECONDS", "20"),
            "image-tests/test_quick.py": "def test_quick():\n    pass\n",
        }
    )
    environ = {"TMPDIR": str(temporary)}
    first: list[int] = []
    running = threading.Thread(target=lambda: first.append(images.build(environ).status))
    running.start()
    deadline = time.monotonic() + 60
    while not images.containers() and time.monotonic() < deadline:
        time.sleep(0.05)
    before = images.containers()
    assert before
    assert images.build(environ, test="false", tag="second").status == 0
    assert images.containers() == before
    running.join()
    assert first == [0]
    assert ours(images.scratch, temporary) == []
