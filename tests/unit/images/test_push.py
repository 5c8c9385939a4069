"""Pushing an image: what is tried again, what is not, and what is said."""

from pathlib import Path

import pytest

from fake_build import IMAGE, FakeBuild, FakeDocker, fake_build, keep, pushed_image
from hub_image_actions.errors import CommandError, RegistryError
from hub_image_actions.images.labels import SIZE
from hub_image_actions.images.push import ImagePush

LOCAL = "quay.io/course/image:1"


def part(build: FakeBuild) -> ImagePush:
    """Return the push of a build's image."""
    return ImagePush(
        image=IMAGE,
        registry=build.login.registry,
        tell=build.job.runner.info,
        warn=build.job.warn,
        sleep=build.job.sleep,
    )


@pytest.fixture
def build(tmp_path: Path) -> FakeBuild:
    """Returns a build whose registry has what Docker pushes."""
    made = fake_build(tmp_path)
    keep(made.registry, "1", pushed_image({}))
    keep(made.registry, "inputs-1f", pushed_image({}))
    return made


def fail(monkeypatch: pytest.MonkeyPatch, *said: str) -> list[str]:
    """Let the first pushes fail; return what is pushed."""
    pushed: list[str] = []

    def push(_: FakeDocker, reference: str) -> None:
        pushed.append(reference)
        if len(pushed) <= len(said):
            raise CommandError("docker push", 1, f"Preparing\n{said[len(pushed) - 1]}\n", "")

    monkeypatch.setattr(FakeDocker, "push", push)
    return pushed


@pytest.mark.parametrize(
    ("tag", "asked"),
    [
        ("1", [("push", LOCAL)]),
        (
            "inputs-1f",
            [
                ("tag", LOCAL, "quay.io/course/image:inputs-1f"),
                ("push", "quay.io/course/image:inputs-1f"),
                ("remove_tag", "quay.io/course/image:inputs-1f"),
            ],
        ),
    ],
)
def test_the_engine_keeps_no_tag_of_ours(build: FakeBuild, tag: str, asked: list[tuple[str, ...]]) -> None:
    assert part(build).push(build.login.docker, LOCAL, tag) == pushed_image({})
    assert build.docker.asked == asked


@pytest.mark.parametrize("failures", [1, 3])
def test_what_may_pass_is_tried_again(
    build: FakeBuild, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    pushed = fail(monkeypatch, *["connection reset by peer"] * failures)
    part(build).push(build.login.docker, LOCAL, "1")
    assert pushed == [LOCAL] * (failures + 1)
    assert len(build.job.report.warnings) == failures


@pytest.mark.parametrize(
    ("said", "attempts", "remedy"),
    [
        ("connection reset by peer", 4, "run again later"),
        ("denied: requested access to the resource is denied", 1, "right to write"),
        ("unauthorized: authentication required", 1, "right to write"),
        ("The tag is immutable", 1, "`reuse: false`"),
    ],
)
def test_a_push_that_fails_says_what_to_do(
    build: FakeBuild, monkeypatch: pytest.MonkeyPatch, said: str, attempts: int, remedy: str
) -> None:
    pushed = fail(monkeypatch, *[said] * 4)
    with pytest.raises(RegistryError) as raised:
        part(build).push(build.login.docker, LOCAL, "1")
    assert len(pushed) == attempts
    assert said in raised.value.problem
    assert remedy in raised.value.remedy


def test_an_image_whose_labels_are_refused_stays(build: FakeBuild) -> None:
    image = pushed_image({})
    build.registry.refuses = True
    assert part(build).label(image, "1", {SIZE: "3"}) == image
    assert build.job.report.warnings == ["The image carries no labels that say what is in it. It refuses."]


def test_every_tag_must_name_the_image(build: FakeBuild, monkeypatch: pytest.MonkeyPatch) -> None:
    image = pushed_image({SIZE: "3"})
    part(build).tag(image, ["2", "latest"])
    assert build.registry.manifests["2"] == build.registry.manifests["latest"] == image.manifest
    monkeypatch.setattr(type(build.registry), "put_manifest", lambda *_: None)
    with pytest.raises(RegistryError, match="are different images"):
        part(build).tag(image, ["1", "2"])
