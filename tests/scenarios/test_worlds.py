"""Worlds that share a registry do not meet in it, however quickly one follows another."""

from pathlib import Path

from scenarios.deployments import Deployments
from scenarios.images import ImageRepository
from testbed.engine import RunningEngine
from testbed.registry import Registry


def first_contents(folder: Path, registry: Registry) -> str:
    """Return the tree of the first commit of an image's repository, which the time is no part of."""
    with Deployments(folder, registry) as world:
        return world.images.log()[-1].tree


def test_two_deployments_have_no_commit_in_common(tmp_path: Path, registry: Registry) -> None:
    assert first_contents(tmp_path / "a", registry) != first_contents(tmp_path / "b", registry)


def first_commit(folder: Path, registry: Registry, engine: RunningEngine) -> str:
    """Return who made the first commit of a checkout, by which it differs from another."""
    with ImageRepository(folder, engine, registry, folder) as world:
        world.commit({"apt.txt": "git\n"})
        return world.git("log", "-1", "--format=%an %ae")


def test_two_image_repositories_have_no_commit_in_common(
    tmp_path: Path, registry: Registry, engine: RunningEngine
) -> None:
    assert first_commit(tmp_path / "a", registry, engine) != first_commit(tmp_path / "b", registry, engine)
