"""What `scripts/image-packages` prints of one image, and of two."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fake_build import FakeRegistry, keep, pushed_image
from hub_image_actions.images import command
from hub_image_actions.images.command import PackagesUnknown, run
from hub_image_actions.packages.package_list import Package, PackageList

IMAGE = "quay.io/course/image"
OLD = PackageList((Package("pip", "numpy", "1.26.4"),))
NEW = PackageList((Package("apt", "curl", "8.5.0"), Package("pip", "numpy", "2.1.0")))
Print = Callable[..., str]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Print:
    """Returns a function that runs the command on a registry with three images."""
    registry = FakeRegistry()
    keep(registry, "1", pushed_image(OLD.to_labels()))
    keep(registry, "latest", pushed_image(NEW.to_labels()))
    keep(registry, "without", pushed_image({}))
    monkeypatch.setattr(command, "registries", lambda *_: lambda _: registry)

    def call(image: str = IMAGE, **options: Any) -> str:
        given: dict[str, Any] = {"other": "", "manager": None, "json": False, "sbom": None, **options}
        run(argparse.Namespace(image=image, **given), tmp_path)
        return capsys.readouterr().out

    return call


def test_the_packages_of_one_image_are_columns(printed: Print) -> None:
    lines = printed().splitlines()
    assert lines[:2] == ["apt  curl   8.5.0", "pip  numpy  2.1.0"]
    assert lines[2].startswith("1 apt, 1 pip")


def test_only_some_packages_are_shown_where_that_is_asked(printed: Print) -> None:
    assert printed(manager=["pip"]).startswith("pip  numpy  2.1.0\n1 pip")


def test_one_image_is_json(printed: Print) -> None:
    value = json.loads(printed(f"{IMAGE}:1", json=True))
    assert value["image"] == f"{IMAGE}:1"
    assert value["packages"] == [{"manager": "pip", "name": "numpy", "version": "1.26.4", "environment": ""}]


@pytest.mark.parametrize("other", ["latest", IMAGE, f"{IMAGE}:latest"])
def test_the_second_image_may_be_a_tag_of_the_first(printed: Print, other: str) -> None:
    text = printed(f"{IMAGE}:1", other=other)
    assert text.startswith(f"{IMAGE}:1 → {IMAGE}:latest\n1 upgraded, 1 added; 1 by a major version\n")


def test_the_difference_is_json(printed: Print) -> None:
    value = json.loads(printed(f"{IMAGE}:1", other="latest", json=True))
    assert (value["old"]["image"], value["new"]["image"]) == (f"{IMAGE}:1", f"{IMAGE}:latest")
    assert [change["name"] for change in value["upgraded"]] == ["numpy"]


def test_a_bill_of_materials_is_written(printed: Print, tmp_path: Path) -> None:
    printed(sbom=tmp_path / "sbom.json")
    names = [each["name"] for each in json.loads((tmp_path / "sbom.json").read_text())["components"]]
    assert sorted(names) == ["curl", "numpy"]


def test_an_image_without_a_list_is_refused(printed: Print) -> None:
    with pytest.raises(PackagesUnknown, match="it was built without a list of its packages"):
        printed(f"{IMAGE}:without")
