"""An image of the registry is taken instead of building it once more, if it is the same."""

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import cast

import pytest

from fake_build import IMAGE, FakeBuild, FakeRegistry, fake_build, keep, pushed_image, read_settings
from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.earlier_images import FinishedImage, PreviousImage, ReuseRequirements
from hub_image_actions.build.fingerprint import BuildInputs, expected_platform
from hub_image_actions.build.promotion import Promotion, report_reused
from hub_image_actions.build.report import BuildReport, ReusedImage
from hub_image_actions.build.settings import Publication, TagRules
from hub_image_actions.images.copying import ImagePlace
from hub_image_actions.images.labels import CHECKS, CREATED, HUB_CHECK, INPUTS, OWN_INPUTS, RUN, SIZE, TESTS
from hub_image_actions.images.pushed_image import PushedImage
from hub_image_actions.references import parse_image_name
from hub_image_actions.registry.client import Registry

INPUT = BuildInputs({"builder": "docker"}, {"Dockerfile": "file 1"}, {"base:1": "sha256:1"})
CHECKED = "of these checks"
DAY = datetime.now(timezone.utc)
LABELS = {
    INPUTS: INPUT.digest,
    CREATED: (DAY - timedelta(days=3)).isoformat(),
    TESTS: "3 passed",
    HUB_CHECK: "ready in 3 s",
    CHECKS: CHECKED,
}


class Previous(PreviousImage):
    """What the default branch pushed: the newest, and the newest before this commit."""

    def __init__(self, build: FakeBuild, newest: str = "", older: str = "") -> None:
        super().__init__(build.job, build.registry)
        self.newest, self.older = newest, older

    def reference(self) -> str:
        return f"{IMAGE}:{self.newest}" if self.newest else ""

    def before_this_commit(self) -> str:
        return f"{IMAGE}:{self.older}" if self.older else ""


def part(build: FakeBuild, newest: str = "", older: str = "") -> Promotion:
    """Return the promotion of a build."""
    previous = Previous(build, newest, older)
    return Promotion(build.job, build.login, BuildContext(build.job.folder, "."), previous)


@pytest.mark.parametrize(
    ("labels", "obstacle"),
    [
        (LABELS, ""),
        ({**LABELS, INPUTS: "other"}, "it was made of something else"),
        ({**LABELS, INPUTS: ""}, "it does not say what it was made of"),
        ({**LABELS, CREATED: ""}, "it does not say when it was made"),
        ({**LABELS, CREATED: "2026-01-01T00:00:00"}, "it does not say when it was made"),
        ({**LABELS, CREATED: (DAY + timedelta(days=3)).isoformat()}, "it does not say when it was made"),
        ({**LABELS, CREATED: (DAY - timedelta(days=15, minutes=1)).isoformat()}, "it is 15 days old"),
        ({**LABELS, TESTS: ""}, "its tests have not passed"),
        ({**LABELS, HUB_CHECK: ""}, "it was not started as on a hub"),
        ({**LABELS, CHECKS: "of others"}, "what it passed were other checks"),
        ({**LABELS, CHECKS: ""}, "what it passed were other checks"),
    ],
)
def test_an_image_is_used_again_where_nothing_speaks_against_it(
    tmp_path: Path, labels: dict[str, str], obstacle: str
) -> None:
    build, image = fake_build(tmp_path), pushed_image(labels)
    keep(build.registry, INPUT.tag, image)
    used = part(build).find(INPUT, CHECKED, tested=True)
    assert (used is not None and used.image == image) is not bool(obstacle)
    told = "".join(build.told.lines)
    assert f"{INPUT.tag} is not used again: {obstacle}" in told if obstacle else not told


@pytest.mark.parametrize(("given", "tested"), [({"hub_check": "false"}, True), ({}, False)])
def test_checks_that_are_not_wanted_need_not_have_passed(
    tmp_path: Path, given: dict[str, str], tested: bool
) -> None:
    build = fake_build(tmp_path, read_settings(**given))
    image = pushed_image({**LABELS, HUB_CHECK if given else TESTS: ""})
    keep(build.registry, INPUT.tag, image)
    assert part(build).find(INPUT, CHECKED, tested=tested) == FinishedImage(
        image, ImagePlace(IMAGE, build.login.registry), INPUT.tag
    )


