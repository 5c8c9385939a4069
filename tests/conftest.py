"""What all tests share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from testbed.cache import cache_folder
from testbed.engine import Engine, RunningEngine, some_engine

if TYPE_CHECKING:
    from testbed.conda_world import CondaMachine

# What begins with these shares a Docker engine and what was loaded into it.
GROUPS = {
    # The first that fits counts.
    "tests/scenarios/test_build_hub_check": "hub checks",
    "tests/scenarios/test_build_conda": "conda",
    "tests/scenarios/test_build": "builds",
    "tests/scenarios/test_demo": "workflows",
    "tests/workflows/test_conda": "conda",
    "tests/workflows/": "workflows",
}
# What takes longest begins first, so that no worker is left with it at the end.
FIRST = ("workflows", "builds", "conda", "tests/scenarios/test_release.py", "hub checks")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """Returns the root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def usual_engine() -> Iterator[RunningEngine]:
    """A Docker engine: the machine's own, or one that keeps images as Docker always did."""
    with tempfile.TemporaryDirectory(prefix="tb-") as folder, some_engine(Path(folder)) as running:
        yield running


@pytest.fixture(scope="session")
def containerd_engine() -> Iterator[RunningEngine]:
    """A Docker engine that keeps images in containerd's store, as GitHub's newer runners do."""
    with (
        tempfile.TemporaryDirectory(prefix="tb-") as folder,
        Engine(Path(folder), store="containerd") as running,
    ):
        yield running


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> RunningEngine:
    """A Docker engine; tests that are marked `on_both_engines` get the one, then the other."""
    running = request.getfixturevalue(f"{getattr(request, 'param', 'usual')}_engine")
    assert isinstance(running, RunningEngine)
    return running


@pytest.fixture(scope="session")
def conda_machine() -> Iterator["CondaMachine"]:
    """A machine on which images of the template are built: it finds what they are made of."""
    # Here, since no other test needs what packages are made with.
    from testbed.conda_world import conda_world

    with tempfile.TemporaryDirectory(prefix="tb-") as folder, conda_world().machine(Path(folder)) as machine:
        yield machine


@pytest.fixture(scope="session")
def scratch() -> Path:
    """What is kept from job to job and from session to session, so that repo2docker is installed but once."""
    folder = cache_folder("scratch") / os.environ.get("PYTEST_XDIST_WORKER", "main")
    folder.mkdir(exist_ok=True)
    return folder


def scope_of(nodeid: str) -> str:
    """Returns what a test shares a worker with: its file, or all that needs the same engine."""
    file = nodeid.partition("::")[0]
    return next((group for start, group in GROUPS.items() if file.startswith(start)), file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests that take longest first; the others stay in their order."""
    place = {scope: number for number, scope in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(scope_of(item.nodeid), len(place)))


class ByResource(LoadScopeScheduling):  # type: ignore[misc]  # xdist brings no types
    """Gives a worker whole files, and one worker all that shares an engine, whose base is slow to load."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByResource:
    """Has xdist use this instead of one of its own, in the order of the collection."""
    config.option.loadscopereorder = False
    return ByResource(config, log)
