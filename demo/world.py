"""Where the demonstration takes place: an image repository, the deployments, a registry, an engine."""

import datetime
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hub_image_actions.deployments.bump import Bump
from hub_image_actions.deployments.holds import today
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.references import ImageName
from local_github import LocalGitHub
from local_github.pulls import Pull
from testbed.base_image import jupyter_base
from testbed.cache import cache_folder
from testbed.conda_world import conda_world
from testbed.registry import Registry, TokenAuth
from testbed.seed_image import seed_image
from workflows.act import Act, Run, published
from workflows.image_repository import (
    ACCOUNTS,
    ALL_RIGHTS,
    ENVIRONMENT,
    ImageRepository,
    Rights,
    Setup,
    job_environment,
)

FILES = Path(__file__).parent / "datahub"
HUB = "data101"
IMAGE = f"ucb-datahub-2018/user-images/{HUB}-user-image"
AUTHOR = "alice"
NANOSECONDS = 1e9
# What the files below datahub/ hold in place of what only a run knows.
WRITTEN_HOST, WRITTEN_TAG, WRITTEN_OLDER_TAG = "registry.example.org", "3f1c9a7be210", "b06d5e41f7aa"
WRITTEN_DIGEST, WRITTEN_DAY = "sha256:" + "0" * 64, "2026-12-18"
HOLD_DAYS = 25
# Where the template's `start` says what goes there.
EXPORTS = "# export MY_COURSE_DATA=/srv/data\n"
# How old packages are told from what a pull request makes of them, in `environment.yml`.
CHECKED_LINKS, NEWER_LINKS = "  - nbgitpuller=1.2.*\n", "  - nbgitpuller=1.3.*\n"
COURSES = "  # What the courses need.\n"


class StepFailed(RuntimeError):
    """A workflow ended in another way than the story has it; the text is its log."""


@dataclass(frozen=True)
class Change:
    """A pull request in the image repository.

    Attributes:
        branch: its branch.
        title: its title.
        edits: what it changes: a file, a text in it, and what takes its place.
        files: the files that it writes anew.
    """

    branch: str
    title: str
    edits: tuple[tuple[str, str, str], ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    def edited(self, read: Callable[[str], bytes]) -> dict[str, bytes]:
        """Return the files that it changes, as they are after it.

        Args:
            read: returns a file as it is before.

        Raises:
            ValueError: a file does not hold what is to be changed.
        """
        changed: dict[str, str] = {}
        for path, old, new in self.edits:
            text = changed.get(path) or read(path).decode()
            if old not in text:
                raise ValueError(f"the template's {path} does not hold {old!r}")
            changed[path] = text.replace(old, new)
        return {path: text.encode() for path, text in changed.items()} | dict(self.files)


def _export(branch: str, title: str, line: str) -> Change:
    return Change(branch, title, (("start", EXPORTS, f"{EXPORTS}export {line}\n"),))


# Merged before the demonstration begins; of the images, some hubs are still at the first.
HISTORY = (
    _export("time-zone", "Set the time zone of the campus", "TZ=America/Los_Angeles"),
    _export("lab-data", "Tell the labs where their data are", "DATA101_DATA=/srv/data101"),
)
# Merged, too, and not yet built.
LAST = Change(
    "checked-links",
    "Stay with nbgitpuller 1.2 until the labs' links are checked",
    (("environment.yml", NEWER_LINKS, CHECKED_LINKS),),
)
CHANGE = Change(
    "humanize",
    "Raise nbgitpuller to 1.3, and add humanize for the labs",
    (
        ("environment.yml", CHECKED_LINKS, NEWER_LINKS),
        ("environment.yml", COURSES, f"{COURSES}  - humanize=4.17.*\n"),
    ),
)


def with_dockerfile(world: ImageRepository) -> Change:
    """Return the change by which a Dockerfile makes the image, in place of conda's packages."""
    files = {"Dockerfile": world.dockerfile(), "environment.yml": ENVIRONMENT.encode()}
    return Change("dockerfile", "Build on a base image of our own, by a Dockerfile", files=files)


@dataclass(frozen=True)
class Ended:
    """A run of a workflow that has ended.

    Attributes:
        number: the run's number.
        attempt: how often it was run, counted from 1.
        workflow: the workflow's file.
        event: what it ran for.
        run: what act told of it.
        seconds: how long it took.
    """

    number: int
    attempt: int
    workflow: str
    event: str
    run: Run
    seconds: float

    @property
    def jobs(self) -> dict[str, list[tuple[str, str, float]]]:
        """The steps of each job: name, result, seconds."""
        found: dict[str, list[tuple[str, str, float]]] = {}
        for entry in self.run.entries:
            if "stepResult" in entry and entry.get("stage") == "Main" and len(entry["stepID"]) == 1:
                seconds = entry.get("executionTime", 0) / NANOSECONDS
                found.setdefault(job_name(entry), []).append((entry["step"], entry["stepResult"], seconds))
        return found


def job_name(entry: Mapping[str, Any]) -> str:
    """Return the name of the job that a line of act's log belongs to; empty where to none."""
    return str(entry.get("job", "")).rpartition("/")[2].strip()


@dataclass(frozen=True)
class PushedImage:
    """What the registry has of an image.

    Attributes:
        reference: its reference.
        digest: its manifest's digest.
        layers: what made each layer, and its bytes as they are transferred.
        labels: its labels.
    """

    reference: str
    digest: str
    layers: tuple[tuple[str, int], ...]
    labels: Mapping[str, str]


@dataclass
class World(ImageRepository):
    """The image repository with a history, and the deployments of a dozen hubs.

    Args:
        ended: all runs of its workflows.
        history: the tags of the images that were built before.
        images: the images that its workflows pushed, by tag.
        again: the number of a run that is run once more.
    """

    ended: list[Ended] = field(default_factory=list)
    images: dict[str, PushedImage] = field(default_factory=dict)
    again: int = 0
    history: list[str] = field(default_factory=list)

    def hubs(self) -> dict[str, bytes]:
        """Return the deployments' files, their hubs at the images of the two merges before."""
        for change in HISTORY:
            tag = self.merge(self.propose(change))[:12]
            # Not built: a layer with the one file that differs stands for the image.
            script = self.repository.read("main", "start")
            self.registry.push(self.image, tag, seed_image({"srv/repo/start": script}))
            self.history.append(tag)
        older, current = self.history
        self.merge(self.propose(LAST))
        day = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=HOLD_DAYS)
        known = {
            WRITTEN_HOST: self.registry.host,
            WRITTEN_TAG: current,
            WRITTEN_OLDER_TAG: older,
            WRITTEN_DIGEST: self.registry.digest(self.image, current) or "",
            WRITTEN_DAY: day.isoformat(),
        }
        files = {path.relative_to(FILES).as_posix(): path for path in sorted(FILES.rglob("*"))}
        written = re.compile("|".join(map(re.escape, known)))
        return {
            name: written.sub(lambda found: known[found[0]], path.read_text(encoding="utf-8")).encode()
            for name, path in files.items()
            if path.is_file()
        }

    def propose(self, change: Change) -> Pull:
        """Open a pull request."""
        files: dict[str, Any] = change.edited(lambda path: self.repository.read("main", path))
        files |= {"start": ("100755", files["start"])} if "start" in files else {}
        author = f"{AUTHOR.capitalize()} <{AUTHOR}@example.org>"
        self.repository.commit(files, change.title, change.branch, author)
        body = {"title": change.title, "head": change.branch, "base": "main"}
        self.ask("POST", f"{self.name}/pulls", body)
        return self.repository.pulls[-1]

    def run(
        self,
        event: str,
        workflow: str,
        checkout: Path,
        payload: Mapping[str, Any],
        *,
        rights: Rights = ALL_RIGHTS,
        actor: str = AUTHOR,
    ) -> Run:
        """Run a workflow as the next run.

        Raises:
            StepFailed: it failed.
        """
        earlier = [one.number for one in self.ended]
        number = self.again or max(earlier, default=0) + 1
        acting = self.act
        self.act = replace(acting, environment={**acting.environment, "GITHUB_RUN_ID": str(number)})
        begin = time.monotonic()
        try:
            run = super().run(event, workflow, checkout, payload, rights=rights, actor=actor)
        finally:
            self.act = acting
        seconds = time.monotonic() - begin
        self.ended.append(Ended(number, earlier.count(number) + 1, workflow, event, run, seconds))
        if run.status:
            raise StepFailed(f"{workflow} ended with status {run.status}:\n{run.log}")
        return run

    def push_again(self) -> Run:
        """Run what the last push ran once more, under the same number, as GitHub does."""
        self.again = self.ended[-1].number
        try:
            return self.push()
        finally:
            self.again = 0

    def pushed_image(self, tag: str) -> PushedImage:
        """Return what the registry has under a tag, and keep it for the pages."""
        manifest = self.registry.image_manifest(self.image, tag)
        config = self.registry.image_config(self.image, tag)
        made_by = [step["created_by"] for step in config["history"] if not step.get("empty_layer")]
        sizes = [layer["size"] for layer in manifest["layers"]]
        self.images[tag] = PushedImage(
            f"{self.registry.host}/{self.image}:{tag}",
            self.registry.digest(self.image, tag) or "",
            tuple(zip(made_by, sizes, strict=True)),
            config["config"].get("Labels") or {},
        )
        return self.images[tag]


