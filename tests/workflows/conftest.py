"""What the runs of whole workflows share: an engine, a registry with accounts, and this project's actions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from local_github import LocalGitHub
from testbed.base_image import jupyter_base
from testbed.engine import RunningEngine
from testbed.registry import Registry, TokenAuth
from workflows.act import Act, published
from workflows.image_repository import ACCOUNTS, PUBLIC_HUB, ImageRepository, Setup, job_environment

NewWorld = Callable[..., ImageRepository]


@pytest.fixture(scope="session")
def base_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that shows some images to everybody, and takes and shows the rest with a key only."""
    public = (f"user-images/{PUBLIC_HUB}*-user-image", "candidates/stat20-user-image")
    auth = TokenAuth(ACCOUNTS, public=("testbed/*", *(f"ucb-datahub-2018/{name}" for name in public)))
    with Registry(tmp_path_factory.mktemp("registry"), auth=auth) as running:
        yield running


@pytest.fixture(scope="session")
def base_image(engine: RunningEngine, base_registry: Registry) -> str:
    """The reference of a base image with Jupyter, which the engine has."""
    reference = jupyter_base().push(base_registry)
    # A layer that was pulled from a registry need not be pushed to it again, as one that was loaded must.
    engine.docker("pull", "--quiet", reference)
    return reference


@pytest.fixture(scope="session")
def actions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what this project publishes."""
    return published(tmp_path_factory.mktemp("actions"))


@pytest.fixture(scope="module")
def new_world(
    tmp_path_factory: pytest.TempPathFactory,
    engine: RunningEngine,
    base_registry: Registry,
    base_image: str,
    actions: Path,
) -> Iterator[NewWorld]:
    """Makes image repositories with their deployments, each on a GitHub of its own."""
    with ExitStack() as stack:

        def make(
            hub: str, tests: Mapping[str, bytes] | None = None, setup: Setup | None = None
        ) -> ImageRepository:
            folder = tmp_path_factory.mktemp("world")
            github = stack.enter_context(LocalGitHub(folder / "github"))
            (folder / "act").mkdir()
            act = Act(folder / "act", actions, job_environment(folder, github, engine))
            return ImageRepository(
                folder, github, base_registry, base_image, act, hub, tests or {}, setup or Setup()
            )

        yield make
