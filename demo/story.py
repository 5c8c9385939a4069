"""The demonstration's story: from a change of an image to the hubs that run it, told on a terminal."""

import argparse
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from pathlib import Path

from demo import pages
from demo.pages import Stop
from demo.screen import Screen
from demo.terminal import BOLD, DIM, Painter
from demo.world import (
    CHANGE,
    HISTORY,
    LAST,
    Change,
    StepFailed,
    World,
    new_world,
    ways_to_name_the_image,
    with_dockerfile,
)
from hub_image_actions.packages.package_list import PackageList
from local_github import LocalGitHub
from local_github.pulls import Pull
from local_github.repository import Repository
from testbed.__main__ import prepare_images
from testbed.process import ProgramError

TITLE = "From a change of an image to the hubs that run it"
DESCRIPTION = (
    "Shows how a pull request in an image repository is built and tested, how the image gets into the "
    "registry, and how a pull request in the deployments repository moves the hubs to it. The template's own "
    "workflows run, with a GitHub, a registry and a Docker engine on this machine for as long as it takes; "
    "nothing is changed outside it."
)
OUTPUT = Path(__file__).parent / "pages"
MINUTES = 15
# After so long, whoever waits is told for what.
PATIENCE = 3
# What is folded away in comments, and shown here nevertheless where they are short.
PACKAGE_LISTS = ("Added", "Upgraded")
WIDTHS = (72, 120)
MEBIBYTE = 1 << 20
LABEL = "org.opencontainers.image."
LAYERS = re.compile(r"layers: [^\n\"]*")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Trail:
    """The way through the pages that are kept, in the order of the story.

    Args:
        world: where the story takes place.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.stops: list[Stop] = []

    def stop(self, title: str, there: Repository | Pull, about: str = "") -> None:
        """Add a repository or a pull request to the way through the pages."""
        path = f"/{there.full_name}" if isinstance(there, Repository) else pull_path(there)
        self.stops.append(Stop(title, path, about))

    def stop_at_run(self, title: str) -> None:
        """Add the last run to the way through the pages."""
        ended = self.world.ended[-1]
        path = f"/{self.world.name}/actions/runs/{ended.number}/attempts/{ended.attempt}"
        self.stops.append(Stop(title, path, f"{ended.workflow}, {ended.seconds:.0f} s"))


class Demonstration:
    """The story.

    Args:
        world: where it takes place.
        screen: where it is told.
    """

    def __init__(self, world: World, screen: Screen) -> None:
        self.world = world
        self.screen = screen
        self.trail = Trail(world)
        pages.add_pages(world)

    def tell(self) -> None:
        """Tell it from beginning to end: a change of conda's packages, then, shorter, a Dockerfile."""
        self.show_repositories()
        self.build_first()
        self.show_pull_request("The pull request in the deployments repository, as its reader sees it")
        self.show_diff()
        self.merge_hubs()
        pull = self.change(CHANGE, "A pull request raises a version in environment.yml, and adds a package")
        self.test(
            pull,
            "Its workflow builds the image, runs image-tests/ in it, and starts it as a hub would; "
            "it is kept among the candidates, with a key that opens nothing that hubs use",
            "What comes before the packages is taken from the last build, the packages are not",
            PACKAGE_LISTS,
        )
        self.badge(pull)
        tag = self.merge(pull)
        self.show_image(tag)
        self.show_pull_request("The hubs' next pull request: what changes in the packages", PACKAGE_LISTS)
        self.push_again()
        self.build_on_dockerfile()

    def show_repositories(self) -> None:
        """Show both repositories as they are when the story begins."""
        world = self.world
        self.screen.step("An image repository is made from template/, and told its hub, image and registry")
        names = world.repository.paths("main")
        self.screen.prose(", ".join(name for name in names if not name.startswith(".github/workflows/")), DIM)
        workflows = ", ".join(Path(name).name for name in names if "/workflows/" in name)
        self.screen.prose(f"Its workflows: {workflows}", DIM)
        self.screen.pairs(world.variables)
        self.screen.prose(
            "The template's files are as they are, and repo2docker builds the image from environment.yml. "
            "Containers find a small conda-forge and a small archive of Debian on this machine: CPython and "
            "Python's packages are real ones, packed anew; C libraries among conda's are empty; and what "
            "stands in for micromamba solves and installs by rattler, another implementation of conda."
        )
        self.trail.stop("The image repository, made from the template", world.repository)
        self.screen.step("The deployments repository: a dozen hubs, each naming the image in its own way")
        self.screen.pairs(ways_to_name_the_image())
        older, current = world.history
        self.screen.prose(
            f"Most are at {current}, the image of #{len(HISTORY)} in the image repository; "
            f"some still at {older}, that of #1. Both are tiny here."
        )
        self.trail.stop("The deployments repository, with a dozen hubs", world.deployments)

    def build_first(self) -> None:
        """Build what was merged last, of which no pull request kept an image."""
        self.screen.step(
            f"#{len(HISTORY) + 1} was merged, and no image of it was kept: it is built from nothing"
        )
        self.screen.say(LAST.title, BOLD)
        say_long(self.screen, "Some 190 of conda's packages are fetched and linked")
        self.world.push()
        self.screen.run(self.world.ended[-1])
        self.trail.stop_at_run("Built from nothing, tested and pushed: the log")

    def merge_hubs(self) -> None:
        """Merge the pull request in the deployments repository."""
        pull = self.pulls[-1]
        self.screen.step("It is merged: the hubs are at the new image")
        self.world.merge(pull)
        say_pull(self.screen, pull)

    def change(self, change: Change, title: str) -> Pull:
        """Open a pull request that changes the image."""
        self.screen.step(title)
        pull = self.world.propose(change)
        say_pull(self.screen, pull)
        self.screen.diff(difference(self.world.repository, pull))
        return pull

    def test(self, pull: Pull, title: str, long: str = "", unfolded: Iterable[str] = ()) -> None:
        """Run what builds and tests a pull request, and show its comment."""
        self.screen.step(title)
        if long:
            say_long(self.screen, long)
        self.world.on_pull_request(pull, "opened", "test.yaml")
        self.screen.run(self.world.ended[-1])
        self.screen.say("The pull request says what happened:")
        # The result comes first; behind it comes the badge, for which Binder may not pull this image.
        self.screen.markdown(pull.comments[0].body, unfolded)
        self.trail.stop_at_run(f"{pull.title}: built and tested, the log")

    def badge(self, pull: Pull) -> None:
        """Run what adds a badge to a pull request, and show its comment."""
        self.screen.step("Another workflow keeps one comment with a badge that opens the change on Binder")
        self.world.on_pull_request(pull, "opened", "binder.yaml")
        self.screen.run(self.world.ended[-1])
        self.screen.markdown(pull.comments[-1].body)
        self.screen.prose(
            f"The badge leads to {address(pull.comments[-1].body)}; on github.com, to /v2/gh/ and a public "
            "repository.",
            DIM,
        )
        self.trail.stop_at_run("A badge is put on the pull request: the log")
        self.trail.stop(f"The pull request: {pull.title}", pull, "with the test's result and the badge")

    def merge(self, pull: Pull) -> str:
        """Merge the pull request, run what that runs, and return the new tag."""
        self.screen.step(
            "It is merged: the image that was tested is taken from the candidates and gets its tag, nothing "
            "is built again, and the hubs' pull request is opened"
        )
        tag = self.world.merge(pull)[:12]
        self.world.push()
        self.screen.run(self.world.ended[-1])
        if brought := LAYERS.search(self.world.ended[-1].run.log):
            self.screen.prose(f"How the candidate came to the images that hubs use: {brought[0]}.")
        self.trail.stop_at_run("Merged, and so promoted: the log")
        return tag

    def show_image(self, tag: str) -> None:
        """Show what was pushed."""
        self.screen.step("The image is in the registry: what later jobs get is its tag and its digest")
        image = self.world.pushed_image(tag)
        size = sum(size for _, size in image.layers)
        packages = PackageList.from_labels(image.labels) or PackageList()
        self.screen.pairs(
            {
                "image": image.reference,
                "digest": image.digest,
                "layers": f"{len(image.layers)}, together {size / MEBIBYTE:.0f} MiB compressed",
                "packages": f"{len(packages)}, of which conda's {len(packages.of(['conda']))}",
                **{name: image.labels[LABEL + name] for name in ("source", "revision", "created")},
            }
        )
        path = f"/{self.world.name}/image/{tag}"
        self.trail.stops.append(Stop(f"The image in the registry: {tag}", path, image.digest))

    def show_pull_request(self, title: str, unfolded: Iterable[str] = ()) -> None:
        """Show the newest pull request in the deployments repository."""
        pull = self.pulls[-1]
        self.screen.step(title)
        say_pull(self.screen, pull)
        self.screen.markdown(pull.body or "", unfolded)
        self.trail.stop(f"The deployments' pull request: {pull.title}", pull)

    def show_diff(self) -> None:
        """Show what that pull request changes, line by line."""
        pull = self.pulls[-1]
        count = len(pull.files())
        self.screen.step(f"What it changes: {count} files, and in them nothing but the tags, and a digest")
        self.screen.diff(difference(self.world.deployments, pull))

    def push_again(self) -> None:
        """Run the workflow a second time, and show that nothing is done twice."""
        self.screen.step("The same run again, as after “Re-run all jobs”: nothing is done twice")
        before = state(self.world)
        self.world.push_again()
        ended = self.world.ended[-1]
        self.screen.run(ended)
        self.screen.prose(notices(ended.run.entries))
        self.screen.prose(f"{summed_up(self.world)}; {compared(before, state(self.world))}.")
        self.trail.stop_at_run("The same run again, which does nothing twice: the log")

    def build_on_dockerfile(self) -> None:
        """Show the second way to make an image, and that a newer bump takes the place of an older one."""
        pull = self.change(
            with_dockerfile(self.world),
            "Second act: a Dockerfile in place of conda's packages, on a base image made on this machine",
        )
        self.test(pull, "The same workflow builds with Docker, and is done sooner")
        self.screen.step("It is merged before the hubs' pull request was: the new one takes its place")
        self.world.merge(pull)
        self.world.push()
        self.screen.run(self.world.ended[-1])
        self.trail.stop_at_run("The Dockerfile's image, merged and promoted: the log")
        for one in self.pulls:
            self.screen.say(f"#{one.number} {one.title:<44} {'merged' if one.merged else one.state}")
            for comment in one.comments:
                self.screen.say(f"   {comment.user.login}: {comment.body.splitlines()[0]}", DIM)
        self.screen.say(f"{summed_up(self.world)}; the older branch is deleted.")
        self.trail.stop("The pull request that takes its place", self.pulls[-1], self.pulls[-1].title)

    @property
    def pulls(self) -> list[Pull]:
        """The pull requests in the deployments repository."""
        return self.world.deployments.pulls


