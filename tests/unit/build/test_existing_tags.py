"""Tags that the registry has: those that name one image for good do not move."""

from pathlib import Path

import pytest

from fake_build import FakeBuild, fake_build, keep, pushed_image, read_settings
from hub_image_actions.build.existing_tags import ExistingTags, TagTaken, with_own_tag
from hub_image_actions.build.settings import Publication, TagRules
from hub_image_actions.errors import RegistryError

OLD, NEW = pushed_image({"image": "old"}), pushed_image({"image": "new"})


def build_of(folder: Path, rules: TagRules, *, push: bool = True) -> FakeBuild:
    """Return a build with two tags, both of which are another image in the registry."""
    publication = Publication(push=push, tags=("c1-day", "latest"), tag_rules=rules)
    build = fake_build(folder, read_settings(publication))
    keep(build.registry, "c1-day", OLD)
    keep(build.registry, "latest", OLD)
    return build


def existing(build: FakeBuild) -> ExistingTags:
    """Return the part of a build that is tried here."""
    return ExistingTags(build.job, build.login.registry)


@pytest.mark.parametrize("digest", ["", NEW.manifest.digest])
def test_a_tag_of_another_image_is_not_taken(tmp_path: Path, digest: str) -> None:
    tags = existing(build_of(tmp_path, TagRules(fixed=("c1-day",))))
    with pytest.raises(TagTaken, match=f"image:c1-day exists .{OLD.manifest.digest}"):
        tags.check(digest)
    with pytest.raises(TagTaken):
        tags.check_early()


def test_a_tag_of_the_same_image_is_no_obstacle(tmp_path: Path) -> None:
    build = build_of(tmp_path, TagRules(fixed=("c1-day",)))
    existing(build).check(OLD.manifest.digest)
    assert build.registry.asked == ["manifest c1-day"]


@pytest.mark.parametrize(
    ("rules", "push"),
    [
        (TagRules(fixed=("c1-day",), overwrite=True), True),
        (TagRules(fixed=("c1-day",)), False),
        (TagRules(), True),
    ],
    ids=["overwritten", "not pushed", "moving"],
)
def test_where_nothing_can_be_lost_nothing_is_asked(tmp_path: Path, rules: TagRules, push: bool) -> None:
    build = build_of(tmp_path, rules, push=push)
    existing(build).check(NEW.manifest.digest)
    assert build.registry.asked == []


def test_a_registry_that_does_not_say_is_believed_before_the_build_only(tmp_path: Path) -> None:
    build = build_of(tmp_path, TagRules(fixed=("c1-day",)))
    build.registry.refuses = True
    existing(build).check_early()
    assert "cannot be told yet" in build.told.lines[0]
    with pytest.raises(RegistryError):
        existing(build).check()


def test_a_build_that_is_made_anew_gets_the_first_tag_that_is_free(tmp_path: Path) -> None:
    build = build_of(tmp_path, TagRules(fixed=("c1-day", "c1"), rebuild="c1-day"))
    keep(build.registry, "c1-day-2", OLD)
    job = with_own_tag(build.job, build.login.registry)
    assert job.settings.tags == job.report.tags == ("c1-day-3", "latest")
    assert job.settings.tag_rules.fixed == ("c1-day-3", "c1")
    assert job.report.image == job.settings.reference == "quay.io/course/image:c1-day-3"


@pytest.mark.parametrize(
    ("rules", "push"), [(TagRules(fixed=("c1-day",)), True), (TagRules(rebuild="c1-day"), False)]
)
def test_other_builds_keep_their_tag(tmp_path: Path, rules: TagRules, push: bool) -> None:
    build = build_of(tmp_path, rules, push=push)
    assert with_own_tag(build.job, build.login.registry) is build.job


def test_a_tag_that_cannot_be_asked_for_is_taken_for_free_until_the_push(tmp_path: Path) -> None:
    build = build_of(tmp_path, TagRules(fixed=("c1-day",), rebuild="c1-day"))
    build.registry.refuses = True
    assert with_own_tag(build.job, build.login.registry).settings.tags[0] == "c1-day"
    assert "cannot be told yet" in build.told.lines[0]
