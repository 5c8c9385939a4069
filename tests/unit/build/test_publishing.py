"""The way of an image into the registry, and what it tells there of itself."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from fake_build import FakeBuild, FakeRegistry, fake_build, keep, pushed_image, read_settings
from hub_image_actions.build.earlier_images import FinishedImage
from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.publishing import Publishing
from hub_image_actions.build.settings import BuildSettings, Publication
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.copying import ImagePlace
from hub_image_actions.images.labels import CHECKS, HUB_CHECK, INPUTS, REVISION, RUN, SIZE, TESTS
from hub_image_actions.images.push import ImagePush
from hub_image_actions.images.pushed_image import PushedImage, read_pushed_image
from hub_image_actions.references import parse_image_name
from hub_image_actions.registry.calls import Manifest
from hub_image_actions.registry.client import Registry

INPUT = BuildInputs({}, {}, {})
PUSHED = read_settings(Publication(push=True, tags=("1", "latest")))
PLACE = parse_image_name("quay.io/candidates/image")
CHECKED = "of the checks"
RUN_URL = "https://github.com/a/b/actions/runs/7"


def pushing(folder: Path, settings: BuildSettings, inputs: BuildInputs | None) -> FakeBuild:
    """Return a build whose image was pushed."""
    build = fake_build(folder, settings, run_url=RUN_URL)
    build.job.report.size, build.job.report.hub_check = 300, "ready in 3 s"
    by_docker = pushed_image({INPUTS: "of the image", TESTS: "of the base"})
    keep(build.registry, inputs.tag if inputs else "1", by_docker)
    publishing(build).push(build.login.docker, inputs, CHECKED)
    return build


def publishing(build: FakeBuild) -> Publishing:
    """Return the publishing of a build."""
    return Publishing(build.job, build.login.registry)


@pytest.mark.parametrize(
    ("settings", "inputs", "first", "tags"),
    [
        (PUSHED, INPUT, INPUT.tag, {INPUT.tag, "1", "latest"}),
        (PUSHED, None, "1", {"1", "latest"}),
    ],
)
def test_the_layers_move_once_and_every_tag_names_the_same(
    tmp_path: Path, settings: BuildSettings, inputs: BuildInputs | None, first: str, tags: set[str]
) -> None:
    build = pushing(tmp_path, settings, inputs)
    assert [asked for asked in build.docker.asked if asked[0] == "push"] == [
        ("push", f"quay.io/course/image:{first}")
    ]
    digest = build.job.report.digest
    named = {tag for tag, manifest in build.registry.manifests.items() if manifest.digest == digest}
    assert named == tags
    assert build.job.report.pushed is settings.push
    assert build.job.report.pullable == (settings.reference if settings.push else "")


def test_what_was_found_out_is_in_the_labels(tmp_path: Path) -> None:
    build = pushing(tmp_path, PUSHED, INPUT)
    image = read_pushed_image(build.login.registry, "course/image", "1")
    assert image.labels == {
        INPUTS: "of the image",
        SIZE: "300",
        RUN: RUN_URL,
        HUB_CHECK: "ready in 3 s",
        CHECKS: CHECKED,
    }


def test_a_candidate_gets_one_tag_and_nothing_is_written_where_hubs_look(tmp_path: Path) -> None:
    build, other = fake_build(tmp_path, PUSHED), FakeRegistry()
    keep(other, INPUT.tag, pushed_image({INPUTS: INPUT.digest}))
    place = ImagePlace(PLACE, cast("Registry", other))
    publishing(build).keep(build.login.docker, place, INPUT, CHECKED)
    assert [asked[1] for asked in build.docker.asked if asked[0] == "push"] == [f"{PLACE}:{INPUT.tag}"]
    assert build.registry.asked == []
    assert [asked for asked in other.asked if asked.startswith("put ")] == [
        "put blob",
        *[f"put {INPUT.tag}"] * 2,
    ]
    assert read_pushed_image(place.registry, "candidates/image", INPUT.tag).labels[CHECKS] == CHECKED
    assert build.job.report.pushed is False


def test_what_is_in_the_images_own_repository_need_not_be_fetched(tmp_path: Path) -> None:
    build = fake_build(tmp_path, PUSHED)
    own = ImagePlace(PUSHED.image, build.login.registry)
    assert publishing(build).fetch(FinishedImage(pushed_image({}), own, INPUT.tag)) == ""
    assert build.registry.asked == []


@pytest.mark.parametrize("own", [True, False])
def test_an_image_that_is_there_gets_its_tags_and_nothing_else(tmp_path: Path, own: bool) -> None:
    build, image = fake_build(tmp_path, PUSHED), pushed_image({})
    publishing(build).tag(found(build, image, own=own), INPUT)
    assert build.docker.asked == []
    # What is in the own repository has the tag of its inputs: another build may look for it at this moment.
    assert set(build.registry.manifests) == {"1", "latest"} | (set() if own else {INPUT.tag})
    assert build.job.report.digest == image.digest


@pytest.mark.parametrize("is_new", [True, False])
def test_labels_of_another_commit_are_put_where_the_image_is(tmp_path: Path, is_new: bool) -> None:
    build, image = fake_build(tmp_path, PUSHED), pushed_image({REVISION: "c1"})
    finished = replace(found(build, image, own=True), is_new=is_new)
    assert publishing(build).fetch(finished) == ""
    assert build.registry.asked == (["put blob"] if is_new else [])


def test_another_build_of_the_same_inputs_at_the_same_moment_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, image = fake_build(tmp_path, PUSHED), pushed_image({})
    keep(build.registry, INPUT.tag, pushed_image({REVISION: "of another commit"}))
    put = FakeRegistry.put_manifest

    def put_all_but(self: FakeRegistry, repository: str, reference: str, manifest: Manifest) -> None:
        if reference != INPUT.tag:
            put(self, repository, reference, manifest)

    monkeypatch.setattr(FakeRegistry, "put_manifest", put_all_but)
    publishing(build).tag(found(build, image, own=False), INPUT)
    assert build.registry.manifests["1"] == image.manifest


@pytest.mark.parametrize("is_there", [True, False])
def test_a_registry_that_keeps_every_tag_may_keep_that_of_the_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    build, image = fake_build(tmp_path, PUSHED), pushed_image({})
    if is_there:
        keep(build.registry, INPUT.tag, pushed_image({REVISION: "of another commit"}))
    put = FakeRegistry.put_manifest

    def put_once(self: FakeRegistry, repository: str, reference: str, manifest: Manifest) -> None:
        if reference == INPUT.tag:
            raise RegistryError("The tag is immutable.")
        put(self, repository, reference, manifest)

    monkeypatch.setattr(FakeRegistry, "put_manifest", put_once)
    if is_there:
        publishing(build).tag(found(build, image, own=False), INPUT)
        assert build.registry.manifests["1"] == build.registry.manifests["latest"] == image.manifest
    else:
        with pytest.raises(RegistryError, match="immutable"):
            publishing(build).tag(found(build, image, own=False), INPUT)


def found(build: FakeBuild, image: PushedImage, *, own: bool) -> FinishedImage:
    """Return an image that need not be built, in the own repository or among the candidates."""
    name = PUSHED.image if own else PLACE
    return FinishedImage(image, ImagePlace(name, build.login.registry), INPUT.tag)


@pytest.mark.parametrize("wanted", [True, False])
def test_whether_everybody_may_pull_is_asked_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(ImagePush, "check_public", lambda *given: asked.append(given[-1]))
    settings = read_settings(Publication(push=True, tags=("1",), public_check=wanted))
    build = fake_build(tmp_path, settings)
    publishing(build).tag(found(build, pushed_image({}), own=True), INPUT)
    assert asked == (["1"] if wanted else [])