def say_pull(screen: Screen, pull: Pull) -> None:
    """Write whose pull request it is, and what it is called."""
    screen.say(f"{pull.title} #{pull.number}", BOLD)
    screen.say(f"{pull.user.login} → {pull.base} of {pull.repository.full_name}", DIM)


def say_long(screen: Screen, what: str) -> None:
    """Say what takes so long before it does."""
    screen.say(f"{what}; this takes a few minutes …", DIM)


def summed_up(world: World) -> str:
    """Return how many pull requests and branches there are in the deployments."""
    pulls = sum(pull.state == "open" for pull in world.deployments.pulls)
    branches = len(world.deployments.branches()) - 1
    return f"{pulls} open pull request, {branches} branch beside staging"


def state(world: World) -> tuple[str, str]:
    """Return all that a second run could change: names and texts; digests and commits."""
    pulls = [
        (pull.number, pull.title, pull.body, pull.state, len(pull.comments))
        for pull in world.deployments.pulls
    ]
    pushed = [world.registry.digest(world.image, tag) for tag in world.image_tags()]
    commits = world.deployments.branches()
    return str((sorted(world.image_tags()), sorted(commits), pulls)), str((pushed, commits))


def pull_path(pull: Pull) -> str:
    """Return the path of a pull request's page."""
    return f"/{pull.repository.full_name}/pull/{pull.number}"


