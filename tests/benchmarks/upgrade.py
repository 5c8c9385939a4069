"""Image repositories that are brought to a release, against a loop of git and curl over the same ones."""

import os
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measurement import Command, spread
from benchmarks.traffic import Traffic
from hub_image_actions.entry.command import open_http
from hub_image_actions.fleet.upgrade.goal import goal_of
from hub_image_actions.fleet.upgrade.rollout import Rollout
from hub_image_actions.fleet.upgrade.upgrade import Upgrade
from hub_image_actions.fleet.workflows.pins import OURS, Style
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.pace import Pace, PacedHttp
from local_github import LocalGitHub
from local_github.git import git
from local_github.repository import Content
from scenarios.upgrades import TAG, pinned, template

BEFORE = "1.3.2"
SIZES = (10, 100, 1_000)
COMPARED = SIZES[0]
HOUR = 3600.0
BY_HAND = Path(__file__).with_name("upgrade_by_hand.sh")


class Clock:
    """Passes only by sleeping, for both sides: an hour of waiting takes no time."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.now += seconds


@dataclass(frozen=True)
class Run:
    """How one upgrade of a fleet went.

    Args:
        seconds: how long it took here, without waiting.
        waited: how long it waited to keep to GitHub's limits, were this GitHub.
        traffic: what it asked for.
    """

    seconds: float
    waited: float
    traffic: Traffic


@dataclass(frozen=True)
class Fleet:
    """Image repositories that all pin the release before, on a GitHub that enforces its limits."""

    github: LocalGitHub
    clock: Clock
    token: str
    names: tuple[str, ...]

    def upgrade(self) -> tuple[Run, Counter[str]]:
        """Do what `scripts/upgrade-image-repos --apply` does; return how it went, and what of how many."""
        self.github.calls.clear()
        begun, before = time.perf_counter(), self.clock()
        with open_http() as http:
            paced = PacedHttp(http, Pace(sleep=self.clock.sleep, clock=self.clock))
            github = GitHub(paced, self.github.api_url, self.github.server_url, self.token)
            upgrade = Upgrade(github, goal_of(github, TAG), apply=True, with_builds=False)
            results = Rollout(upgrade, lambda items, _: iter(items)).at_once(self.names)
        run = Run(time.perf_counter() - begun, self.clock() - before, Traffic.of(self.github.calls))
        if self.github.problems:
            raise RuntimeError(f"GitHub did not like what it was asked: {self.github.problems}")
        return run, Counter(result.status for result in results)

    def by_hand(self, folder: Path) -> Run:
        """Do the same with git, sed and curl, without waiting for anything."""
        self.github.calls.clear()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "API_URL": self.github.api_url,
            "SERVER_URL": self.github.server_url,
            "TOKEN": self.token,
            "FROM": f"v{BEFORE}",
            "TO": TAG,
        }
        seconds = Command("the loop", (BY_HAND, *self.names), folder, environment).seconds()
        return Run(seconds, 0.0, Traffic.of(self.github.calls))


def upgrade(runs: int) -> str:
    """Upgrade fleets of three sizes; the smallest is compared with what a loop in a shell does."""
    pairs = [(upgraded(COMPARED), looped(COMPARED)) for _ in range((runs or 5) + 1)][1:]
    ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
    times = [mine.seconds / yours.seconds for mine, yours in pairs]
    paced = [(mine.seconds + mine.waited) / yours.seconds for mine, yours in pairs]
    taken = f"{statistics.median(times):.2f} times as long as a loop of git and curl, {len(pairs)} runs;"
    lines = [
        f"an upgrade of {COMPARED} repositories takes {taken}",
        f"{statistics.median(paced):.1f} times with the second that GitHub asks for between two changes",
        f"  ratio      {spread(times, '')}; with the waiting, {spread(paced, '')}",
        f"  upgrade: {asked(ours[-1])}, {spread([run.seconds for run in ours], ' s')}",
        f"  loop: {asked(theirs[-1])}, {spread([run.seconds for run in theirs], ' s')}",
        "  The loop moves pins and nothing else, waits for nothing, and fails when it is run again. What it",
        "  pushes by git counts in no limit of the API. All times hold the work of the local GitHub.",
        "within the limits that GitHub sets, one run each; the waiting is GitHub's, and is not slept here:",
    ]
    return "\n".join([*lines, *map(larger, SIZES)])


def looped(count: int) -> Run:
    """Return how the loop in a shell goes with a new fleet."""
    with fleet(count) as made, tempfile.TemporaryDirectory() as folder:
        run = made.by_hand(Path(folder))
        check(made, "upgrade")
        return run


def upgraded(count: int) -> Run:
    """Return how an upgrade goes with a new fleet."""
    with fleet(count) as made:
        run, statuses = made.upgrade()
        if statuses != {"opened": count}:
            raise RuntimeError(f"not all were upgraded: {statuses}")
        return run


def larger(count: int) -> str:
    """Return how an upgrade of a new fleet goes, and how the next one that finds all done."""
    with fleet(count) as made:
        first, opened = made.upgrade()
        # Right after the first, GitHub would still count what the first did.
        made.clock.sleep(HOUR)
        again, unchanged = made.upgrade()
        if (opened, unchanged) != ({"opened": count}, {"unchanged": count}):
            raise RuntimeError(f"not all were upgraded: {opened}, {unchanged}")
    return f"  {count:5,}: {told(first, count)}\n         again: {told(again, count)}"


def told(run: Run, count: int) -> str:
    """Return calls and times of one run."""
    waited = f"{run.waited / 60:.0f} minutes" if run.waited >= 60 else f"{run.waited:.0f} s"
    each = f"{run.traffic.api_calls / count:.1f} each"
    return (
        f"{asked(run)} ({each}), {run.seconds:.1f} s and {waited} of waiting, {run.traffic.refused} refused"
    )


def asked(run: Run) -> str:
    """Return what was asked for."""
    traffic = run.traffic
    git_requests = f", {traffic.git_requests} git requests" if traffic.git_requests else ""
    return f"{traffic.api_calls:,} API calls, {traffic.writes:,} of them writing{git_requests}"


def check(made: Fleet, branch: str) -> None:
    """Check that every repository has a pull request from a branch."""
    heads = [[pull.head for pull in one.pulls] for one in made.github.repositories.values()]
    if heads.count([branch]) != len(made.names):
        raise RuntimeError(f"not every repository has a pull request: {heads}")


@contextmanager
def fleet(count: int) -> Iterator[Fleet]:
    """Make a fleet: each repository with files of its own on disk, copied from the first."""
    clock = Clock()
    with (
        tempfile.TemporaryDirectory() as name,
        LocalGitHub(Path(name), secondary_limits=True, clock=clock) as github,
    ):
        release(github)
        first = github.create_repository("hubs/image-0", files=dict(pinned(Style.RELEASE, BEFORE)))
        for number in range(1, count):
            git_dir = first.git_dir.with_name(f"image-{number}.git")
            shutil.copytree(first.git_dir, git_dir)
            own = replace(
                first, id=github.next_id(), name=f"image-{number}", git_dir=git_dir, pulls=[], labels={}
            )
            github.repositories[own.full_name.lower()] = own
        names = tuple(f"hubs/image-{number}" for number in range(count))
        yield Fleet(github, clock, github.create_token("alice", "personal"), names)


def release(github: LocalGitHub) -> None:
    """Make the repository of the actions, with the release that is upgraded to."""
    files: dict[str, Content] = {f"template/{path}": content for path, content in template().items()}
    actions = github.create_repository(OURS, files=files)
    git(actions.git_dir, "tag", TAG, "main")
