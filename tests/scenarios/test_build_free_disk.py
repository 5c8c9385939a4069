"""Room is made as on GitHub's machines: a real `sudo`, real folders, and a user who is not root."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenarios.action import PYTHON, ROOT, Result, run_action
from scenarios.images import ImageRepository
from testbed.engine import Engine, RunningEngine
from testbed.registry import Registry
from testbed.runner_machine import RunnerMachine

HOSTED = {"RUNNER_ENVIRONMENT": "github-hosted"}
FOLDERS = ("/usr/share/dotnet", "/opt/ghc", "/usr/local/lib/android", "/usr/share/swift")
ELSEWHERE = "/srv/elsewhere/kept"


@pytest.fixture
def world(registry: Registry, engine: RunningEngine) -> Iterator[ImageRepository]:
    """A repository in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="tb-") as name:
        Path(name).chmod(0o755)
        (Path(name) / "scratch").mkdir()
        with ImageRepository(Path(name) / "images", engine, registry, Path(name) / "scratch") as images:
            yield images


def build_there(
    world: ImageRepository, base: str, given: dict[str, str] | None = None, **machine: Any
) -> tuple[Result, list[str]]:
    """Build there; return how it ended, and what is still there."""
    world.commit({"Dockerfile": f"FROM {base}\n"})
    engine, socket = world.engine, Path("/var/run/docker.sock")
    if isinstance(engine, Engine):
        socket = engine.socket
        engine.folder.chmod(0o711)
    there = RunnerMachine(
        folder=world.folder.parent,
        owned=(world.folder, world.scratch),
        python=PYTHON,
        folders=FOLDERS,
        socket=socket,
        reached=(ROOT / "src", ROOT / "dependencies.zip"),
        **{"sudo": "without a password", **machine},
    )
    result = run_action(
        ROOT / "actions" / "build",
        {
            "image": world.image,
            "registry": world.registry.host,
            "builder": "docker",
            "push": "false",
            "hub-check": "false",
            "packages": "false",
            "reuse": "false",
            "cache": "none",
            "free-disk-space": "always",
            **(given or {}),
        },
        folder=world.folder,
        environ={**world.job(), **HOSTED},
        cwd=world.checkout,
        python=there.interpreter(),
    )
    assert result.status == 0, result.stdout + result.stderr
    return result, there.left()


def test_all_is_deleted_by_a_user_with_sudo(world: ImageRepository, small_base_image: str) -> None:
    result, left = build_there(world, small_base_image)
    assert left == []
    assert "Making room in the background: /usr/local/lib/android, /usr/share/dotnet, /opt/ghc" in result.log
    assert result.said("warning") == []
    assert "GiB free in " in result.log


def test_a_sudo_that_asks_for_a_password_is_told_and_not_waited_for(
    world: ImageRepository, small_base_image: str
) -> None:
    result, left = build_there(world, small_base_image, sudo="with a password")
    assert left == list(FOLDERS)
    (warning,) = result.said("warning")
    assert "which would make room: sudo: a password is required. Let this user call `sudo`" in warning
    assert "Making room" not in result.log


def test_a_machine_without_sudo_is_told(world: ImageRepository, small_base_image: str) -> None:
    result, left = build_there(world, small_base_image, sudo="not there")
    assert left == list(FOLDERS)
    (warning,) = result.said("warning")
    assert "which would make room: there is no sudo. Let this user call `sudo`" in warning


def test_root_needs_no_sudo(world: ImageRepository, small_base_image: str) -> None:
    result, left = build_there(world, small_base_image, sudo="not there", is_root=True)
    assert left == []
    assert result.said("warning") == []


def test_what_is_not_asked_for_is_not_touched(world: ImageRepository, small_base_image: str) -> None:
    given = {"free-disk-space": "auto", "min-free-disk": "0"}
    result, left = build_there(world, small_base_image, given, sudo="with a password")
    assert left == list(FOLDERS)
    assert result.said("warning") == []


def test_a_disk_with_too_little_room_is_made_room_on(world: ImageRepository, small_base_image: str) -> None:
    _, left = build_there(world, small_base_image, {"free-disk-space": "auto", "min-free-disk": "1000000"})
    assert left == []


def test_a_machine_with_nothing_to_delete_needs_no_sudo(
    world: ImageRepository, small_base_image: str
) -> None:
    gone = f"rm -rf {' '.join(FOLDERS)}"
    result, left = build_there(world, small_base_image, sudo="not there", prepare=gone)
    assert left == []
    assert result.said("warning") == []


def test_what_lies_on_another_disk_stays(world: ImageRepository, small_base_image: str) -> None:
    """A folder that is a link, one that is a mount point, and one in which something is mounted."""
    prepare = f"""
    mkdir -p {ELSEWHERE} /srv/disk/kept
    rm -rf /opt/ghc; ln -s /srv/elsewhere /opt/ghc
    mount --bind /srv/disk /usr/share/dotnet
    mkdir "/usr/share/swift/a disk"; mount -t tmpfs tmpfs "/usr/share/swift/a disk"
    touch "/usr/share/swift/a disk/kept"
    """
    watched = (ELSEWHERE, "/srv/disk/kept", "/usr/share/swift/a disk/kept")
    result, left = build_there(world, small_base_image, prepare=prepare, watched=watched)
    assert left == ["/usr/share/dotnet", "/opt/ghc", "/usr/share/swift", *watched]
    assert "/usr/share/dotnet stays: a file system is mounted there." in result.log
    assert "/usr/share/swift stays: a file system is mounted there." in result.log
    assert "Making room in the background: /usr/local/lib/android\n" in result.log