def address(markdown: str) -> str:
    """Return where a badge leads."""
    return markdown.partition("](https://mybinder.org/badge")[2].partition("](")[2].partition(")")[0]


def compared(before: tuple[str, str], after: tuple[str, str]) -> str:
    """Say what a second run changed of the names and texts, and of the digests and commits."""
    if before == after:
        return "digests, branches, commits and texts are as they were"
    if DIGEST.sub("", before[0]) == DIGEST.sub("", after[0]):
        return "the image was built anew, so its digest is another here and there; the rest is as it was"
    return "more CHANGED than it should"


def difference(repository: Repository, pull: Pull) -> str:
    """Return what a pull request changes, as git says it."""
    command = ["git", "-C", str(repository.git_dir), "diff", "--unified=0", pull.base_sha, pull.head_sha]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout  # noqa: S603  # two commits of a repository that was made here


def notices(entries: Iterable[object]) -> str:
    """Return the notices that a run ended with."""
    return "\n".join(
        str(entry.get("arg", ""))
        for entry in entries
        if isinstance(entry, dict) and entry.get("command") == "notice"
    )


def look_further(
    demonstration: Demonstration, github: LocalGitHub, output: Path, begin: float, stay: float
) -> None:
    """Keep the pages as files, say where all is, and keep the local GitHub up for some seconds."""
    screen = demonstration.screen
    start = pages.keep(github.server_url, output, TITLE, demonstration.trail.stops)
    screen.step("Look further: click through what happened")
    screen.pairs({"pages": str(start)})
    if stay:
        live = {f"the hubs' #{one.number}": github.server_url + pull_path(one) for one in demonstration.pulls}
        screen.pairs({"live": github.server_url, **live})
    screen.say(f"All of this took {time.monotonic() - begin:.0f} s.", DIM)
    if stay:
        screen.say(f"The live pages stay up until you press Enter, for at most {stay / 60:g} min.", BOLD)
        wait(stay)


