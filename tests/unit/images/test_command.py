"""What `scripts/image-packages` prints of one image, and of two."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_build import FakeRegistry, keep, pushed_image
from hub_image_actions.entry.command_line import WrongUsage
from hub_image_actions.entry.console import Console
from hub_image_actions.entry.later_http import LaterHttp
from hub_image_actions.errors import ActionError
from hub_image_actions.images import command
from hub_image_actions.images.command import PackagesUnknown
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

    def call(*arguments: str) -> str:
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        options = parser.parse_args(arguments)
        console = Console(sys.stdout, sys.stderr, as_json=options.json)
        assert command.run(options, {"DOCKER_CONFIG": str(tmp_path)}, LaterHttp(), console) == 0
        return capsys.readouterr().out

    return call


def test_the_packages_of_one_image_are_columns(printed: Print) -> None:
    lines = printed(IMAGE).splitlines()
    assert lines[:3] == [
        "MANAGER  PACKAGE  VERSION  ENVIRONMENT",
        "apt      curl     8.5.0",
        "pip      numpy    2.1.0",
    ]
    assert lines[3].startswith("1 apt, 1 pip")


def test_only_some_packages_are_shown_where_that_is_asked(printed: Print) -> None:
    lines = printed(IMAGE, "--manager", "pip").splitlines()
    assert lines[1] == "pip      numpy    2.1.0"
    assert lines[2].startswith("1 pip")


def test_one_image_is_json(printed: Print) -> None:
    value = json.loads(printed(f"{IMAGE}:1", "--json"))
    assert value["image"] == f"{IMAGE}:1"
    assert value["packages"] == [{"manager": "pip", "name": "numpy", "version": "1.26.4", "environment": ""}]


@pytest.mark.parametrize("other", ["latest", IMAGE, f"{IMAGE}:latest"])
def test_the_second_image_may_be_a_tag_of_the_first(printed: Print, other: str) -> None:
    text = printed(f"{IMAGE}:1", other)
    assert text.startswith(f"{IMAGE}:1 → {IMAGE}:latest\n1 upgraded, 1 added; 1 by a major version\n")


def test_the_difference_is_json(printed: Print) -> None:
    value = json.loads(printed(f"{IMAGE}:1", "latest", "--json"))
    assert (value["old"]["image"], value["new"]["image"]) == (f"{IMAGE}:1", f"{IMAGE}:latest")
    assert [change["name"] for change in value["upgraded"]] == ["numpy"]


def test_a_bill_of_materials_is_written(printed: Print, tmp_path: Path) -> None:
    printed(IMAGE, "--sbom", str(tmp_path / "sbom.json"))
    names = [each["name"] for each in json.loads((tmp_path / "sbom.json").read_text())["components"]]
    assert sorted(names) == ["curl", "numpy"]


def test_an_image_without_a_list_is_refused(printed: Print) -> None:
    with pytest.raises(PackagesUnknown, match="it was built without a list of its packages"):
        printed(f"{IMAGE}:without")


def test_a_bill_of_materials_of_two_images_is_wrong_usage(printed: Print) -> None:
    with pytest.raises(WrongUsage, match="--sbom is about one image"):
        printed(IMAGE, "1", "--sbom", "sbom.json")


def test_a_bill_that_cannot_be_written_is_an_error(printed: Print, tmp_path: Path) -> None:
    with pytest.raises(ActionError, match=r"cannot be written: Is a directory. Check --sbom."):
        printed(IMAGE, "--sbom", str(tmp_path))
