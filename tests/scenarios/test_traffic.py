"""How much of a large deployments repository a bump moves."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_github.repository import Content
from scenarios.deployments import Deployments

HUBS = 30
COMMITS = 3000
LEAST_RATIO = 50
WORDS = ["memory", "limit", "guarantee", "storage", "node", "pool", "profile", "course", "admin", "culler"]


def config(chance: random.Random, hub: str, lines: int) -> str:
    """Return a hub's configuration: settings, comments and a list of people, as hubs have them."""
    text = [f"# {hub}", "jupyterhub:", "  singleuser:"]
    for number in range(lines):
        words = " ".join(chance.choices(WORDS, k=5))
        text.append(f"    {chance.choice(WORDS)}-{number}: {chance.randrange(10**6)}  # {words}")
    text.append("  admin_users:")
    text += [f"    - user-{chance.randrange(10**7)}  # {chance.choice(WORDS)}" for _ in range(lines // 4)]
    return "\n".join(text) + "\n"


def history(chance: random.Random, image: str, old: str) -> Iterator[tuple[str, dict[str, Content]]]:
    """Yield the commits of some years: tags move, settings change, screenshots and notebooks come."""
    first: dict[str, Content] = {}
    for number in range(HUBS):
        folder = f"deployments/hub-{number}"
        first[f"{folder}/config/common.yaml"] = config(chance, folder, 60)
        first[f"{folder}/config/prod.yaml"] = config(chance, folder, 10)
        first[f"{folder}/hubploy.yaml"] = f"images:\n  image_name: {image}-{number}:{old}\n"
    yield "first", first
    for number in range(COMMITS):
        hub = f"deployments/hub-{chance.randrange(HUBS)}"
        kind = chance.random()
        if kind < 0.7:
            tag = f"{chance.getrandbits(48):012x}"
            text = f"images:\n  image_name: {image}-{hub.rpartition('-')[2]}:{tag}\n"
            yield f"Merge pull request #{number}\n\nupdate {hub} to {tag}", {f"{hub}/hubploy.yaml": text}
        elif kind < 0.98:
            yield (
                f"Tune {hub}, as asked for in ticket {number}",
                {f"{hub}/config/common.yaml": config(chance, hub, 60)},
            )
        else:
            screenshot = chance.randbytes(40_000)
            yield f"Document {number}", {f"docs/images/{number}.png": screenshot}
    last = f"images:\n  image_name: {image}:{old}\n"
    yield "last", {"deployments/hub-0/hubploy.yaml": last}


@pytest.fixture
def full_clone(deployments: Deployments, tmp_path: Path) -> int:
    """The bytes of a full clone of a repository with a long history."""
    chance = random.Random(1)  # noqa: S311  # the same history each time
    deployments.repository.commit_all(history(chance, deployments.image, deployments.old))
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
