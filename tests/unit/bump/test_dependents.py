"""The dependents of a base image: what became of each, in a word."""

import pytest

from hub_image_actions.bump.base_image_report import BaseReference
from hub_image_actions.bump.dependents import (
    FAILED,
    NO_DEPENDENT,
    NOTHING_TO_MOVE,
    BaseImageResult,
)
from hub_image_actions.errors import ActionError
from hub_image_actions.images.dockerfiles import BaseOutcome

REFERENCE = BaseReference("Dockerfile", BaseOutcome(1, "base", "1", "", "without a tag"))


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (BaseImageResult("o/r"), NO_DEPENDENT),
        (BaseImageResult("o/r", (REFERENCE,)), NOTHING_TO_MOVE),
        (BaseImageResult("o/r", (REFERENCE,), error=ActionError("It is gone.", "Look.")), FAILED),
    ],
)
def test_the_status_tells_how_far_it_came(result: BaseImageResult, status: str) -> None:
    assert result.status == status
    assert result.as_json()["status"] == status
    assert not result.moves
    assert not result.url
