"""An image of the registry is taken instead of building it once more, if it is the same."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from fake_build import FakeBuild, fake_build, keep, pushed_image, read_settings
from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.promotion import Promotion, report_reused
from hub_image_actions.build.report import BuildReport, ReusedImage
from hub_image_actions.images.labels import CREATED, HUB_CHECK, INPUTS, RUN, SIZE, TESTS

INPUT = BuildInputs({"builder": "docker"}, {"Dockerfile": "file 1"}, {"base:1": "sha256:1"})
DAY = datetime.now(timezone.utc)
LABELS = {
    INPUTS: INPUT.digest,
    CREATED: (DAY - timedelta(days=3)).isoformat(),
    TESTS: "3 passed",
    HUB_CHECK: "ready in 3 s",
}


def part(build: FakeBuild) -> Promotion:
    """Return the promotion of a build."""
    return Promotion(build.job, build.login, BuildContext(build.job.folder, "."))


@pytest.mark.parametrize(
    ("labels", "obstacle"),
    [
        (LABELS, ""),
        ({**LABELS, INPUTS: "other"}, "it does not say what it was made of"),
        ({**LABELS, CREATED: ""}, "it does not say when it was made"),
        ({**LABELS, CREATED: "2026-01-01T00:00:00"}, "it does not say when it was made"),
        ({**LABELS, CREATED: (DAY + timedelta(days=3)).isoformat()}, "it does not say when it was made"),
        ({**LABELS, CREATED: (DAY - timedelta(days=15, minutes=1)).isoformat()}, "it is 15 days old"),
        ({**LABELS, TESTS: ""}, "its tests have not passed"),
        ({**LABELS, HUB_CHECK: ""}, "it was not started as on a hub"),
    ],
)
def test_an_image_is_used_again_where_nothing_speaks_against_it(
    tmp_path: Path, labels: dict[str, str], obstacle: str
) -> None:
    build, image = fake_build(tmp_path), pushed_image(labels)
    keep(build.registry, INPUT.tag, image)
    finished = part(build).find(INPUT, tested=True)
    assert (finished == image) is not bool(obstacle)
    told = "".join(build.told.lines)
    assert f"{INPUT.tag} is not used again: {obstacle}" in told if obstacle else not told


@pytest.mark.parametrize(("given", "tested"), [({"hub_check": "false"}, True), ({}, False)])
def test_checks_that_are_not_wanted_need_not_have_passed(
    tmp_path: Path, given: dict[str, str], tested: bool
) -> None:
    build = fake_build(tmp_path, read_settings(**given))
    image = pushed_image({**LABELS, HUB_CHECK if given else TESTS: ""})
    keep(build.registry, INPUT.tag, image)
    assert part(build).find(INPUT, tested=tested) == image


def test_a_build_that_is_forced_asks_for_none(tmp_path: Path) -> None:
    build = fake_build(tmp_path, read_settings(force="true"))
    keep(build.registry, INPUT.tag, pushed_image(LABELS))
    assert part(build).find(INPUT, tested=True) is None
    assert build.registry.asked == []


def test_an_image_that_is_not_there_is_built(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    assert part(build).find(INPUT, tested=True) is None
    assert build.told.lines == []


def test_a_registry_that_refuses_does_not_stop_the_build(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM quay.io/a/b:2\n")
    build = fake_build(tmp_path, read_settings(builder="docker"))
    build.registry.refuses = True
    assert part(build).inputs() is None
    assert part(build).find(INPUT, tested=True) is None
    assert build.told.lines == ["Whether this image was built before cannot be told. It refuses."] * 2


def test_the_inputs_are_read_unless_nothing_is_to_be_used_again(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM quay.io/a/b:2\n")
    settings = read_settings(builder="docker")
    build = fake_build(tmp_path, settings)
    keep(build.registry, "2", pushed_image({}))
    inputs = part(build).inputs()
    assert inputs
    assert list(inputs.bases) == ["quay.io/a/b:2"]
    assert part(fake_build(tmp_path, read_settings(builder="docker", reuse="false"))).inputs() is None


@pytest.mark.parametrize(("size", "bytes_"), [("300", 300), ("", 0), ("many", 0)])
def test_the_report_says_what_the_image_tells(size: str, bytes_: int) -> None:
    report = BuildReport("a:1", "Build")
    labels = {**LABELS, SIZE: size, RUN: "https://github.com/a/b/actions/runs/7"}
    image = pushed_image(labels)
    report_reused(report, image)
    assert report.reused == ReusedImage(labels[RUN], labels[CREATED], "3 passed")
    assert (report.size, report.hub_check, report.digest) == (bytes_, "ready in 3 s", image.manifest.digest)
