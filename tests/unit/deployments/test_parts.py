"""A reference in parts: which keys of a mapping name the image together, and which name another."""

import pytest

from hub_image_actions.deployments.parts import name_in_parts
from hub_image_actions.references import parse_image_name

IMAGE = "quay.io/demo/stats-image"


@pytest.mark.parametrize(
    "values",
    [
        {"name": IMAGE},
        {"repository": IMAGE},
        {"image": IMAGE},
        {"registry": "quay.io", "repository": "demo/stats-image"},
        {"registry": "quay.io", "name": "demo/stats-image"},
        {"registry": "quay.io", "image": "demo/stats-image"},
        {"registry": "quay.io/", "repository": "/demo/stats-image"},
        {"registry": "quay.io", "repository": "demo", "name": "stats-image"},
        {"registry": "quay.io", "repository": "demo", "image": "stats-image"},
        {"registry": "quay.io", "repository": IMAGE},
        {"repository": "quay.io/demo", "name": "stats-image"},
        {"repository": "quay.io/demo", "image": "stats-image"},
        {"name": "stats", "newName": IMAGE},
        {"name": "hub", "repository": IMAGE},
        {"registry": "", "repository": IMAGE},
        {"registry": "null-like ", "name": IMAGE} | {"registry": "  "},
    ],
)
def test_keys_name_the_image_together(values: dict[str, str]) -> None:
    parts = name_in_parts(values, parse_image_name(IMAGE))
    assert (parts.name, parts.is_ambiguous) == (IMAGE, False)


@pytest.mark.parametrize(
    "values",
    [
        {"registry": "ghcr.io", "repository": "demo/stats-image"},
        {"registry": "docker.io", "name": "demo/stats-image"},
        {"registry": "ghcr.io", "repository": IMAGE},
        {"repository": "demo/stats-image"},
        {"name": "stats-image"},
        {"repository": "demo", "name": "stats-image"},
        {"name": IMAGE, "newName": "quay.io/demo/other"},
        {"registry": "quay.io", "repository": "demo/stats-image-2"},
        {"registry": "quay.io", "repository": "mirror/demo/stats-image"},
        {"name": f"{IMAGE}:1"},
        {"registry": "quay.io"},
        {},
    ],
)
def test_keys_that_name_another_image_do_not(values: dict[str, str]) -> None:
    assert name_in_parts(values, parse_image_name(IMAGE)).name == ""


@pytest.mark.parametrize(
    ("image", "values"),
    [
        ("docker.io/demo/x", {"repository": "demo/x"}),
        ("docker.io/demo/x", {"registry": "docker.io", "repository": "demo/x"}),
        ("docker.io/demo/x", {"registry": "index.docker.io", "repository": "demo/x"}),
        ("docker.io/library/x", {"name": "x"}),
        ("x", {"registry": "docker.io", "repository": "library", "name": "x"}),
    ],
)
def test_short_names_mean_what_docker_means(image: str, values: dict[str, str]) -> None:
    assert name_in_parts(values, parse_image_name(image)).name


def test_an_image_without_a_host_stands_for_any_registry() -> None:
    values = {"registry": "ghcr.io", "repository": "demo", "name": "x"}
    assert name_in_parts(values, parse_image_name("demo/x")).name == "ghcr.io/demo/x"


def test_two_keys_with_two_images_are_ambiguous() -> None:
    values = {"name": IMAGE, "repository": "ghcr.io/other/thing"}
    assert name_in_parts(values, parse_image_name(IMAGE)).is_ambiguous


@pytest.mark.parametrize(
    ("values", "consumed"),
    [
        ({"registry": "quay.io", "repository": "demo/x", "tag": "1"}, {"repository"}),
        ({"name": "demo/x", "newName": "y"}, {"name", "newName"}),
        ({"repository": "demo/x"}, set()),
    ],
)
def test_what_is_a_part_names_nothing_alone(values: dict[str, str], consumed: set[str]) -> None:
    assert name_in_parts(values, parse_image_name("quay.io/a/b")).consumed == consumed
