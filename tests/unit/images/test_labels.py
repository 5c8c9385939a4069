"""The labels that an image keeps when it gets its own."""

import pytest

from hub_image_actions.images.labels import INPUTS, OWN_INPUTS, PREFIX, RUN, SIZE, TESTS, without_ours
from hub_image_actions.images.size import LABEL as LAYERS
from hub_image_actions.packages.package_list import LABEL as PACKAGES


@pytest.mark.parametrize(
    ("labels", "kept"),
    [
        ({}, {}),
        (
            {"maintainer": "a", "hub-image-actionslike": "b"},
            {"maintainer": "a", "hub-image-actionslike": "b"},
        ),
        ({TESTS: "3 passed", RUN: "https://x", SIZE: "3", LAYERS: "3", f"{PACKAGES}.0": "x"}, {}),
        ({INPUTS: "abc", TESTS: "3 passed"}, {INPUTS: "abc"}),
        ({OWN_INPUTS: "abc", TESTS: "3 passed"}, {OWN_INPUTS: "abc"}),
        ({INPUTS: ""}, {}),
    ],
)
def test_what_the_base_image_tells_of_itself_goes(labels: dict[str, str], kept: dict[str, str]) -> None:
    assert without_ours(labels) == kept


@pytest.mark.parametrize("label", [LAYERS, PACKAGES])
def test_labels_with_a_format_of_their_own_have_the_prefix(label: str) -> None:
    assert label.startswith(PREFIX)
