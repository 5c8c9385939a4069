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
    hub = {"hub-url", "hub-profile", "hub-form", "hub-option", "hub-content"}
    own = {"comment", "image", "github-token", *hub}
    assert {name: value for name, value in test["inputs"].items() if name not in own}.items() <= build[
        "inputs"
    ].items()
    missing = build["inputs"].keys() - test["inputs"].keys()
    assert missing == {"push", "tag", "tag-exists", "extra-tags", "latest", "public-check"}
    assert test["outputs"].keys() - build["outputs"].keys() == {"comment-url", "left-report", "local-image"}


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