def test_a_build_that_is_forced_asks_for_none(tmp_path: Path) -> None:
    build = fake_build(tmp_path, read_settings(force="true"))
    keep(build.registry, INPUT.tag, pushed_image(LABELS))
    assert part(build).find(INPUT, CHECKED, tested=True) is None
    assert build.registry.asked == []


def test_an_image_that_is_not_there_is_built(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    assert part(build).find(INPUT, CHECKED, tested=True) is None
    assert build.told.lines == []


def test_a_registry_that_refuses_does_not_stop_the_build(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM quay.io/a/b:2\n")
    build = fake_build(tmp_path, read_settings(builder="docker"))
    build.registry.refuses = True
    assert part(build).inputs({}) is None
    assert part(build).find(INPUT, CHECKED, tested=True) is None
    assert build.told.lines == ["Whether this image was built before cannot be told. It refuses."] * 2


def test_the_inputs_are_read_unless_nothing_is_to_be_used_again(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM quay.io/a/b:2\n")
    settings = read_settings(builder="docker")
    build = fake_build(tmp_path, settings)
    keep(build.registry, "2", pushed_image({}))
    inputs = part(build).inputs({})
    assert inputs
    assert list(inputs.bases) == ["quay.io/a/b:2"]
    assert part(fake_build(tmp_path, read_settings(builder="docker", reuse="false"))).inputs({}) is None


@pytest.mark.parametrize(
    ("image", "obstacle"),
    [
        (replace(pushed_image(LABELS), of_several=True), "it is an index of several images"),
        (pushed_image(LABELS, architecture="s390x"), "it is for linux/s390x"),
        (pushed_image(LABELS, system=""), "it is for amd64"),
    ],
)
def test_an_image_for_other_machines_is_not_used(tmp_path: Path, image: PushedImage, obstacle: str) -> None:
    required = requirements()
    assert required.obstacle(image, DAY).startswith(obstacle)
    assert required.obstacle(pushed_image(LABELS), DAY) == ""


def requirements() -> ReuseRequirements:
    """Return what is wanted of an image."""
    return ReuseRequirements(
        inputs=INPUT,
        checks=CHECKED,
        tested=True,
        checked=True,
        max_age=timedelta(days=14),
        platform=("linux", "amd64"),
    )


@pytest.mark.parametrize(
    ("platform", "machine", "expected"),
    [
        ("", "x86_64", ("linux", "amd64")),
        ("", "aarch64", ("linux", "arm64")),
        ("", "riscv64", ("linux", "riscv64")),
        ("linux/arm64", "x86_64", ("linux", "arm64")),
        ("linux/arm64/v8", "x86_64", ("linux", "arm64")),
        ("windows/amd64", "x86_64", ("windows", "amd64")),
    ],
)
def test_an_image_is_for_the_platform_that_is_named_or_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, platform: str, machine: str, expected: tuple[str, str]
) -> None:
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "host", "6", "1", machine)))
    assert expected_platform(platform) == expected


@pytest.mark.parametrize("own", [True, False])
def test_what_only_pushing_builds_write_comes_before_candidates(tmp_path: Path, own: bool) -> None:
    build, other = fake_build(tmp_path), FakeRegistry()
    candidates = ImagePlace(parse_image_name("quay.io/candidates/image"), cast("Registry", other))
    if own:
        keep(build.registry, INPUT.tag, pushed_image(LABELS))
    keep(other, INPUT.tag, pushed_image({**LABELS, RUN: "evil"}))
    promotion = Promotion(build.job, build.login, BuildContext(tmp_path, "."), Previous(build), candidates)
    found = promotion.find(INPUT, CHECKED, tested=True)
    assert found
    assert found.place.name == (IMAGE if own else candidates.name)
    assert bool(other.asked) is not own


def test_candidates_that_cannot_be_asked_do_not_stop_the_build(tmp_path: Path) -> None:
    build, other = fake_build(tmp_path), FakeRegistry(refuses=True)
    candidates = ImagePlace(parse_image_name("quay.io/candidates/image"), cast("Registry", other))
    promotion = Promotion(build.job, build.login, BuildContext(tmp_path, "."), Previous(build), candidates)
    assert promotion.find(INPUT, CHECKED, tested=True) is None
    assert build.told.lines == ["Whether this image was built before cannot be told. It refuses."]


