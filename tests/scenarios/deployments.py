"""A deployments repository on a local GitHub, the repository of an image, and the image in a registry."""

import base64
import itertools
import signal
import subprocess
import tempfile
import threading
import traceback
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import requests

from local_github import LocalGitHub
from local_github.calls import Call
from scenarios.action import KNOWN_COMMANDS, ROOT, Result, kill, run_action
from testbed.registry import Registry
from testbed.seed_image import seed_image

ACTION = ROOT / "actions" / "bump-datahub-tag"
NAME = "berkeley-dsep-infra/datahub"
IMAGE_NAME = "berkeley-dsep-infra/data100-user-image"
IMAGE_PATH = "ucb-datahub-2018/user-images/data100-user-image"
LOGIN = "hub-bot[bot]"
EMAIL = "41898282+github-actions[bot]@users.noreply.github.com"
Item = TypeVar("Item")
PUSHING = threading.Lock()
MAY_BUMP = {"contents": "write", "pull_requests": "write"}

HUBS = {
    "deployments/data100/hubploy.yaml": """\
images:
  images:
    - name: {image}:{old}
cluster:
  provider: gcloud
""",
    "deployments/stat20/hubploy.yaml": """\
images:
  image_name: {image}:{old}  # the tag before was {old}
""",
    "deployments/prob140/config/common.yaml": """\
jupyterhub:
  singleuser:
    image:
      name: {image}
      pullPolicy: Always
      tag: "{old}"
    memory: {{limit: 2G, guarantee: 1G}}
""",
    "deployments/dev/config/common.yaml": """\
jupyterhub:
  singleuser:
    profileList:
      - display_name: "Data 100 | new"
        kubespawner_override:
          image: {image}:{old}
      - display_name: Choose
        profile_options:
          image:
            choices:
              stable:
                display_name: Stable
                kubespawner_override:
                  image: {image}:PLACEHOLDER
    extraContainers:
      - name: sidecar
        image: {image}:{old}
""",
    "deployments/template/{{cookiecutter.hub_name}}/hubploy.yaml": """\
images:
  image_name: {image}:{old}
hub: {{{{cookiecutter.hub_name}}}}
""",
}
OTHERS = {
    "deployments/eecs/hubploy.yaml": "images:\n  image_name: {image}-03-26:{old}\n",
    "deployments/secrets/prod.yaml": "image: ENC[AES256_GCM,data:{old}]\nsops:\n  version: 3\n",
    "deployments/README.md": "The tag {old} is what data100 runs.\n",
    "docs/how-to.md": "# How to\n",
}
MOVED_HUBS = {"data100", "dev", "prob140", "stat20"}


def filled(files: Mapping[str, str], image: str, old: str) -> dict[str, bytes]:
    """Return files with the image and its tag filled in."""
    return {path: text.format(image=image, old=old).encode() for path, text in files.items()}


