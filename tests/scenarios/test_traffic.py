"""How much of a large deployments repository a bump moves."""

import random
import subprocess
from pathlib import Path

import pytest

from scenarios.deployment_history import history
from scenarios.deployments import Deployments

HUBS = 30
COMMITS = 3000
LEAST_RATIO = 50


@pytest.fixture
def full_clone(deployments: Deployments, tmp_path: Path) -> int:
    """The bytes of a full clone of a repository with a long history."""
    chance = random.Random(1)  # noqa: S311  # the same history each time
    deployments.repository.commit_all(
        history(chance, deployments.image, deployments.old, hubs=HUBS, commits=COMMITS)
    )
    # GitHub keeps repositories packed, so that a clone costs what it must.
    git = ["git", "-C", str(deployments.repository.git_dir)]
    subprocess.run([*git, "repack", "-a", "-d", "-f", "-q"], check=True, timeout=100)
    url = f"{deployments.github.server_url}/berkeley-dsep-infra/datahub"
    target = str(tmp_path / "clone")
    subprocess.run(["git", "clone", "--quiet", "--bare", url, target], check=True, timeout=100)
    moved = moved_bytes(deployments)
    deployments.calls()
    return moved


def moved_bytes(world: Deployments) -> int:
    """Return the bytes that git moved, in both directions."""
    calls = [call for call in world.github.calls if "git-" in call.name or "info/refs" in call.name]
    return sum(call.bytes_in + call.bytes_out for call in calls)


def test_a_bump_moves_at_most_a_fiftieth_of_a_full_clone(deployments: Deployments, full_clone: int) -> None:
    assert deployments.bump().notice
    moved = moved_bytes(deployments)
    print(f"full clone {full_clone}, bump {moved}: 1/{full_clone / moved:.0f}")
    assert moved * LEAST_RATIO <= full_clone
    deployments.github.calls.clear()