@pytest.mark.parametrize(("size", "bytes_"), [("300", 300), ("", 0), ("many", 0)])
def test_the_report_says_what_the_image_tells(tmp_path: Path, size: str, bytes_: int) -> None:
    report = BuildReport("a:1", "Build")
    labels = {**LABELS, SIZE: size, RUN: "https://github.com/a/b/actions/runs/7"}
    image = pushed_image(labels)
    build = fake_build(tmp_path, repository="a/b")
    report_reused(report, finished(build, image), build.job.origin, "")
    assert report.reused == ReusedImage(labels[RUN], labels[CREATED], "3 passed")
    assert (report.size, report.hub_check, report.digest) == (bytes_, "ready in 3 s", image.manifest.digest)


def test_the_report_links_to_no_run_of_somebody_else(tmp_path: Path) -> None:
    report, build = BuildReport("a:1", "Build"), fake_build(tmp_path, repository="a/b")
    image = pushed_image({**LABELS, RUN: "https://github.com/a/b.evil/actions/runs/7"})
    report_reused(report, finished(build, image), build.job.origin, "layers: 2 mounted")
    assert report.reused == ReusedImage(
        "", LABELS[CREATED], "3 passed", f"quay.io/course/image:{INPUT.tag}", "layers: 2 mounted"
    )
    assert f"`quay.io/course/image:{INPUT.tag}`; layers: 2 mounted." in report.reused.markdown()


def finished(build: FakeBuild, image: PushedImage) -> FinishedImage:
    """Return an image of the registry as one that is used again."""
    return FinishedImage(image, ImagePlace(IMAGE, build.login.registry), INPUT.tag)


PUSHING = Publication(push=True, tags=("c1",), tag_rules=TagRules(fixed=("c1",)))
OLD_LABELS = {**LABELS, CREATED: (DAY - timedelta(days=400)).isoformat()}


@pytest.mark.parametrize("reuse", ["true", "false"])
def test_the_image_of_an_earlier_run_is_taken_whatever_its_age(tmp_path: Path, reuse: str) -> None:
    build = fake_build(tmp_path, read_settings(PUSHING, reuse=reuse))
    keep(build.registry, "c1", pushed_image(OLD_LABELS))
    used = part(build).find(INPUT, CHECKED, tested=True)
    assert used is not None
    assert used.tag == "c1"


@pytest.mark.parametrize(
    ("publication", "labels"),
    [
        (PUSHING, {**OLD_LABELS, CHECKS: "of others"}),
        (PUSHING, {**OLD_LABELS, INPUTS: "other"}),
        (replace(PUSHING, push=False), OLD_LABELS),
        (replace(PUSHING, tag_rules=TagRules(fixed=("c1",), overwrite=True)), OLD_LABELS),
    ],
    ids=["other checks", "other inputs", "not pushed", "overwritten"],
)
def test_an_image_of_the_main_tag_that_is_not_this_builds_is_not_taken(
    tmp_path: Path, publication: Publication, labels: dict[str, str]
) -> None:
    build = fake_build(tmp_path, read_settings(publication))
    keep(build.registry, "c1", pushed_image(labels))
    assert part(build).find(INPUT, CHECKED, tested=True) is None


C, D = "511c4637d702", "aaaabbbbcccc"
OLDER_BASE = {**OLD_LABELS, INPUTS: "of an older base", OWN_INPUTS: INPUT.own_digest}


