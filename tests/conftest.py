"""What all tests share."""

from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# What begins with these shares a Docker engine and what was loaded into it.
GROUPS = {
    # The first that fits counts.
    "tests/scenarios/test_build_hub_check": "hub checks",
    "tests/scenarios/test_build": "builds",
    "tests/scenarios/test_demo": "workflows",
    "tests/workflows/": "workflows",
}
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """Returns the root of the repository."""
    return ROOT


class ByResource(LoadScopeScheduling):  # type: ignore[misc]  # xdist brings no types
    """Gives a worker whole files, and one worker all that shares an engine, whose base is slow to load."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((group for start, group in GROUPS.items() if file.startswith(start)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByResource:
    """Has xdist use this instead of one of its own."""
    return ByResource(config, log)