def ways_to_name_the_image() -> dict[str, str]:
    """Return for each hub how its files name the image."""
    plan = plan_bump(FILES, ["deployments"], Bump(ImageName(WRITTEN_HOST, IMAGE), "new", today()))
    ways: dict[str, list[str]] = {}
    for reference in plan.references:
        shape = reference.shape if reference.moved else f"{reference.shape} ({reference.reason})"
        ways.setdefault(reference.hub, []).append(shape)
    return {hub: ", ".join(dict.fromkeys(shapes)) for hub, shapes in ways.items()}


@contextmanager
def new_world(github: LocalGitHub) -> Iterator[World]:
    """Start a registry and an engine, and yield the world around them; both end with it.

    Raises:
        ProgramError: something of that cannot be fetched or started.
    """
    with ExitStack() as stack:
        # A socket's path must be short.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
        # Everybody may read the hubs' images, with which a pull request's run compares its own.
        auth = TokenAuth(ACCOUNTS, public=("testbed/*", IMAGE))
        registry = stack.enter_context(Registry(folder / "registry", auth=auth))
        machine = stack.enter_context(conda_world().machine(folder / "machine"))
        base = jupyter_base().push(registry)
        # It takes ten seconds of one processor; only the Dockerfile needs it, much later than that.
        pulled = stack.enter_context(ThreadPoolExecutor(1)).submit(
            machine.engine.docker, "pull", "--quiet", base
        )
        (folder / "act").mkdir()
        environment = job_environment(folder, github, machine.engine) | machine.variables
        # repo2docker is installed there once, and not for each demonstration.
        kept = cache_folder("scratch", "demo")
        act = Act(folder / "act", published(folder / "actions"), environment, kept=kept)
        world = World(folder, github, registry, base, act, HUB, setup=Setup(as_it_is=True))
        world.ask("PATCH", world.deployments.full_name, {"delete_branch_on_merge": True})
        yield world
        pulled.result()
