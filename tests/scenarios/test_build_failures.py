"""Builds that fail: each failure is named, with what to do about it and the lines that show it."""

import json
import os
import re
import signal
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub_image_actions.checks.diagnosis import KnownFailure, catalogue
from scenarios.images import IMAGE, KEY, ImageRepository, running_with
from testbed.disk import small_disk
from testbed.engine import Engine
from testbed.registry import Registry


def printing(base: str, text: str) -> dict[str, str]:
    """Return a repository whose build prints a text and fails."""
    return {"Dockerfile": f"FROM {base}\nCOPY log /log\nRUN cat /log; exit 3\n", "log": text}


# The unit tests know each as both engines show it; these are to be found through the published entry as well.
@pytest.mark.parametrize("failure", catalogue()[::6], ids=lambda failure: failure.name)
def test_a_known_failure_is_named(
    images: ImageRepository, small_base_image: str, failure: KnownFailure
) -> None:
    noise = "".join(f"Collecting package-{number}\n" for number in range(300))
    images.commit(printing(small_base_image, f"{noise}{failure.example}"))
    result = images.build(push="true")
    name = failure.name.partition("{")[0]
    assert result.error.startswith(name)
    assert failure.remedy in result.error
    assert f"**{name.split()[0]}" in result.summary.replace("\\", "")
    assert failure.example.splitlines()[-1].strip()[:40] in result.summary
    assert len(result.summary.splitlines()) < 60
    assert images.registry.tags(IMAGE).count(images.head[:12]) == 0


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("COPY no-such-file /", "A file that the Dockerfile copies is not there"),
        ("RUNN true", "The Dockerfile cannot be read"),
        ("RUN sh -c 'kill -9 $$'; exit $?", "A step was killed, most likely because it ran out of memory"),
        ("COPY postBuild /\nRUN /postBuild", "The script /postBuild is not executable"),
    ],
)
@pytest.mark.parametrize("buildkit", ["1", "0"])
def test_what_goes_wrong_in_a_build_is_named(
    images: ImageRepository, small_base_image: str, lines: str, named: str, buildkit: str
) -> None:
    images.commit({"Dockerfile": f"FROM {small_base_image}\n{lines}\n", "postBuild": "#!/bin/sh\ntrue\n"})
    given = {} if buildkit == "1" else {"builder": "repo2docker", "repo2docker_version": "2024.07.0"}
    result = images.build(**given)
    # What repo2docker itself writes may hold a traceback of its own.
    (error,) = result.said("error")
    assert error.startswith(named)


@pytest.mark.parametrize("builder", ["docker", "repo2docker"])
def test_an_engine_that_ends_during_the_build_is_named(
    images: ImageRepository, small_base_image: str, builder: str
) -> None:
    nap = f"sleep 15.{os.getpid()}"
    lines = f"RUN dd if=/dev/zero of=/x bs=1k count=5; {nap}"
    images.commit({"Dockerfile": f"FROM {small_base_image}\n{lines}\n"})

    def end_engine(engine: Engine) -> None:
        deadline = time.monotonic() + 60
        while not running_with(nap) and time.monotonic() < deadline:
            time.sleep(0.1)
        os.kill(int((engine.folder / "dockerd.pid").read_text()), signal.SIGKILL)

    with TemporaryDirectory(prefix="tb-") as folder, Engine(Path(folder)) as engine:
        threading.Thread(target=end_engine, args=(engine,)).start()
        result = images.build(engine.environment, builder=builder)
    assert re.match(r"The Docker engine ended during the build: |Docker does not run: ", result.error)
    assert "records out" not in result.error


def test_a_base_image_that_is_not_there_is_named(images: ImageRepository, registry: Registry) -> None:
    images.commit({"Dockerfile": f"FROM {registry.host}/testbed/no-such:1\n"})
    result = images.build()
    assert result.error.startswith(
        f"The base image {registry.host}/testbed/no-such:1 is not there, or may not be pulled"
    )


