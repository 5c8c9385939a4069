"""What is told of a finished image, and when its size fails the build."""

import json
from pathlib import Path
from typing import Any

import pytest

from fake_build import FakeBuild, fake_build, keep, pushed_image, read_settings
from hub_image_actions.build import inspection
from hub_image_actions.build.inspection import ImageInspection, ImageTooBig
from hub_image_actions.docker.engine import Layer
from hub_image_actions.errors import ActionError
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.size import unpacked
from hub_image_actions.packages.package_list import Package, PackageList
from hub_image_actions.packages.reading import PackagesNotRead

NEW = ImageContents(PackageList((Package("pip", "numpy", "2.1.0"),)))
OLD = PackageList((Package("pip", "numpy", "1.26.4"),))


def part(build: FakeBuild, previous: str = "") -> ImageInspection:
    """Return the inspection of a build."""
    return ImageInspection(
        settings=build.job.settings,
        origin=build.job.origin,
        registry=build.login.registry,
        previous=lambda: previous,
        tell=build.job.runner.info,
        warn=build.job.warn,
    )


@pytest.mark.parametrize(
    ("given", "previous", "name"),
    [
        ({}, "quay.io/course/image:0", "0"),
        ({"compare_with": "v1"}, "quay.io/course/image:0", "v1"),
        ({}, "", ""),
    ],
)
def test_an_image_is_compared_with_the_one_before(
    tmp_path: Path, given: dict[str, str], previous: str, name: str
) -> None:
    build = fake_build(tmp_path, read_settings(**given))
    keep(build.registry, name, pushed_image(OLD.to_labels()))
    part(build, previous).describe(NEW, build.job.report)
    comparison = build.job.report.comparison
    assert (comparison.old_name if comparison else "") == name
    assert build.job.report.contents == NEW


def test_an_image_that_cannot_be_compared_is_told(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    part(build, "quay.io/course/image:0").describe(NEW, build.job.report)
    assert build.job.report.comparison is None
    assert build.job.report.warnings == ["What changed in the image is not known. no 0."]


@pytest.mark.parametrize("fails", [True, False])
def test_an_image_beyond_its_budget_warns_or_fails(tmp_path: Path, fails: bool) -> None:
    over_budget = "fail" if fails else "warn"
    build = fake_build(tmp_path, read_settings(max_size="1 GiB", over_budget=over_budget))
    build.job.report.size = 2 << 30
    if fails:
        with pytest.raises(ImageTooBig, match="more than `max-size` allows"):
            part(build).describe(NEW, build.job.report)
    else:
        part(build).describe(NEW, build.job.report)
    assert bool(build.job.report.warnings) is not fails


@pytest.mark.parametrize(("in_blocks", "has_grown"), [(False, True), (True, False)])
def test_sizes_that_were_measured_in_two_ways_are_no_growth(
    tmp_path: Path, in_blocks: bool, has_grown: bool
) -> None:
    build = fake_build(tmp_path, read_settings(max_growth="5 %"))
    build.docker.has_containerd_store = in_blocks
    layers = (Layer(115, "RUN make"),)
    old = unpacked([Layer(100, "RUN make")]).to_label()
    keep(build.registry, "0", pushed_image({**OLD.to_labels(), **old}, made_by="RUN make"))
    report = build.job.report
    report.size, report.layers = 115, layers
    new = ImageContents(NEW.packages, unpacked(layers, in_blocks=in_blocks))
    part(build, "quay.io/course/image:0").describe(new, report)
    assert bool([warning for warning in report.warnings if "has grown" in warning]) is has_grown
    assert ("The size is not compared with that of 0" in "".join(build.told.lines)) is not has_grown
    assert report.comparison is not None
    assert bool(report.comparison.sizes) is has_grown


def test_a_bill_of_materials_is_written_into_the_checkout(tmp_path: Path) -> None:
    build = fake_build(tmp_path, read_settings(sbom="out/sbom.json"))
    part(build).describe(NEW, build.job.report)
    (component,) = json.loads((tmp_path / "out" / "sbom.json").read_text())["components"]
    assert (component["name"], component["version"]) == ("numpy", "2.1.0")
    assert build.told.lines == ["out/sbom.json lists 1 packages"]


def test_no_bill_of_materials_is_written_through_a_link_out_of_the_checkout(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "sbom.json").symlink_to(tmp_path / "outside.json")
    build = fake_build(checkout, read_settings(sbom="sbom.json"))
    with pytest.raises(ActionError, match="leads through a link"):
        part(build).describe(NEW, build.job.report)
    assert not (tmp_path / "outside.json").exists()


def test_packages_that_cannot_be_read_fail_no_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> PackageList:
        raise PackagesNotRead("They are not to be read.")

    monkeypatch.setattr(inspection, "read_packages", refuse)
    build = fake_build(tmp_path)
    contents = part(build).contents(build.login.docker, build.job.report)
    assert (contents.packages, contents.problem) == (None, "They are not to be read.")
    assert build.job.report.warnings == ["They are not to be read."]
