"""What an event announces of a base image, as texts that are still to be parsed."""

from typing import Any

import pytest

from hub_image_actions.bump.announcement import announced

NOTHING = {"image": "", "tag": "", "digest": ""}


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({}, {}),
        ({"ref": "refs/heads/main"}, {}),
        ({"client_payload": None, "inputs": None}, {}),
        ({"client_payload": "x"}, {}),
        ({"client_payload": {"base_image_name": "p/x", "base_image_sha": "1"}}, {"image": "p/x", "tag": "1"}),
        ({"inputs": {"base_image_name": "p/x", "base_image_sha": "1"}}, {"image": "p/x", "tag": "1"}),
        (
            {"client_payload": {"image": "a", "base_image_name": "b", "digest": "c"}},
            {"image": "a", "digest": "c"},
        ),
        ({"client_payload": {"image": "", "base_image_name": "b"}}, {"image": "b"}),
        # `gh api -F` sends digits as a number.
        ({"client_payload": {"base_image_sha": 1234567}}, {"tag": "1234567"}),
        ({"client_payload": {"tag": None}}, {}),
        ({"client_payload": {"tag": ["a"]}}, {"tag": '["a"]'}),
    ],
)
def test_an_event_announces(event: dict[str, Any], found: dict[str, str]) -> None:
    assert announced(event) == {**NOTHING, **found}
