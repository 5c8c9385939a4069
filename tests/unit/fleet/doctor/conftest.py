"""A repository in which the doctor finds nothing, for tests that change one thing of it."""

from pathlib import Path

import pytest

from hub_image_actions.fleet.doctor.case import Case
from unit.fleet.doctor.cases import healthy


@pytest.fixture
def case(root: Path) -> Case:
    """A repository in which all is well."""
    return healthy(root)
