"""The inputs of `build` become settings, and what cannot be used is refused."""

import pytest

from hub_image_actions.build.settings import BuildSettings, TagRules, read_build, read_image, read_publication
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.errors import InvalidInputs
from hub_image_actions.images.tags import TagValues
from hub_image_actions.references import DEFAULT_REGISTRY

COMMIT = "511c4637d7021a2b3c4d5e6f708192a3b4c5d6e7"


def settings(texts: dict[str, str]) -> BuildSettings:
    """Return the settings of some inputs of `build`."""
    inputs = Inputs(lambda name: texts.get(name, ""))
    return read_build(inputs, read_image(inputs), read_publication(inputs, TagValues(COMMIT)))


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
    made = settings({"image": "course/image", name: text})
    assert getattr(made, field) == value


def test_secrets_are_not_shown_with_the_settings() -> None:
    texts = {"image": "a/b", "registry-password": "hunter2", "github-token": "ghs_x"}
    shown = repr(settings(texts))
    assert "hunter2" not in shown
    assert "ghs_x" not in shown


@pytest.mark.parametrize(
    ("texts", "image"),
    [
        ({"image": "course/image"}, f"{DEFAULT_REGISTRY}/course/image"),
        ({"image": "course/image", "registry": "quay.io"}, "quay.io/course/image"),
        ({"image": "ghcr.io/course/image", "registry": "quay.io"}, "ghcr.io/course/image"),
    ],
)
def test_an_image_without_a_registry_is_in_the_one_that_is_named(texts: dict[str, str], image: str) -> None:
    assert str(settings(texts).image) == image


def test_inputs_that_belong_together_are_groups() -> None:
    made = settings(
        {
            "image": "a/b",
            "reuse": "false",
            "force": "true",
            "reuse-max-age": "3",
            "hub-check": "false",
            "hub-check-timeout": "5",
            "max-size": "3 GiB",
            "over-budget": "fail",
        }
    )
    assert (made.reuse.allowed, made.reuse.force, made.reuse.max_age) == (False, True, 3)
    assert (made.hub.check, made.hub.timeout) == (False, 5)
    assert (made.inspection.budget.max_size, made.inspection.over_budget) == (3 << 30, "fail")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("image", ""),
        ("builder", "kaniko"),
        ("dockerfile", "Dockerfile"),
        ("context", "../other"),
        ("repo-dir", "srv/repo"),
        ("repo-dir", "/srv/../repo"),
        ("user-name", "Jovyan"),
        ("user-id", "many"),
        ("repo2docker-version", "newest"),
        ("repo2docker-args", "--label 'a"),
        ("default-url", "lab"),
        ("hub-version", "newest"),
        ("tag", "a b"),
        ("extra-tags", "-x"),
        ("max-size", "big"),
        ("over-budget", "ignore"),
    ],
)
def test_what_cannot_be_used_is_refused_by_the_name_of_its_input(name: str, text: str) -> None:
    with pytest.raises(InvalidInputs) as raised:
        settings({"image": "course/image", name: text})
    (refused,) = raised.value.errors
    assert f"`{name}`" in refused.problem
    assert refused.remedy


def test_all_that_cannot_be_used_is_told_at_once() -> None:
    with pytest.raises(InvalidInputs) as raised:
        settings({"user-id": "x", "tests-dir": "/a", "tag": "a b"})
    assert len(raised.value.errors) == 4


@pytest.mark.parametrize(
    ("given", "candidates"),
    [
        ("", "None"),
        ("p/candidates/x", "quay.io/p/candidates/x"),
        ("ghcr.io/p/candidates/x", "ghcr.io/p/candidates/x"),
    ],
)
def test_candidates_are_in_the_images_registry_unless_another_is_named(given: str, candidates: str) -> None:
    made = settings({"image": "quay.io/a/b", "candidates": given}).candidates
    assert str(made.image) == candidates
    assert not made.keep


@pytest.mark.parametrize(
    ("image", "candidates"),
    [
        ("quay.io/a/b", "a/b"),
        ("quay.io/a/b", "QUAY.io/a/b"),
        ("docker.io/b", "index.docker.io/library/b"),
        ("quay.io/a/b", "quay.io/a/c:1"),
    ],
)
def test_candidates_are_never_in_the_images_own_repository(image: str, candidates: str) -> None:
    with pytest.raises(InvalidInputs) as caught:
        settings({"image": image, "candidates": candidates})
    assert "candidates" in caught.value.errors[0].problem


@pytest.mark.parametrize(
    ("texts", "tag", "rules"),
    [
        ({}, COMMIT[:12], TagRules((COMMIT[:12],))),
        ({"tag-exists": "overwrite"}, COMMIT[:12], TagRules((COMMIT[:12],), overwrite=True)),
        ({"force": "true"}, f"{COMMIT[:12]}-d", TagRules((f"{COMMIT[:12]}-d",), rebuild=f"{COMMIT[:12]}-d")),
        ({"force": "true", "tag": "1.4.0"}, "1.4.0", TagRules(("1.4.0",))),
    ],
)
def test_what_is_forced_without_a_tag_gets_one_of_its_own(
    texts: dict[str, str], tag: str, rules: TagRules
) -> None:
    inputs = Inputs(lambda name: {"image": "a/b", **texts}.get(name, ""))
    publication = read_publication(inputs, TagValues(COMMIT, day="d"))
    assert (publication.tags[0], publication.tag_rules) == (tag, rules)