@pytest.mark.parametrize(
    "given",
    [{}, {"builder": "repo2docker"}, {"builder": "repo2docker", "repo2docker_version": "2024.07.0"}],
    ids=["docker", "repo2docker", "repo2docker with the classic builder"],
)
def test_a_registry_that_is_not_there_is_named_as_a_failure_of_the_network(
    images: ImageRepository, given: dict[str, str]
) -> None:
    base = "registry.nowhere.invalid/course/base:7"
    images.commit({"Dockerfile": f"FROM {base}\n"})
    result = images.build(**given)
    (error,) = result.said("error")
    assert error.startswith(f"The network failed: the base image {base} could not be fetched: ")
    assert re.search(r"no such host|server misbehaving|i/o timeout|network is unreachable", error)
    assert "building with" not in result.summary
    assert "CalledProcessError" not in result.summary


def test_an_unknown_failure_shows_its_last_lines(images: ImageRepository, small_base_image: str) -> None:
    images.commit(printing(small_base_image, "first\n\n" + "working\n" * 200 + "the course has no name\n"))
    result = images.build()
    assert result.error.startswith("The build failed: ")
    assert "the course has no name" in result.summary
    assert "first" not in result.summary
    assert len(result.summary.splitlines()) < 60


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"builder": "repo2docker"},
        {"builder": "repo2docker", "repo2docker_version": "2024.07.0"},
    ],
    ids=["docker", "repo2docker", "repo2docker with the classic builder"],
)
def test_an_unknown_failure_is_told_in_the_words_of_its_step(
    images: ImageRepository, small_base_image: str, given: dict[str, str]
) -> None:
    images.commit(printing(small_base_image, "preparing the room\nthe projector has no lamp\n"))
    result = images.build(**given)
    # The log itself has the traceback with which repo2docker ends.
    assert result.said("error") == ["The build failed: the projector has no lamp. The log has the rest."]
    assert "`the projector has no lamp`" in result.summary
    assert "preparing the room\nthe projector has no lamp\n" in result.summary
    for wrapping in ("#0 ", "building with", "Traceback", "CalledProcessError", "------", ">>>", "Step 3"):
        assert wrapping not in result.summary


def test_a_disk_without_room_for_any_image_is_told_before_the_build(
    images: ImageRepository, small_base_image: str, tmp_path: Path
) -> None:
    images.commit(
        {"Dockerfile": f"FROM {small_base_image}\nUSER root\nRUN dd if=/dev/zero of=/zeros bs=1M count=100\n"}
    )
    with (
        small_disk(tmp_path / "disk", megabytes=64) as disk,
        TemporaryDirectory(prefix="tb-") as folder,
        Engine(Path(folder), data=disk) as engine,
    ):
        result = images.build({"DOCKER_HOST": engine.host}, min_free_disk="0")
    assert result.error.startswith("Only 0.")
    assert "docker system prune --all" in result.error


def test_a_password_that_a_build_prints_is_hidden(images: ImageRepository, small_base_image: str) -> None:
    images.commit(printing(small_base_image, f"{KEY}\n{json.dumps({'key': KEY})}\n"))
    result = images.build()
    assert "***" in result.log
    assert "***" in result.summary


@pytest.mark.parametrize("given", [{}, {"builder": "repo2docker", "repo2docker_version": "2024.07.0"}])
def test_a_disk_that_fills_up_is_named(
    images: ImageRepository, small_base_image: str, tmp_path: Path, given: dict[str, str]
) -> None:
    images.commit(
        {"Dockerfile": f"FROM {small_base_image}\nUSER root\nRUN dd if=/dev/zero of=/z bs=1M count=2000\n"}
    )
    with (
        small_disk(tmp_path / "disk", megabytes=1300) as disk,
        TemporaryDirectory(prefix="tb-") as folder,
        Engine(Path(folder), data=disk) as engine,
    ):
        result = images.build({"DOCKER_HOST": engine.host}, **given)
    (error,) = result.said("error")
    assert error.startswith("The disk is full: ")
    assert "`free-disk-space: always`" in error
    assert "⚠️" not in result.summary
