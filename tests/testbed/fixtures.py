"""The test bed as pytest fixtures, for `pytest_plugins = ["testbed.fixtures"]` in a `conftest.py`."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.base_image import jupyter_base, small_base
from testbed.engine import Engine, RunningEngine, some_engine
from testbed.fault_proxy import FaultProxy
from testbed.registry import BasicAuth, Registry, TokenAuth

NewEngine = Callable[..., Engine]
NewRegistry = Callable[..., Registry]


@pytest.fixture(scope="session")
def testbed_folder() -> Iterator[Path]:
    """A folder with a short path, which sockets need, that goes with the session."""
    with tempfile.TemporaryDirectory(prefix="tb-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def registry(testbed_folder: Path) -> Iterator[Registry]:
    """An open registry for the whole session: tests use repositories with names of their own."""
    with Registry(testbed_folder / "registry") as open_registry:
        yield open_registry


@pytest.fixture(scope="session")
def engine(testbed_folder: Path) -> Iterator[RunningEngine]:
    """A Docker engine for the whole session."""
    with some_engine(testbed_folder / "engine") as any_engine:
        yield any_engine


@pytest.fixture(scope="session")
def small_base_image(registry: Registry) -> str:
    """A reference to a tiny base image (busybox) in the session's registry."""
    return small_base().push(registry, "testbed/small")


@pytest.fixture(scope="session")
def base_image(registry: Registry, engine: RunningEngine) -> str:
    """A reference to the base image with Jupyter and pytest, in the session's registry and engine."""
    base = jupyter_base()
    return base.load(engine, base.push(registry))


@pytest.fixture
def new_engine() -> Iterator[NewEngine]:
    """Starts clean engines that end with the test; takes `data` and `lifetime` as `Engine` does."""
    with ExitStack() as stack:

        def start(data: Path | None = None, lifetime: int = 900) -> Engine:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tb-"))
            return stack.enter_context(Engine(Path(folder), data=data, lifetime=lifetime))

        yield start


@pytest.fixture
def new_registry(tmp_path: Path) -> Iterator[NewRegistry]:
    """Starts registries that end with the test; takes `auth` and `port` as `Registry` does."""
    with ExitStack() as stack:
        started: list[Registry] = []

        def start(auth: BasicAuth | TokenAuth | None = None, port: int = 0) -> Registry:
            folder = tmp_path / f"registry-{len(started)}"
            started.append(stack.enter_context(Registry(folder, auth=auth, port=port)))
            return started[-1]

        yield start


@pytest.fixture
def faulty_registry(registry: Registry) -> Iterator[FaultProxy]:
    """A proxy in front of the session's registry that fails on request."""
    with FaultProxy(registry.url) as proxy:
        yield proxy
