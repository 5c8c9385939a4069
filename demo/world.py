"""Where the demonstration takes place: an image repository, the deployments, a registry, an engine."""

import datetime
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests

from hub_image_actions.deployments.bump import Bump
from hub_image_actions.deployments.holds import today
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.references import ImageName
from local_github import LocalGitHub
from local_github.pulls import Pull
from testbed.base_image import jupyter_base
from testbed.engine import Engine, RunningEngine, some_engine
from testbed.registry import Registry, TokenAuth
from testbed.seed_image import seed_image
from workflows.act import Act, Run, published
from workflows.image_repository import ACCOUNTS, ALL_RIGHTS, ImageRepository, Rights

FILES = Path(__file__).parent / "datahub"
HUB = "data101"
IMAGE = f"ucb-datahub-2018/user-images/{HUB}-user-image"
AUTHOR = "alice"
SECONDS = 30
NANOSECONDS = 1e9
# What the files below datahub/ hold in place of what only a run knows.
WRITTEN_HOST, WRITTEN_TAG, WRITTEN_OLDER_TAG = "registry.example.org", "3f1c9a7be210", "b06d5e41f7aa"
WRITTEN_DIGEST, WRITTEN_DAY = "sha256:" + "0" * 64, "2026-12-18"
HOLD_DAYS = 25
_LAST_EXPORT = re.compile(r"(?:.*\n)*(?:# )?export .*\n")
_TEST = '''\
"""What the labs find in their environment."""

import os


def test_numerical_libraries_take_{word}_threads():
    assert os.environ["OMP_NUM_THREADS"] == "{value}"
'''


class StepFailed(RuntimeError):
    """A workflow ended in another way than the story has it; the text is its log."""


@dataclass(frozen=True)
class Change:
    """A pull request in the image repository, which gives the image a variable.

    Attributes:
        branch: its branch.
        title: its title.
        name: the variable's name.
        value: the variable's value.
        files: what else it changes.
    """

    branch: str
    title: str
    name: str
    value: str
    files: Mapping[str, str] = field(default_factory=dict)

    def start(self, text: str) -> str:
        """Return the script `start` with the variable set."""
        line = f"export {self.name}={self.value}\n"
        if f"export {self.name}=" in text:
            return re.sub(rf"export {self.name}=.*\n", line, text)
        found = _LAST_EXPORT.match(text)
        if found is None:
            raise ValueError("the template's `start` shows no export")
        return text[: found.end()] + line + text[found.end() :]


def _threads(branch: str, title: str, value: str, word: str) -> Change:
    test = {"image-tests/test_threads.py": _TEST.format(value=value, word=word)}
    return Change(branch, title, "OMP_NUM_THREADS", value, test)


# Merged and built before the demonstration begins; some hubs are still at the first.
HISTORY = (
    Change("time-zone", "Set the time zone of the campus", "TZ", "America/Los_Angeles"),
    Change("lab-data", "Tell the labs where their data are", "DATA101_DATA", "/srv/data101"),
)
CHANGE = _threads("two-threads", "Limit numerical libraries to two threads", "2", "two")
LATER_CHANGE = _threads("four-threads", "Allow four threads: the matrix lab took too long", "4", "four")


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
            tag = self.merge(self.propose(change))
            # Not built: a layer with the one file that differs stands for the image.
            script = self.repository.read("main", "start")
            self.registry.push(self.image, tag, seed_image({"srv/repo/start": script}))
            self.history.append(tag)
        older, current = self.history
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
        start = change.start(self.repository.read("main", "start").decode())
        files: dict[str, Any] = {"start": ("100755", start.encode())}
        files |= {name: text.encode() for name, text in change.files.items()}
        author = f"{AUTHOR.capitalize()} <{AUTHOR}@example.org>"
        self.repository.commit(files, change.title, change.branch, author)
        self._ask("POST", "pulls", {"title": change.title, "head": change.branch, "base": "main"})
        return self.repository.pulls[-1]

    def merge(self, pull: Pull) -> str:
        """Merge a pull request and return the tag that the image of its commit has."""
        commit: str = self._ask("PUT", f"pulls/{pull.number}/merge", {})["sha"]
        return commit[:12]

    def _ask(self, method: str, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        token = self.github.create_token(login=AUTHOR, kind="personal")
        self.tokens.append(token)
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "demo"}
        url = f"{self.github.api_url}/repos/{self.name}/{path}"
        response = requests.request(method, url, json=dict(body), headers=headers, timeout=SECONDS)
        response.raise_for_status()
        return dict(response.json())

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
        auth = TokenAuth(ACCOUNTS, public=("testbed/*",))
        registry = stack.enter_context(Registry(folder / "registry", auth=auth))
        engine = stack.enter_context(some_engine(folder / "engine"))
        stack.callback(_remove_images, engine, registry.host)
        base = jupyter_base().push(registry)
        # It takes ten seconds of one processor; the first build needs it later than that, or waits for it.
        pulled = stack.enter_context(ThreadPoolExecutor(1)).submit(engine.docker, "pull", "--quiet", base)
        for name in ("act", "docker", "temp"):
            (folder / name).mkdir()
        environment = {
            "GITHUB_API_URL": github.api_url,
            "GITHUB_SERVER_URL": github.server_url,
            "STAND_IN_APP": str(folder / "app.json"),
            **engine.environment,
            "DOCKER_CONFIG": str(folder / "docker"),
        }
        act = Act(folder / "act", published(folder / "actions"), environment, kept=folder / "temp")
        yield World(folder, github, registry, base, act, HUB)
        pulled.result()


def _remove_images(engine: RunningEngine, host: str) -> None:
    """Remove what was built in an engine that goes on."""
    if isinstance(engine, Engine):
        return
    names = engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    if ours := [name for name in names if name.startswith(f"{host}/")]:
        engine.docker("rmi", "--force", *ours)
