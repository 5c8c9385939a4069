"""What `docker` is asked for, and what is said when it refuses."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hub_image_actions.docker import engine
from hub_image_actions.docker.engine import Docker, DockerError, Engine, Layer
from hub_image_actions.errors import CommandError

Program = Callable[[str], Docker]
CONTAINERD_STORE = [["driver-type", "io.containerd.snapshotter.v1"]]
OVERLAY2 = [["Backing Filesystem", "extfs"], ["Supports d_type", "true"]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The file that has the arguments of each command that `docker` was given."""
    return tmp_path / "asked"


@pytest.fixture
def docker_that(tmp_path: Path, log: Path) -> Program:
    """Returns a function that makes a `docker` of a few lines of shell, and the engine that talks to it."""

    def make(body: str) -> Docker:
        program = tmp_path / "docker"
        program.write_text(f"#!/bin/sh\necho \"$*\" >> '{log}'\n{body}\n")
        program.chmod(0o755)
        return Docker({"PATH": f"{tmp_path}:/usr/bin:/bin"}, lambda _: None, ("s3cret",))

    return make


def info(folder: Path | str, **facts: object) -> str:
    """Return the shell that tells of an engine which keeps its data in a folder."""
    told = json.dumps({"ServerVersion": "29.1.3", "DockerRootDir": str(folder), **facts})
    return f"cat <<'END'\n{told}\nEND"


@pytest.mark.parametrize(
    ("facts", "stored"),
    [
        ({"Driver": "overlay2", "DriverStatus": OVERLAY2}, False),
        ({"Driver": "overlayfs", "DriverStatus": CONTAINERD_STORE}, True),
        ({"DriverStatus": None}, False),
        ({}, False),
    ],
)
def test_the_engine_has_a_version_a_folder_and_a_store(
    docker_that: Program, tmp_path: Path, log: Path, facts: Mapping[str, object], *, stored: bool
) -> None:
    assert docker_that(info(tmp_path, **facts)).engine() == Engine("29.1.3", tmp_path, stored)
    assert log.read_text() == "info --format {{json .}}\n"


@pytest.mark.parametrize("folder", ["/nowhere/at/all", ""])
def test_the_folder_of_an_engine_elsewhere_is_the_root_of_this_machine(
    docker_that: Program, folder: str
) -> None:
    assert docker_that(info(folder)).engine() == Engine("29.1.3", Path("/"))


@pytest.mark.parametrize(
    ("address", "status", "of_containerd"),
    [
        ("/run/containerd/containerd.sock", CONTAINERD_STORE, True),
        ("/run/containerd/containerd.sock", OVERLAY2, False),
        ("/var/run/docker/containerd/containerd.sock", CONTAINERD_STORE, False),
    ],
)
def test_images_in_the_store_of_a_containerd_of_its_own_are_in_containerds_folder(
    docker_that: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    status: list[list[str]],
    *,
    of_containerd: bool,
) -> None:
    folder = tmp_path / "containerd"
    folder.mkdir()
    monkeypatch.setattr(engine, "_CONTAINERD_FOLDER", str(folder))
    facts = info(tmp_path, DriverStatus=status, Containerd={"Address": address})
    assert docker_that(facts).engine().folder == (folder if of_containerd else tmp_path)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "echo 'ERROR: Cannot connect to the Docker daemon.' >&2; exit 1",
            "Cannot connect to the Docker daemon",
        ),
        ("exit 1", "it does not answer"),
        ("echo", "it does not answer"),
        ("echo []", "it does not answer"),
        ("echo {}", "it does not answer"),
        ("""echo '{"ServerVersion": ""}'""", "it does not answer"),
    ],
)
def test_an_engine_that_does_not_answer_is_an_error_with_a_remedy(
    docker_that: Program, body: str, said: str
) -> None:
    with pytest.raises(DockerError) as raised:
        docker_that(body).engine()
    assert raised.value.problem == f"Docker does not run: {said}."
    assert "`ubuntu-latest`" in raised.value.remedy


def test_where_there_is_no_docker_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(DockerError, match="Docker does not run: there is no docker"):
        Docker({"PATH": str(tmp_path)}, print).engine()


@pytest.mark.parametrize(("status", "there"), [(0, True), (1, False)])
def test_buildx_is_asked_for_once(docker_that: Program, log: Path, status: int, *, there: bool) -> None:
    docker = docker_that(f"exit {status}")
    assert (docker.has_buildx, docker.has_buildx) == (there, there)
    assert log.read_text() == "buildx version\n"


