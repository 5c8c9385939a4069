"""What is wrong with a folder before a build would find out."""

from pathlib import Path

import pytest

from hub_image_actions.build.context import BuildContext, ContextError
from hub_image_actions.build.environment_file import InvalidEnvironment


def context(folder: Path, dockerfile: str = "", **files: str) -> BuildContext:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yml", ".yml").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    return BuildContext(folder, ".", dockerfile)


@pytest.mark.parametrize(
    "files",
    [
        {"environment_yml": "dependencies:\n  - numpy\n"},
        {"binder__apt_txt": "git\n"},
        {"Dockerfile": "FROM a/b:1\n", "environment_yml": "this: [is: not: read"},
        {"postBuild": "true\n"},
    ],
)
def test_a_folder_with_configuration_can_be_built(tmp_path: Path, files: dict[str, str]) -> None:
    assert context(tmp_path, **files).check("repo2docker") == []


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("dependencies:\n  - a\n - b\n", 3, "expected <block end>"),
        ("dependencies:\n\t- a\n", 2, "cannot start any token"),
        ("dependencies: numpy\n", 1, "has no list of dependencies"),
        ("- numpy\n", 1, "has no list of dependencies"),
        ("", 1, "has no list of dependencies"),
    ],
)
def test_an_environment_that_is_not_yaml_is_shown_at_its_line(
    tmp_path: Path, text: str, line: int, problem: str
) -> None:
    with pytest.raises(InvalidEnvironment, match=problem) as caught:
        context(tmp_path, environment_yml=text).check("repo2docker")
    assert (caught.value.file, caught.value.line) == ("environment.yml", line)


def test_what_the_binder_folder_holds_counts_alone(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="nothing"):
        context(tmp_path, environment_yml="dependencies: []\n", binder__notes="").check("repo2docker")


def test_two_folders_for_the_configuration_are_refused_where_repo2docker_looks(tmp_path: Path) -> None:
    folder = context(tmp_path, binder__apt_txt="git\n", Dockerfile="FROM a\n")
    (tmp_path / ".binder").mkdir()
    assert folder.check("docker") == []
    with pytest.raises(ContextError, match=r"with both binder/ and .binder/. Keep one of them.") as caught:
        folder.check("repo2docker")
    assert caught.value.file == ".binder"


@pytest.mark.parametrize(
    ("dockerfile", "images"),
    [
        ("FROM a/b:1\n", ["a/b:1"]),
        (
            "ARG TAG=2\nFROM quay.io/a/b:${TAG} AS base\nFROM base\nFROM --platform=x c/d:1\n",
            ["quay.io/a/b:2", "c/d:1"],
        ),
        ("ARG TAG\nFROM a/b:$TAG\nFROM scratch\n", []),
        ("from a/b:1\nFROM a/b:1\n", ["a/b:1"]),
        ("RUN echo FROM a/b:1\n", []),
    ],
)
def test_base_images_are_those_that_can_be_pulled(tmp_path: Path, dockerfile: str, images: list[str]) -> None:
    found = context(tmp_path, Dockerfile=dockerfile).base_images("docker")
    assert [str(reference).removeprefix("docker.io/") for reference in found] == images


def test_there_are_no_base_images_without_a_dockerfile(tmp_path: Path) -> None:
    assert context(tmp_path, apt_txt="git\n").base_images("repo2docker") == ()


def test_windows_line_ends_are_warned_of(tmp_path: Path) -> None:
    (warning,) = context(tmp_path, binder__start="#!/bin/bash\r\n").check("repo2docker")
    assert warning.startswith("binder/start has Windows line ends")