def test_what_the_default_branch_pushed_last_is_used_again_whatever_its_age(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    keep(build.registry, C, pushed_image(OLD_LABELS))
    used = part(build, C, C).find(INPUT, CHECKED, tested=True)
    assert used is not None
    assert (used.tag, used.same_as, used.has_older_base) == (C, C, False)


def test_a_base_image_that_moved_on_is_no_change_of_a_commit(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    keep(build.registry, C, pushed_image(OLDER_BASE))
    used = part(build, C, C).find(INPUT, CHECKED, tested=True)
    assert used is not None
    assert (used.tag, used.same_as, used.has_older_base) == (C, C, True)


def test_whoever_builds_a_commit_again_wants_the_base_image_of_today(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    keep(build.registry, D, pushed_image(OLDER_BASE))
    keep(build.registry, C, pushed_image(OLDER_BASE))
    assert part(build, D, C).find(INPUT, CHECKED, tested=True) is None


@pytest.mark.parametrize(
    ("labels", "given", "obstacle"),
    [
        ({**OLD_LABELS, INPUTS: "other"}, {}, "it was made of something else"),
        ({**OLD_LABELS, INPUTS: "other", OWN_INPUTS: "others"}, {}, "it was made of something else"),
        ({**OLD_LABELS, CHECKS: "of others"}, {}, "what it passed were other checks"),
        ({**OLD_LABELS, TESTS: ""}, {}, "its tests have not passed"),
        (OLD_LABELS, {"force": "true"}, ""),
        (OLD_LABELS, {"reuse": "false"}, ""),
    ],
)
def test_the_default_branchs_image_is_not_used_where_something_speaks_against_it(
    tmp_path: Path, labels: dict[str, str], given: dict[str, str], obstacle: str
) -> None:
    build = fake_build(tmp_path, read_settings(**given))
    keep(build.registry, C, pushed_image(labels))
    assert part(build, C, C).find(INPUT, CHECKED, tested=True) is None
    told = f"quay.io/course/image:{C} is not used again: {obstacle}."
    assert build.told.lines == ([told] if obstacle else [])


@pytest.mark.parametrize(
    ("before", "same_as"),
    [(OLD_LABELS, C), ({**OLD_LABELS, INPUTS: "other"}, ""), (None, "")],
    ids=["the same", "another", "none"],
)
def test_a_second_run_knows_whether_its_commit_changed_the_image(
    tmp_path: Path, before: dict[str, str] | None, same_as: str
) -> None:
    build = fake_build(tmp_path, read_settings(replace(PUSHING, tags=(D,))))
    keep(build.registry, D, pushed_image(OLD_LABELS))
    if before is not None:
        keep(build.registry, C, pushed_image(before))
    used = part(build, D, C if before else "").find(INPUT, CHECKED, tested=True)
    assert used is not None
    assert (used.tag, used.same_as) == (D, same_as)


def test_the_first_tag_of_a_row_of_commits_that_changed_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = fake_build(tmp_path, read_settings(replace(PUSHING, tags=(D,))))
    first, changed = "a" * 12, "b" * 12
    for tag in (C, first):
        keep(build.registry, tag, pushed_image(OLD_LABELS))
    keep(build.registry, changed, pushed_image({**OLD_LABELS, INPUTS: "other"}))
    commits = [f"{tag}{'0' * 28}" for tag in (D, C, "e" * 12, first, changed, "f" * 12)]
    monkeypatch.setattr(PreviousImage, "_commits", commits)
    used = part(build, C, C).find(INPUT, CHECKED, tested=True)
    assert used is not None
    assert used.same_as == first


def test_an_older_image_of_the_same_inputs_is_a_change_where_another_was_pushed_since(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    keep(build.registry, C, pushed_image({**LABELS, INPUTS: "of what is reverted now"}))
    keep(build.registry, INPUT.tag, pushed_image(LABELS))
    used = part(build, C, C).find(INPUT, CHECKED, tested=True)
    assert used is not None
    assert (used.tag, used.same_as) == (INPUT.tag, "")


@pytest.mark.parametrize(
    ("reused", "told", "shown"),
    [
        (
            ReusedImage("https://x/1", "2026-11-20T08:00:00+00:00", "3 passed", same_as=C),
            f"Nothing that makes the image changed; {C} passed its tests on 2026-11-20.",
            f"Nothing that makes the image changed; `{C}` [passed its tests](https://x/1) on 2026-11-20.",
        ),
        (
            ReusedImage("", "2026-11-20T08:00:00+00:00", "", same_as=C, has_older_base=True),
            f"Nothing that makes the image changed; {C} was built on 2026-11-20.",
            f"`{C}` was built on 2026-11-20. A base image has a newer version, which the next build takes.",
        ),
        (
            ReusedImage("", "2026-11-20T08:00:00+00:00", "3 passed"),
            "Nothing is built: the image of 2026-11-20 was made of the same files, settings and base image.",
            "an earlier run made this image of the same files, settings and base image (2026-11-20).",
        ),
    ],
)
def test_the_log_and_the_report_say_why_nothing_is_built(reused: ReusedImage, told: str, shown: str) -> None:
    assert str(reused) == told
    assert shown in reused.markdown().replace("\\-", "-")


@pytest.mark.parametrize(
    ("tag", "pushed", "said"), [(D, True, True), (D, False, False), ("1.4.0", True, False)]
)
def test_only_a_commit_of_the_same_image_moves_no_hub(tag: str, pushed: bool, said: bool) -> None:
    report = BuildReport(f"{IMAGE}:{tag}", "Build", tags=(tag,), pushed=pushed)
    report.reused = ReusedImage("", "2026-11-20T08:00:00+00:00", "3 passed", same_as=C)
    assert ("Hubs keep that tag." in report.markdown()) is said