def test_a_password_is_read_from_the_standard_input(docker_that: Program, tmp_path: Path, log: Path) -> None:
    docker_that(f"cat > '{tmp_path}/password'").login("quay.io", "robot", "hunter2")
    assert log.read_text() == "login --username robot --password-stdin quay.io\n"
    assert (tmp_path / "password").read_text() == "hunter2"


@pytest.mark.parametrize(
    ("said", "problem", "remedy"),
    [
        (
            "unauthorized: no hunter2",
            "quay.io refuses the login of 'robot': unauthorized: no ***.",
            "password",
        ),
        ("status: 403 Forbidden", "quay.io refuses the login of 'robot': status: 403 Forbidden.", "password"),
        ("no such host", "quay.io could not be logged in to: no such host.", "Check `registry`;"),
        ("timeout after 4010 ms", "quay.io could not be logged in to: timeout after 4010 ms.", "again later"),
    ],
)
def test_a_refused_login_and_a_registry_that_is_down_are_told_apart(
    docker_that: Program, said: str, problem: str, remedy: str
) -> None:
    with pytest.raises(DockerError) as raised:
        docker_that(f"echo 'ERROR: {said}' >&2; exit 1").login("quay.io", "robot", "hunter2")
    assert raised.value.problem == problem
    assert remedy in raised.value.remedy


@pytest.mark.parametrize(
    ("platform", "asked"),
    [("", "pull --quiet r.io/x:1\n"), ("linux/arm64", "pull --quiet --platform linux/arm64 r.io/x:1\n")],
)
def test_an_image_is_pulled_for_the_platform_that_is_asked_for(
    docker_that: Program, log: Path, platform: str, asked: str
) -> None:
    assert docker_that("exit 0").pull("r.io/x:1", platform)
    assert log.read_text() == asked


def test_an_image_that_cannot_be_pulled_is_no_error(docker_that: Program) -> None:
    assert not docker_that("exit 1").pull("r.io/x:1")


def test_layers_come_as_the_engine_lists_them(docker_that: Program) -> None:
    rows = """echo '{"Size":"30","CreatedBy":"RUN make"}'; echo '{"Size":"0","CreatedBy":"ENV A=1"}'"""
    assert docker_that(rows).layers("r.io/x:1") == (Layer(30, "RUN make"), Layer(0, "ENV A=1"))


def test_a_layer_that_was_imported_is_told_by_its_comment(docker_that: Program) -> None:
    rows = """echo '{"Size":"30","CreatedBy":"","Comment":"Imported from -"}'"""
    assert docker_that(rows).layers("r.io/x:1") == (Layer(30, "Imported from -"),)


def test_an_image_of_that_name_is_set_aside_and_stays(docker_that: Program, log: Path) -> None:
    aside = docker_that("exit 0").set_aside("r.io/x:1")
    assert aside
    assert log.read_text().splitlines()[1:] == [f"tag r.io/x:1 {aside}", "image rm --no-prune r.io/x:1"]


def test_where_no_image_has_the_name_nothing_is_set_aside(docker_that: Program, log: Path) -> None:
    assert docker_that("exit 1").set_aside("r.io/x:1") == ""
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("said", "is_error"),
    [("Error response from daemon: No such container: a", False), ("Error: permission denied", True)],
)
def test_only_a_container_that_is_gone_already_need_not_be_removed(
    docker_that: Program, said: str, *, is_error: bool
) -> None:
    docker = docker_that(f"echo '{said}' >&2; exit 1")
    if is_error:
        with pytest.raises(CommandError, match="permission denied"):
            docker.remove_container("a")
    else:
        docker.remove_container("a")


def test_what_takes_long_is_told_as_it_comes_and_without_secrets(docker_that: Program) -> None:
    docker = docker_that("echo pushing with s3cret; echo done >&2")
    told: list[str] = []
    docker.tell = told.append
    docker.push("r.io/x:1")
    assert told == ["$ docker push r.io/x:1", "pushing with ***", "done"]


def test_a_containers_log_has_both_streams_and_is_not_told(docker_that: Program) -> None:
    docker = docker_that("echo one; echo two >&2")
    told: list[str] = []
    docker.tell = told.append
    assert docker.logs("a") == ["one", "two"]
    assert told == []