class Deployments:
    """The world of a bump: what it reads and writes, and all runs of the action in it."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        """Describe it; entering the context makes it."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.registry = registry
        self.github = LocalGitHub(folder / "github")
        self.image = f"{registry.host}/{IMAGE_PATH}"
        self.results: list[Result] = []
        self.secrets: set[str] = set()
        self.arguments: set[str] = set()
        self.killed = False
        self._hooks: dict[int, Callable[[Call], object]] = {}
        self._counted = itertools.count(1)
        self._lock = threading.Lock()
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Deployments":
        """Make the repositories, push the image, and serve."""
        self.github.__enter__()
        # Worlds share a registry: made of the same files in one second, they would have the same tags.
        environment = f"# {uuid.uuid4()}\ndependencies: []\n"
        self.images = self.github.create_repository(IMAGE_NAME, {"environment.yml": environment})
        self.old = self.images.commit({"apt.txt": b"git\n"}, "Install git")[:12]
        history = [
            ("Merge pull request #7 from alice/pandas\n\nAdd `pandas` <b>now</b> @alice", {"a.txt": b"1"}),
            ("Fix the build (#8)", {"a.txt": b"2"}),
        ]
        self.new = self.images.commit_all(history)[:12]
        files = filled({**HUBS, **OTHERS}, self.image, self.old)
        self.repository = self.github.create_repository(NAME, files, default_branch="staging")
        # Two uploads of one layer at the same time get in each other's way.
        with PUSHING:
            self.digest = self.registry.push(IMAGE_PATH, self.new, seed_image())
        self.token = self.new_token()
        self.github.create_user("alice")
        self.github.on_call(self._on_call)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; after a test that held, look for what no test may leave."""
        for process in self._running:
            kill(process)
        self.github.close()
        if error is None:
            self.check()

    # ---- setting up

    def new_token(self, **options: Any) -> str:
        """Return a token of the bot that may bump, unless the options say otherwise; it is a secret."""
        usual = {"login": LOGIN, "permissions": MAY_BUMP, "repositories": [NAME]}
        token = self.github.create_token(**{**usual, **options})
        self.secrets |= {token, base64.b64encode(f"x-access-token:{token}".encode()).decode()}
        return token

    def ask(self, method: str, path: str, token: str | None = None, **body: Any) -> Any:
        """Send a request to GitHub as somebody and return the answer."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        url = f"{self.github.api_url}/repos/{NAME}{path}"
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, url, json=body or None, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def older_pull(self, tag: str = "0123456789ab", *, token: str = "", image: str = "") -> int:
        """Open a pull request as the action would have done for an older tag; return its number."""
        branch = f"update-data100-image-tag-{tag}"
        self.repository.commit({f"deployments/{tag}.yaml": b"a: 1\n"}, "older bump", branch)
        body = f"text\n\n{self.marker(image)}"
        made = self.ask("POST", "/pulls", token, title="older", head=branch, base="staging", body=body)
        return int(made["number"])

    def marker(self, image: str = "") -> str:
        """Return the hidden text by which the action knows its pull requests for an image."""
        return f"<!-- hub-image-actions bump {image or self.image} -->"

    @property
    def branch(self) -> str:
        """The branch that a bump pushes by default."""
        return f"update-data100-image-tag-{self.new}"

    # ---- running

    def inputs(self, **given: str) -> dict[str, str]:
        """Return the inputs of a bump that ends well, with those given in their place."""
        usual = {"image": self.image, "tag": self.new, "hub": "data100", "token": self.token}
        return usual | {name.replace("_", "-"): text for name, text in given.items()}

    def bump(self, environ: Mapping[str, str] | None = None, /, **given: str) -> Result:
        """Run the action; inputs are given with `_` for `-`."""
        self._counted = itertools.count(1)
        return self.run(self.inputs(**given), environ)

    def run(
        self, inputs: Mapping[str, str], environ: Mapping[str, str] | None = None, action: Path = ACTION
    ) -> Result:
        """Run the action with exactly these inputs."""
        job = {
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
            "GITHUB_REPOSITORY": IMAGE_NAME,
            "GITHUB_RUN_ID": "77",
        }
        result = run_action(
            action,
            inputs,
            folder=Path(tempfile.mkdtemp(dir=self.folder)),
            environ={**job, **(environ or {})},
            started=self._running.append,
        )
        with self._lock:
            self.results.append(result)
        return result

    def at_call(self, number: int, hook: Callable[[Call], object]) -> None:
        """Have something done just before the call of that number in the next run is handled."""
        self._hooks[number] = hook

    def kill(self, *_: object) -> None:
        """End what is running, as a runner that is taken away does."""
        self.killed = True
        for process in self._running:
            kill(process)

    def interrupt(self, *_: object) -> None:
        """Ask what is running to end, as a runner does when its job is canceled."""
        for process in self._running:
            process.send_signal(signal.SIGINT)

    def calls(self) -> list[str]:
        """Return the names of all calls so far, and forget them."""
        names = [call.name for call in self.github.calls]
        self.github.calls.clear()
        return names

    def _on_call(self, call: Call) -> None:
        for process in self._running:
            self.arguments |= set(command_lines(process.pid))
        hook = self._hooks.pop(next(self._counted), None)
        if hook:
            hook(call)

    # ---- looking

    def files(self, revision: str) -> dict[str, str]:
        """Return all files of a branch or commit."""
        paths = self.repository.paths(revision)
        return {path: self.repository.read(revision, path).decode() for path in paths}

    def expected(self, base: str = "staging") -> dict[str, str]:
        """Return the files as a complete bump leaves them."""
        before = self.files(base)
        after = filled(HUBS, self.image, self.new)
        moved = {path: text.decode().replace("PLACEHOLDER", self.new) for path, text in after.items()}
        comment = {
            path: text.replace(f"before was {self.new}", f"before was {self.old}")
            for path, text in moved.items()
        }
        return before | comment

    def open_pulls(self) -> list[Any]:
        """Return the open pull requests of the deployments repository."""
        return [pull for pull in self.repository.pulls if pull.state == "open"]

    def assert_bumped(self, committer: str = EMAIL) -> None:
        """Check that there is one open pull request, with the right content, and one branch of it."""
        (pull,) = self.open_pulls()
        assert pull.head == self.branch
        assert self.files(pull.head_sha) == self.expected()
        assert self.marker() in pull.body
        (commit,) = pull.commits()
        assert commit.committer.email == committer
        assert committer != EMAIL or commit.author.email == EMAIL
        assert set(self.repository.branches()) == {"staging", self.branch}
        assert all(len(one.comments) <= 1 for one in self.repository.pulls)
        assert len([one for one in self.repository.pulls if one.head == self.branch]) == 1

    # ---- what no test may leave

    def check(self) -> None:
        """Check that GitHub found nothing wrong, and that no secret and no file was left anywhere."""
        # Of a run that is killed while it sends, half a request arrives.
        problems = [str(one) for one in self.github.problems if not (self.killed and "missing" in one.reason)]
        assert problems == []
        for result in self.results:
            assert {command.name for command in result.commands} <= KNOWN_COMMANDS, result.stdout
            assert self.killed or not result.left_behind
            shown = (result.log, result.stderr, result.raw_outputs, result.summary)
            assert not self._secrets_in("\n".join(shown)), result.stdout
        assert not self._secrets_in("\n".join(self.arguments))
        assert not self._secrets_in(everything_in(self.repository.git_dir))

    def _secrets_in(self, text: str) -> list[str]:
        return [secret[:8] for secret in self.secrets if secret in text]


