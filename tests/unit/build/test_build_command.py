"""The command line that builds an image."""

from pathlib import Path

import pytest

from fake_build import fake_build, read_settings
from hub_image_actions.build.build_command import BuildCommand
from hub_image_actions.build.repo2docker import Repo2docker
from hub_image_actions.git import inert_git
from hub_image_actions.images.labels import CREATED, INPUTS, REVISION, SOURCE, VERSION

REPO2DOCKER = Repo2docker(Path("python"), "2026.04.0")
IMAGE = "quay.io/course/image:1"


def command(
    folder: Path,
    *,
    repo2docker: bool = False,
    with_buildx: bool = True,
    cached_from: str = "",
    **given: str,
) -> BuildCommand:
    """Return the command of a build in a folder."""
    job = fake_build(folder, read_settings(**given), repository="a/b", commit="c0ffee", commit_time=7).job
    return BuildCommand(
        settings=job.settings,
        origin=job.origin,
        folder=folder,
        workplace=folder,
        appendix=(folder / given["appendix_file"]).read_text() if "appendix_file" in given else "",
        labels={INPUTS: ""},
        repo2docker=REPO2DOCKER if repo2docker else None,
        with_buildx=with_buildx,
        cached_from=cached_from,
    )


def labels(arguments: list[str]) -> dict[str, str]:
    """Return the labels that a command gives."""
    pairs = [
        text.removeprefix("--label=").partition("=") for text in arguments if text.startswith("--label=")
    ]
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize(
    ("with_buildx", "begin"),
    [
        (True, ["docker", "buildx", "build", "--progress", "plain", "--load"]),
        (False, ["docker", "build"]),
    ],
)
def test_docker_builds_with_buildx_where_it_is_there(
    tmp_path: Path, with_buildx: bool, begin: list[str]
) -> None:
    arguments = command(tmp_path, with_buildx=with_buildx).arguments()
    assert arguments[: len(begin)] == begin
    assert arguments[len(begin) :][:4] == ["--tag", IMAGE, "--file", str(tmp_path / "Dockerfile")]
    assert arguments[-1] == str(tmp_path)


def test_repo2docker_gets_what_it_names_otherwise(tmp_path: Path) -> None:
    (tmp_path / "appendix").write_text("RUN x\n")
    arguments = command(
        tmp_path,
        repo2docker=True,
        appendix_file="appendix",
        platform="linux/arm64",
        repo2docker_args="--debug",
    ).arguments()
    text = " ".join(arguments)
    assert arguments[:2] == ["python", "-I"]
    assert "/build/start_repo2docker.py --no-run --user-name jovyan --user-id 1000 " in text
    assert f"--image-name {IMAGE} --target-repo-dir /srv/repo --appendix RUN x\n" in text
    assert "--Repo2Docker.platform=linux/arm64" in arguments
    assert "--DockerEngine.extra_buildx_build_args=--load" in arguments
    configuration = tmp_path / "repo2docker_config.py"
    assert arguments[-4:] == ["--debug", "--config", str(configuration), str(tmp_path)]
    assert configuration.read_text() == ""


@pytest.mark.parametrize("repo2docker", [True, False])
@pytest.mark.parametrize("cached_from", ["", "quay.io/course/image:0"])
def test_layers_are_taken_from_an_earlier_image(tmp_path: Path, repo2docker: bool, cached_from: str) -> None:
    arguments = command(tmp_path, repo2docker=repo2docker, cached_from=cached_from).arguments()
    assert (f"--cache-from {cached_from} " in " ".join(arguments)) is bool(cached_from)
    assert ("--cache-from" in arguments) is bool(cached_from)


@pytest.mark.parametrize(
    ("cache", "with_buildx", "built_in"),
    [
        ("registry", True, "--build-arg=BUILDKIT_INLINE_CACHE=1"),
        ("none", True, ""),
        ("registry", False, "--build-arg=SOURCE_DATE_EPOCH=7"),
    ],
)
def test_build_arguments_of_ours_come_before_those_of_the_user(
    tmp_path: Path, cache: str, with_buildx: bool, built_in: str
) -> None:
    arguments = command(tmp_path, cache=cache, with_buildx=with_buildx, build_args="A=b").arguments()
    given = [text for text in arguments if text.startswith("--build-arg=")]
    assert given == [*([built_in] if built_in else []), "--build-arg=A=b"]


def test_the_time_of_the_commit_is_that_of_the_build(tmp_path: Path) -> None:
    assert command(tmp_path).variables()["SOURCE_DATE_EPOCH"] == "7"


def test_no_git_looks_at_the_folder_that_is_built(tmp_path: Path) -> None:
    variables = command(tmp_path).variables()
    assert variables["BUILDX_GIT_INFO"] == "false"
    assert inert_git().items() <= variables.items()


def test_labels_say_where_the_image_is_from_and_those_of_the_user_count_most(tmp_path: Path) -> None:
    given = labels(command(tmp_path, labels=f"{VERSION}=mine\na=b").arguments())
    assert given.pop(CREATED)
    assert given == {
        SOURCE: "https://github.com/a/b",
        REVISION: "c0ffee",
        "repo2docker.repo": "https://github.com/a/b",
        "repo2docker.ref": "c0ffee",
        INPUTS: "",
        VERSION: "mine",
        "a": "b",
    }
