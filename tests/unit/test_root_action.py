"""The root action.yml is `build` under the repository's own name, and its defaults are those of the code."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hub_image_actions.build.repo2docker import DEFAULT_VERSION
from hub_image_actions.build.settings import (
    BuildSettings,
    Publication,
    read_build,
    read_image,
    read_publication,
)
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.images.tags import TagValues

COMMIT = "511c4637d7021a2b3c4d5e6f708192a3b4c5d6e7"


def declared(root: Path, folder: str) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(root / folder / "action.yml")
    return content


def settings(texts: dict[str, str], *, publishes: bool) -> BuildSettings:
    inputs = Inputs(lambda name: texts.get(name, ""))
    image = read_image(inputs)
    publication = (
        read_publication(inputs, TagValues(COMMIT)) if publishes else Publication(tags=(COMMIT[:12],))
    )
    return read_build(inputs, image, publication)


@pytest.mark.parametrize("part", ["description", "author", "branding", "inputs", "outputs"])
def test_the_root_action_declares_what_build_declares(root: Path, part: str) -> None:
    assert declared(root, ".")[part] == declared(root, "actions/build")[part]


def test_the_root_action_does_what_build_does(root: Path) -> None:
    (ours,) = declared(root, ".")["runs"]["steps"]
    (build,) = declared(root, "actions/build")["runs"]["steps"]
    assert ours.pop("run").replace("/actions/build/", "/") == build.pop("run")
    assert ours == build


def test_build_test_takes_and_gives_a_part_of_what_build_does(root: Path) -> None:
    build, test = declared(root, "actions/build"), declared(root, "actions/build-test")
    own = {"comment", "image", "github-token", "push-candidate"}
    assert {name: value for name, value in test["inputs"].items() if name not in own}.items() <= build[
        "inputs"
    ].items()
    missing = build["inputs"].keys() - test["inputs"].keys()
    assert missing == {"push", "tag", "extra-tags", "latest", "public-check"}
    assert test["outputs"].keys() - build["outputs"].keys() == {"comment-url"}


@pytest.mark.parametrize("action", ["build", "build-test"])
def test_the_defaults_are_those_of_the_code(root: Path, action: str) -> None:
    declaration = declared(root, f"actions/{action}")["inputs"]
    written = {name: str(entry.get("default", "")) for name, entry in declaration.items()}
    written["github-token"] = ""
    given = {"image": "course/image"}
    publishes = action == "build"
    assert settings(written | given, publishes=publishes) == settings(given, publishes=publishes)


def test_the_locked_version_of_repo2docker_is_the_default_one(root: Path) -> None:
    assert f"jupyter-repo2docker=={DEFAULT_VERSION}" in (root / "requirements/repo2docker.in").read_text()
    assert declared(root, ".")["inputs"]["repo2docker-version"]["default"] == DEFAULT_VERSION


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("image", "quay.io/a/b", "reference", f"quay.io/a/b:{COMMIT[:12]}"),
        ("tag", "{sha:7}", "tags", (COMMIT[:7],)),
        ("build-args", "A=b=c\n\nB=", "build_args", {"A": "b=c", "B": ""}),
        ("repo2docker-args", "--debug --label 'a=b c'", "repo2docker_args", ("--debug", "--label", "a=b c")),
        ("repo2docker-version", "repo2docker>=2025.8", "repo2docker", "jupyter-repo2docker>=2025.8"),
        ("cache", "none", "cache", False),
        ("user-id", "1234", "user_id", 1234),
        ("registry-password", '{\n "a": 1\n}\n', "registry_password", '{\n "a": 1\n}'),
    ],
)
def test_an_input_becomes_a_setting(name: str, text: str, field: str, value: object) -> None:
    made = settings({"image": "course/image", name: text}, publishes=True)
    assert getattr(made, field) == value


def test_secrets_are_not_shown_with_the_settings() -> None:
    texts = {"image": "a/b", "registry-password": "hunter2", "github-token": "ghs_x"}
    shown = repr(settings(texts, publishes=True))
    assert "hunter2" not in shown
    assert "ghs_x" not in shown