def command_lines(pid: int) -> list[str]:
    """Return the command lines of a process and of all that it started and that still run."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [line, *itertools.chain.from_iterable(command_lines(int(child)) for child in children)]


def everything_in(git_dir: Path) -> str:
    """Return the content of all objects of a repository, and its refs."""
    content = ""
    for command in (["cat-file", "--batch-all-objects", "--batch"], ["for-each-ref"]):
        done = subprocess.run(["git", "-C", git_dir, *command], capture_output=True, check=True)
        content += done.stdout.decode(errors="replace")
    return content


def in_worlds(
    items: Iterable[Item],
    folder: Path,
    registry: Registry,
    attempt: Callable[[Deployments, Item], object],
    at_once: int = 8,
) -> dict[Item, str]:
    """Try something with each item in a world of its own, many at a time; return what went wrong."""

    def outcome(numbered: tuple[int, Item]) -> str:
        number, item = numbered
        try:
            with Deployments(folder / str(number), registry) as world:
                attempt(world, item)
        except Exception:  # noqa: BLE001  # whatever it is, the test fails with it
            return traceback.format_exc()
        return ""

    listed = list(items)
    with ThreadPoolExecutor(at_once) as pool:
        outcomes = pool.map(outcome, enumerate(listed))
        return {item: wrong for item, wrong in zip(listed, outcomes, strict=True) if wrong}
