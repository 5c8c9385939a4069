"""The phases of a build, in their order, and what each is left out for."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import pytest

from fake_build import FakeBuild, fake_build, keep, pushed_image, read_settings
from hub_image_actions.build.builder import Builder
from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.earlier_images import FinishedImage, PreviousImage
from hub_image_actions.build.image_build import ImageBuild
from hub_image_actions.build.image_checks import ImageChecks, ImageTestsFailed
from hub_image_actions.build.inspection import ImageInspection
from hub_image_actions.build.preparation import Preparation, PreparedBuild
from hub_image_actions.build.promotion import Promotion
from hub_image_actions.build.publishing import Publishing
from hub_image_actions.build.settings import Publication
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.copying import ImagePlace
from hub_image_actions.images.labels import CHECKS, CREATED, HUB_CHECK, INPUTS
from hub_image_actions.references import parse_image_name
from hub_image_actions.registry.client import Registry

IMAGE = "quay.io/course/image:1"
PUSH = Publication(push=True, tags=("1",))
ALL = ["build", "test", "hub check", "packages", "push"]


class Disk:
    """A disk that has room."""

    def free(self) -> int:
        return 1 << 30


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns what is done in builds, in order; each part of one only notes that it is asked."""
    (tmp_path / "Dockerfile").write_text("FROM quay.io/a/b:2\n")
    calls: list[str] = []
    prepared = PreparedBuild(None, True, "")
    for owner, name, noted, result in (
        (Preparation, "check", "", Disk()),
        (Preparation, "prepare", "", prepared),
        (Builder, "build", "build", None),
        (ImageChecks, "test", "test", None),
        (ImageChecks, "start_as_on_a_hub", "hub check", None),
        (ImageInspection, "contents", "", None),
        (ImageInspection, "describe", "packages", None),
        (Publishing, "push", "push", None),
        (Publishing, "tag", "tag", None),
        (Publishing, "keep", "keep", None),
    ):

        def note(*_: Any, noted: str = noted, result: Any = result) -> Any:
            calls.extend([noted] if noted else [])
            return result

        monkeypatch.setattr(owner, name, note)
    return calls


def made(folder: Path, publication: Publication = PUSH, /, **given: str) -> FakeBuild:
    """Return a build of a Dockerfile that did all that it does."""
    build = fake_build(folder, read_settings(publication, builder="docker", **given))
    keep(build.registry, "2", pushed_image({}))
    ImageBuild(build.job, build.login).run()
    return build


@pytest.mark.parametrize(
    ("given", "left_out"),
    [
        ({}, set[str]()),
        ({"hub_check": "false"}, {"hub check"}),
        ({"packages": "false"}, {"packages"}),
        ({"reuse": "false"}, set[str]()),
    ],
)
def test_each_phase_comes_in_its_turn(
    tmp_path: Path, done: list[str], given: dict[str, str], left_out: set[str]
) -> None:
    build = made(tmp_path, **given)
    assert done == [name for name in ALL if name not in left_out]
    assert build.job.report.free == (1 << 30, 1 << 30)


@pytest.mark.parametrize(
    ("publication", "pushed"),
    [(PUSH, True), (Publication(tags=("1",)), False), (Publication(tags=("1",), candidate=True), False)],
)
def test_an_image_is_pushed_where_that_is_wanted(
    tmp_path: Path, done: list[str], publication: Publication, pushed: bool
) -> None:
    made(tmp_path, publication)
    assert ("push" in done) is pushed


@pytest.mark.parametrize(
    ("publication", "kept"),
    [(PUSH, False), (Publication(tags=("1",)), False), (Publication(tags=("1",), candidate=True), True)],
)
def test_an_image_is_kept_for_the_merge_where_that_is_wanted(
    tmp_path: Path, done: list[str], publication: Publication, kept: bool
) -> None:
    build = made(tmp_path, publication, candidates="candidates/image")
    assert ("keep" in done) is kept
    assert build.job.report.is_kept is kept
    assert build.job.report.pullable.startswith("quay.io/candidates/image:inputs-") is kept
    assert ("kept for the merge" in build.job.report.markdown()) is kept


def test_a_candidate_that_is_not_taken_fails_nothing(
    tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RegistryError("It is full.")

    monkeypatch.setattr(Publishing, "keep", fail)
    build = made(tmp_path, Publication(tags=("1",), candidate=True), candidates="candidates/image")
    assert build.job.report.warnings == [
        "The image is built again after the merge, since it was not kept. It is full."
    ]
    assert done == [name for name in ALL if name != "push"]


def test_an_image_that_cannot_be_copied_is_built(
    tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RegistryError("It broke off.")

    monkeypatch.setattr(Publishing, "fetch", fail)
    finished = FinishedImage(
        pushed_image({}),
        ImagePlace(parse_image_name("quay.io/candidates/image"), cast("Registry", None)),
        "x",
    )
    monkeypatch.setattr(Promotion, "find", lambda *_, **__: finished)
    build = made(tmp_path)
    assert done == ALL
    assert build.job.report.reused is None
    assert build.job.report.warnings == [
        "The image is built again, since quay.io/candidates/image:x cannot be taken. It broke off."
    ]


def test_nothing_is_pushed_once_a_check_has_failed(
    tmp_path: Path, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ImageTestsFailed("No.")

    monkeypatch.setattr(ImageChecks, "test", fail)
    with pytest.raises(ImageTestsFailed):
        made(tmp_path)
    assert done == ["build"]


@pytest.mark.parametrize(("publication", "tagged"), [(PUSH, True), (Publication(tags=("1",)), False)])
def test_an_image_that_is_there_is_promoted_instead(
    tmp_path: Path, done: list[str], publication: Publication, tagged: bool
) -> None:
    build = fake_build(tmp_path, read_settings(publication, builder="docker"))
    keep(build.registry, "2", pushed_image({}))
    with ImageBuild(build.job, build.login)._staged() as context:
        previous = PreviousImage(build.job, build.registry)
        promotion = Promotion(build.job, build.login, BuildContext(tmp_path, "."), previous)
        inputs = promotion.inputs(context.entries)
    assert inputs
    created = datetime.now(timezone.utc).isoformat()
    checks = ImageChecks(build.job, build.login.docker).digest()
    labels = {INPUTS: inputs.digest, CREATED: created, HUB_CHECK: "ready", CHECKS: checks}
    keep(build.registry, inputs.tag, pushed_image(labels))
    ImageBuild(build.job, build.login).run()
    assert done == ["packages", *(["tag"] if tagged else [])]
    assert build.job.report.reused
    assert build.job.report.image.endswith(":1" if tagged else inputs.tag)
    # Nothing is tagged here, and by the other way only what has its tag is said to have it.
    assert build.job.report.pullable == ("" if tagged else f"quay.io/course/image:{inputs.tag}")
