"""What decides what an image is, and what does not."""

import hashlib
from dataclasses import fields, make_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hub_image_actions.build.fingerprint import BuildInputs, Written, settings_that_matter
from hub_image_actions.build.repo2docker import DEFAULT_BASE, base_image, parse_version
from hub_image_actions.build.settings import (
    BuildSettings,
    HubSettings,
    InspectionSettings,
    Publication,
    ReuseSettings,
    decides_the_image,
    read_build,
)
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.references import parse_image_name

GROUPS: dict[str, Any] = {"hub": HubSettings, "inspection": InspectionSettings, "reuse": ReuseSettings}
INPUTS = BuildInputs({"builder": "docker"}, {"Dockerfile": "file 1"}, {"base:1": "sha256:1"})


def settings(**given: str) -> dict[str, Written]:
    """Return the settings that matter of some inputs."""
    read = Inputs(lambda name: given.get(name.replace("-", "_"), ""))
    return settings_that_matter(read_build(read, parse_image_name("a/b"), Publication()))


@pytest.mark.parametrize(
    "other",
    [
        BuildInputs({"builder": "repo2docker"}, INPUTS.files, INPUTS.bases),
        BuildInputs(INPUTS.settings, {"Dockerfile": "file 2"}, INPUTS.bases),
        BuildInputs(INPUTS.settings, {"Dockerfile": "executable 1"}, INPUTS.bases),
        BuildInputs(INPUTS.settings, {}, INPUTS.bases),
        BuildInputs(INPUTS.settings, INPUTS.files, {"base:1": "sha256:2"}),
    ],
)
def test_whatever_is_different_gives_another_digest(other: BuildInputs) -> None:
    assert other.digest != INPUTS.digest


def test_the_order_does_not_matter() -> None:
    inputs = BuildInputs({}, {"a": "1", "b": "2"}, {})
    assert inputs.digest == BuildInputs({}, {"b": "2", "a": "1"}, {}).digest


def test_what_is_hashed_is_written_out() -> None:
    """If this fails, images are built once more in all repositories: count `_FORMAT` up, and say so."""
    inputs = BuildInputs(
        {"user_id": 1000, "labels": {"b": "2", "a": "1"}, "command": ["x", "é"]}, {"start": "file 1"}, {}
    )
    assert inputs.canonical == (
        '{"bases":{},"files":{"start":"file 1"},"format":4,"platform":"",'
        '"settings":{"command":["x","\\u00e9"],"labels":{"a":"1","b":"2"},"user_id":1000}}'
    )
    assert inputs.digest == hashlib.sha256(inputs.canonical.encode()).hexdigest()


def test_the_settings_that_matter_and_their_form() -> None:
    """If this fails, images are built once more in all repositories: count `_FORMAT` up, and say so."""
    assert settings(build_args="B=2\nA=1", repo2docker_args="--debug 'a b'") == {
        "builder": "repo2docker",
        "context": ".",
        "dockerfile": "",
        "build_args": {"B": "2", "A": "1"},
        "labels": {},
        "repo_dir": "/srv/repo",
        "user_name": "jovyan",
        "user_id": 1000,
        "repo2docker": "jupyter-repo2docker==2026.04.0",
        "repo2docker_args": ["--debug", "a b"],
        "appendix_file": "",
        "platform": "",
        "tests_dir": "image-tests",
        "hub": {
            "command": ["jupyterhub-singleuser"],
            "default_url": "/lab",
            "version": "",
            "browser_tests_dir": "browser-tests",
        },
    }


@pytest.mark.parametrize("group", [BuildSettings, HubSettings, InspectionSettings, ReuseSettings])
def test_every_setting_says_what_it_decides(group: Any) -> None:
    for setting in fields(group):
        decides_the_image(setting)


def test_no_group_is_left_out_that_holds_a_setting_which_decides() -> None:
    for setting in fields(BuildSettings):
        group = GROUPS.get(setting.name)
        inner = group and any(map(decides_the_image, fields(group)))
        assert not inner or decides_the_image(setting)


def test_a_setting_that_does_not_say_it_is_refused() -> None:
    forgotten = make_dataclass("Forgotten", [("platform", str)])
    with pytest.raises(ValueError, match="platform does not say"):
        decides_the_image(fields(forgotten)[0])


def test_a_value_whose_form_nobody_has_decided_is_refused() -> None:
    read = read_build(Inputs(lambda _: ""), parse_image_name("a/b"), Publication())
    with pytest.raises(TypeError, match="PosixPath has no form"):
        settings_that_matter(replace(read, platform=Path("x")))  # type: ignore[arg-type]  # it is the point


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("builder", "docker"),
        ("build_args", "A=1"),
        ("labels", "a=b"),
        ("user_id", "1234"),
        ("repo2docker_version", "2025.08.0"),
        ("repo2docker_args", "--debug"),
        ("platform", "linux/arm64"),
        ("tests_dir", "tests"),
        ("hub_version", "5.3.0"),
    ],
)
def test_inputs_that_decide_what_the_image_is_matter(name: str, text: str) -> None:
    assert settings(**{name: text}) != settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("registry_password", "secret"),
        ("github_token", "secret"),
        ("cache", "none"),
        ("min_free_disk", "3"),
        ("reuse_max_age", "3"),
        ("force", "true"),
        ("test", "false"),
        ("hub_check", "false"),
        ("hub_check_timeout", "5"),
        ("reuse", "false"),
        ("packages", "false"),
        ("max_size", "3 GB"),
        ("sbom", "x.json"),
    ],
)
def test_inputs_that_do_not_are_left_out(name: str, text: str) -> None:
    assert settings(**{name: text}) == settings()


@pytest.mark.parametrize(
    ("version", "arguments", "base"),
    [
        ("2026.04.0", (), DEFAULT_BASE),
        ("2024.07.0", (), "docker.io/library/buildpack-deps:jammy"),
        ("2025.08.0", (), "docker.io/library/buildpack-deps:jammy"),
        ("2025.12.0", (), "docker.io/library/buildpack-deps:jammy"),
        ("2023.1.0", (), ""),
        ("2023.1.0", ("--base-image", "quay.io/x/y:1"), "quay.io/x/y:1"),
        ("2026.04.0", ("--base-image", "quay.io/x/y:1", "--debug"), "quay.io/x/y:1"),
        ("2026.04.0", ("--base-image=a/b:1", "--base_image=c/d:2"), "c/d:2"),
        ("2024.07.0", ("--debug", "--Repo2Docker.base_image=quay.io/x/y:1"), "quay.io/x/y:1"),
    ],
)
def test_the_base_of_repo2docker(version: str, arguments: tuple[str, ...], base: str) -> None:
    assert base_image(parse_version(version), arguments) == base


def test_the_own_digest_is_of_all_but_the_digests_of_base_images() -> None:
    newer_base = BuildInputs(INPUTS.settings, INPUTS.files, {"base:1": "sha256:2"})
    assert newer_base.own_digest == INPUTS.own_digest != INPUTS.digest
    assert BuildInputs(INPUTS.settings, {}, INPUTS.bases).own_digest != INPUTS.own_digest
    assert BuildInputs({}, INPUTS.files, INPUTS.bases).own_digest != INPUTS.own_digest
    assert replace(INPUTS, platform="linux/arm64").own_digest != INPUTS.own_digest
