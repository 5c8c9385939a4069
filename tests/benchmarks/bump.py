"""A bump in a deployments repository of some years, against the shell steps that workflows have for it."""

import os
import random
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import TIMEOUT, Command, spread
from benchmarks.traffic import Traffic
from scenarios.action import run_action
from scenarios.deployment_history import history
from scenarios.deployments import ACTION, IMAGE_NAME, NAME, Deployments
from testbed.registry import Registry

HUBS, COMMITS = 100, 3_000
BY_HAND = Path(__file__).with_name("bump_by_hand.sh")


@dataclass(frozen=True)
class Run:
    """How one bump went."""

    seconds: float
    traffic: Traffic


def bump(runs: int) -> str:
    """Compare the action with a workflow of shell steps: time, bytes on the wire, calls."""
    counted = runs or 7
    with (
        tempfile.TemporaryDirectory(prefix="tb-") as name,
        Registry(Path(name, "registry")) as registry,
        Deployments(Path(name, "world"), registry) as world,
    ):
        files = grow(world)
        world.github.calls.clear()
        clone = full_clone(world)
        # The first run of each is in vain: both sides open files for the first time.
        pairs = [(measured(world, by_action), measured(world, by_hand)) for _ in range(counted + 1)][1:]
    return report(pairs, files, clone)


def grow(world: Deployments) -> int:
    """Give the repository its history, packed as GitHub keeps it, and return how many files it has."""
    chance = random.Random(1)  # noqa: S311 - the same history each time
    world.repository.commit_all(history(chance, world.image, world.old, hubs=HUBS, commits=COMMITS))
    command = ["git", "-C", str(world.repository.git_dir), "repack", "-a", "-d", "-f", "-q"]
    subprocess.run(command, check=True, timeout=TIMEOUT)
    return len(world.repository.paths("staging"))


def full_clone(world: Deployments) -> Traffic:
    """Return what a clone of everything moves, of which neither side needs all."""
    target = tempfile.mkdtemp(dir=world.folder)
    url = f"{world.github.server_url}/{NAME}"
    subprocess.run(["git", "clone", "--quiet", "--bare", url, target], check=True, timeout=TIMEOUT)
    return Traffic.of(world.github.calls)


def measured(world: Deployments, way: Callable[[Deployments, Path], float]) -> Run:
    """Bump in one way, and make it undone."""
    world.github.calls.clear()
    run = Run(way(world, Path(tempfile.mkdtemp(dir=world.folder))), Traffic.of(world.github.calls))
    (pull,) = world.repository.pulls
    if pull.head != world.branch or not pull.files():
        raise RuntimeError(f"the pull request is not what was to be made: {pull}")
    world.repository.pulls.clear()
    world.repository.delete_branch(world.branch)
    return run


def by_action(world: Deployments, folder: Path) -> float:
    """Bump with the action, as a runner starts it, and return the seconds."""
    github = world.github
    urls = {"GITHUB_API_URL": github.api_url, "GITHUB_SERVER_URL": github.server_url}
    job = {**urls, "GITHUB_REPOSITORY": IMAGE_NAME, "GITHUB_RUN_ID": "77"}
    result = run_action(ACTION, world.inputs(), folder=folder, environ=job)
    if result.status:
        raise RuntimeError(f"the bump failed: {result.stdout}{result.stderr}")
    return result.seconds


def by_hand(world: Deployments, folder: Path) -> float:
    """Bump with shell steps and return the seconds."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "API_URL": world.github.api_url,
        "SERVER_URL": world.github.server_url,
        "REPOSITORY": NAME,
        "TOKEN": world.token,
        "IMAGE": world.image,
        "IMAGE_TAG": world.new,
        "HUB": "data100",
    }
    return Command("the shell steps", (BY_HAND,), folder, environment).seconds()


def report(pairs: Sequence[tuple[Run, Run]], files: int, clone: Traffic) -> str:
    """Return the ratios, and what they are of."""
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    sizes = [mine.traffic.size / yours.traffic.size for mine, yours in pairs]
    times = [mine.seconds / yours.seconds for mine, yours in pairs]
    size, taken = f"{statistics.median(sizes):.3f}", f"{statistics.median(times):.2f}"
    lines = [
        f"a bump moves {size} of the bytes of the shell steps, in {taken} times the time, {len(pairs)} runs",
        f"  {COMMITS + 3:,} commits, {files} files; a full clone moves {clone.size:,} bytes",
        f"  bytes      {spread(sizes, '')}",
        f"  time       {spread(times, '')}",
        told("bump", ours),
        told("shell steps", theirs),
        "  The shell steps check nothing and find one shape of reference; the bump looks at its token, the",
        "  image, open pull requests and what changed in the image. Here, a request costs no latency.",
    ]
    return "\n".join(lines)


def told(name: str, runs: Sequence[Run]) -> str:
    """Return one side: what it asked for, and how long it took."""
    last = runs[-1].traffic
    size = statistics.median(run.traffic.size for run in runs)
    asked = f"{size:,.0f} bytes, {last.api_calls} API calls, {last.git_requests} git requests"
    return f"  {name}: {asked}, {spread([run.seconds for run in runs], ' s')}"