def wait(seconds: float) -> None:
    """Wait for Enter, Ctrl-C or the end of the time."""
    try:
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        if ready:
            sys.stdin.readline()
    except KeyboardInterrupt:
        print()


def parse_arguments(arguments: Iterable[str]) -> argparse.Namespace:
    """Return the options; wrong ones end the process with status 2."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=DESCRIPTION)
    parser.add_argument(
        "--no-wait", action="store_true", help="end at once; without a terminal it always does"
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=MINUTES,
        metavar="N",
        help="keep the pages up for N minutes [%(default)s]",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=OUTPUT,
        metavar="DIR",
        help="where the pages are kept as files [demo/pages]",
    )
    return parser.parse_args(list(arguments))


def main() -> int:
    """Show it and return the exit status."""
    options = parse_arguments(sys.argv[1:])
    terminal = sys.stdout.isatty()
    width = min(max(shutil.get_terminal_size((100, 24)).columns, WIDTHS[0]), WIDTHS[1])
    screen = Screen(Painter(terminal and "NO_COLOR" not in os.environ), width)
    stay = options.minutes * 60 if terminal and sys.stdin.isatty() and not options.no_wait else 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Ended in the regular way, so that all that was started ends and its folder goes.
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        set_up(screen)
        return demonstrate(screen, options.output, stay)
    except KeyboardInterrupt:
        print()
        return 130
    except (ProgramError, StepFailed) as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1


def set_up(screen: Screen) -> None:
    """Make what images are made of, and say so where that takes time, as it does once.

    Raises:
        ProgramError: a part cannot be fetched or made.
    """
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(prepare_images)
        if not wait_for([made], PATIENCE).done:
            screen.say("What images are made of is fetched and packed, once; this takes some minutes …")
        made.result()


def demonstrate(screen: Screen, output: Path, stay: float) -> int:
    """Start what it takes, tell the story, keep its pages, and return the exit status.

    Raises:
        ProgramError: something that it takes cannot be started.
        StepFailed: a workflow failed.
    """
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, LocalGitHub(Path(folder, "github")) as github:
        screen.step("A GitHub, an image registry and a Docker engine start on this machine")
        with new_world(github) as world:
            screen.pairs(
                {
                    "GitHub": f"{github.server_url}, with git, REST API and pages",
                    "registry": f"{world.registry.host}, which wants a login",
                    "runner": "act: the template's workflow files as they are, this project's actions",
                    "packages": "a small conda-forge and Debian archive, which the engine's containers find",
                }
            )
            demonstration = Demonstration(world, screen)
            demonstration.tell()
            leaked = world.leaked()
            screen.end_step()
            screen.say("Registry and engine end …", DIM)
        look_further(demonstration, github, output, begin, stay)
    # What was asked in a way that GitHub would not understand, and lines of logs that hold a secret.
    wrong = [*github.problems, *leaked]
    print(*wrong, sep="\n", end="\n" * bool(wrong), file=sys.stderr)
    return 1 if wrong else 0
