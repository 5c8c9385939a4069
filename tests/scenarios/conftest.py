"""What the scenarios share: a deployments repository, an image, and a way to run the action."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scenarios.action import PYTHON, ROOT
from scenarios.deployments import Deployments
from scenarios.images import CANDIDATES_KEY, KEY, ImageRepository
from testbed.base_image import jupyter_base, small_base
from testbed.engine import RunningEngine
from testbed.registry import Registry, TokenAuth
from testbed.token_server import Account

ACCOUNTS = {
    "_json_key": Account(KEY),
    "reader": Account("only reads", frozenset({"pull"})),
    "candidates": Account(CANDIDATES_KEY, repositories=("candidates/*",)),
}


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """An open registry."""
    with Registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def deployments(tmp_path: Path, registry: Registry) -> Iterator[Deployments]:
    """The world of a bump."""
    with Deployments(tmp_path, registry) as world:
        yield world


@pytest.fixture(scope="session")
def small_base_image(registry: Registry, engine: RunningEngine) -> str:
    """The reference of a tiny base image, in an open registry and in the engine."""
    reference = small_base().push(registry, "testbed/small")
    engine.docker("pull", "--quiet", reference)
    return reference


@pytest.fixture(scope="session")
def jupyter_base_image(registry: Registry, engine: RunningEngine) -> str:
    """The reference of a base image with Jupyter and pytest, in an open registry and in the engine."""
    reference = jupyter_base().push(registry)
    engine.docker("pull", "--quiet", reference)
    return reference


@pytest.fixture(scope="session")
def guarded_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that wants a password."""
    folder = tmp_path_factory.mktemp("guarded")
    with Registry(folder, auth=TokenAuth(ACCOUNTS, public=("public/*",))) as running:
        yield running


@pytest.fixture
def images(
    tmp_path: Path, engine: RunningEngine, guarded_registry: Registry, scratch: Path
) -> Iterator[ImageRepository]:
    """The repository of a user image, whose registry wants a password."""
    with ImageRepository(tmp_path / "images", engine, guarded_registry, scratch, KEY) as world:
        yield world


@pytest.fixture
def run_on_laptop() -> Callable[..., tuple[int, str, str]]:
    """Runs an action from a shell, with no variable of a workflow; returns status and both streams."""

    def run(world: ImageRepository, *arguments: str, action: str = "build") -> tuple[int, str, str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(world.home), **world.engine.environment}
        command = [str(PYTHON), str(ROOT / "actions" / action / "main.py"), *arguments]
        done = subprocess.run(
            command,
            cwd=world.checkout,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run
