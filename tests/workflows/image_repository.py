"""An image repository made from the template, its deployments, and what happens to them."""

import json
import re
import shutil
import string
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from ruamel.yaml import YAML

from hub_image_actions.references import DEFAULT_REGISTRY
from local_github import LocalGitHub, run_objects
from local_github.pulls import Pull
from local_github.repository import Repository
from local_github.runs import Run as GitHubRun
from local_github.runs import workflows
from testbed.engine import RunningEngine
from testbed.registry import Registry
from testbed.token_server import Account
from workflows.act import ROOT, Act, Run

TEMPLATE = ROOT / "template"
EVENTS = Path(__file__).with_name("events")
OWNER = "berkeley-dsep-infra"
DEPLOYMENTS = "berkeley-dsep-infra/datahub"
# A key as Artifact Registry has it: several lines, of which each is a secret.
KEY = json.dumps({"type": "service_account", "private_key": "-----BEGIN-----\nc2VjcmV0-of-it\n"}, indent=2)
# What opens the repositories of candidates, and nothing else.
CANDIDATES_KEY = "key-that-opens-candidates-alone"
APP = {"APP_ID": "1234567", "PRIVATE_KEY_SECRET": "-----BEGIN KEY-----\nc2VjcmV0LW9mLXRoZS1hcHA\n"}
SECRETS = {"GAR_SECRET_KEY": KEY, "CANDIDATES_KEY": CANDIDATES_KEY, **APP}
# Who may do what in the registry: only the workflow of pushes has the first.
ACCOUNTS = {
    "_json_key": Account(KEY),
    "candidates": Account(CANDIDATES_KEY, repositories=("ucb-datahub-2018/candidates/*",)),
}
# What only a public registry could give: the test bed's own base image has it already.
# What pip installed in the base image that the Dockerfile builds on.
ENVIRONMENT = (
    "dependencies:\n  - pip:\n      - jupyterhub==6.1.*\n      - jupyterlab==4.6.*\n      - pytest==9.*\n"
)
DOCKERFILE = """\
FROM {base}
COPY --chown=1000 . /srv/repo
USER 1000
ENTRYPOINT ["/srv/repo/start"]
"""
BEFORE = "511c4637d702"
DEPENDABOT = "dependabot[bot]"
# The hub whose image everybody may pull.
PUBLIC_HUB = "stat88"
HUBS = {
    "deployments/{hub}/hubploy.yaml": "images:\n  images:\n    - name: {image}:{tag}\n",
    "deployments/prob140/config/common.yaml": """\
jupyterhub:
  singleuser:
    image:
      name: {image}
      tag: "{tag}"  # the image of {hub}
""",
    "deployments/eecs/hubploy.yaml": "images:\n  image_name: {image}-old:{tag}\n",
}


@dataclass(frozen=True)
class Rights:
    """What GitHub gives a run of a workflow.

    Args:
        variables: whether it sees the repository's variables.
        secrets: whether it sees the repository's secrets.
        read_only: whether its token may only read, whatever the workflow asks for.
    """

    variables: bool = True
    secrets: bool = True
    read_only: bool = False

    @classmethod
    def of_fork(cls) -> "Rights":
        """Return what a run of a fork's pull request gets: nothing of the repository's."""
        return cls(variables=False, secrets=False, read_only=True)

    @classmethod
    def of_dependabot(cls) -> "Rights":
        """Return what Dependabot's gets: its secrets are others, of which there are none here.

        Source: "Troubleshooting Dependabot on GitHub Actions" in GitHub's documentation.
        """
        return cls(secrets=False, read_only=True)


ALL_RIGHTS = Rights()


@dataclass(frozen=True)
class Setup:
    """How an image repository is set up, where it is not as the template has it.

    Args:
        owner: who owns it.
        repository: what it is called, if it is not called for its hub.
        files: its files, in place of the template's.
        deployments: the repository of its hubs.
        hubs: the files of that repository.
        host: the registry's host as the hubs write it; where the images go if it is empty.
        variables: more variables.
        secrets: its secrets.
        app: what is asked for the App's token in another way than the template does.
        named: whether the workflows' text names the image, for runs that see no variables.
        as_it_is: whether the template's files stay as they are, byte for byte; otherwise a Dockerfile puts
            them on the base image, which takes less time than conda's packages.
    """

    owner: str = OWNER
    repository: str = ""
    files: Mapping[str, Any] = field(default_factory=dict)
    deployments: str = DEPLOYMENTS
    hubs: Mapping[str, str] = field(default_factory=lambda: HUBS)
    host: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=lambda: dict(SECRETS))
    app: Mapping[str, str] = field(default_factory=dict)
    named: bool = False
    as_it_is: bool = False


@dataclass
class ImageRepository:
    """The repository, what it is configured with, and all runs of its workflows.

    Args:
        folder: for checkouts.
        github: where it is.
        registry: where its images go.
        base: the reference of the base image of the Dockerfile; empty where there is none.
        act: what runs its workflows.
        hub: the hub that the image is for.
        tests: the image's tests; the template's own if there are none.
        setup: how it is set up.
    """

    folder: Path
    github: LocalGitHub
    registry: Registry
    base: str
    act: Act
    hub: str = "data100"
    tests: Mapping[str, bytes] = field(default_factory=dict)
    setup: Setup = field(default_factory=Setup)
    runs: list[Run] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = f"{self.setup.owner}/{self.setup.repository or f'{self.hub}-user-image'}"
        self.image = f"ucb-datahub-2018/user-images/{self.hub}-user-image"
        self.repository = self.github.create_repository(self.name, self.files())
        self.deployments = self.github.create_repository(
            self.setup.deployments, self.hubs(), default_branch="staging"
        )
        self.candidates = f"ucb-datahub-2018/candidates/{self.hub}-user-image"
        names = {"HUB": self.hub, "IMAGE": self.image, "REGISTRY": self.registry.host}
        names |= {"CANDIDATES": self.candidates, "CANDIDATES_USERNAME": "candidates"}
        self.variables = {**names, **self.setup.variables}
        self.secrets = dict(self.setup.secrets)
        self._register_app()

    def files(self) -> dict[str, Any]:
        """Return the repository's files, with other tests where there are any."""
        if self.setup.as_it_is:
            return self.template_files() | dict(self.tests)
        files = dict(self.setup.files) or self.adapted(self.template_files())
        return files | dict(self.tests) | {"Dockerfile": self.dockerfile()}

    def dockerfile(self) -> bytes:
        """Return what puts the repository on the base image."""
        return DOCKERFILE.format(base=self.base).encode()

    def template_files(self) -> dict[str, Any]:
        """Return the template's files, without its tests where there are others."""
        files: dict[str, Any] = {}
        for path in sorted(TEMPLATE.rglob("*")):
            name = str(path.relative_to(TEMPLATE))
            left_out = "__pycache__" in path.parts or (self.tests and name.startswith("image-tests/"))
            if path.is_file() and not left_out:
                content = path.read_bytes()
                files[name] = ("100755", content) if path.stat().st_mode & 0o100 else content
        return files

    def adapted(self, files: Mapping[str, Any]) -> dict[str, Any]:
        """Return the template's files as they are where the Dockerfile is."""
        adapted = {
            name: self.written(content) if isinstance(content, bytes) else content
            for name, content in files.items()
        }
        return adapted | {"environment.yml": ENVIRONMENT.encode()}

    def written(self, content: bytes) -> bytes:
        """Return a file with what a repository writes into it for a fork's runs, which see no variables."""
        # Without the registry, they would ask one on the internet.
        registry, image = self.registry.host, self.image if self.setup.named else ""
        usual, own = f"vars.REGISTRY || '{DEFAULT_REGISTRY}'", f"vars.REGISTRY || '{registry}'"
        named = content.replace(b"vars.IMAGE || ''", f"vars.IMAGE || '{image}'".encode())
        return named.replace(usual.encode(), own.encode())

    def hubs(self) -> dict[str, bytes]:
        """Return the deployments' files."""
        host = self.setup.host or self.registry.host
        fill = {"image": f"{host}/{self.image}", "tag": BEFORE, "hub": self.hub}
        return {path.format(**fill): text.format(**fill).encode() for path, text in self.setup.hubs.items()}

    # ---- what happens

    def push(self, ref: str = "refs/heads/main", workflow: str = "build-push-open-pr.yaml") -> Run:
        """Run what a push of a branch or a tag runs."""
        sha = self.repository.branches()["main"]
        payload = self.payload("push", ref=ref, before="0" * 40, after=sha)
        checkout = self.checkout(sha)
        if ref.startswith("refs/tags/"):
            git("tag", ref.removeprefix("refs/tags/"), folder=checkout)
        return self.run("push", workflow, checkout, payload)

    def dispatch(self, workflow: str, **inputs: str) -> Run:
        """Run a workflow by hand, on main."""
        payload = self.payload("workflow_dispatch", inputs=json.dumps(inputs), workflow=workflow)
        return self.run(
            "workflow_dispatch", workflow, self.checkout(self.repository.branches()["main"]), payload
        )

    def open_pull_request(
        self,
        branch: str,
        files: Mapping[str, bytes],
        head: Repository | None = None,
        *,
        author: str = "alice",
        base: str = "main",
    ) -> Pull:
        """Open a pull request with one commit; from a fork, where one is given, and by its owner."""
        repository = head or self.repository
        if files:
            repository.commit(dict(files), f"Work on {branch}", branch=branch)
        author = repository.owner.login if head else author
        body = {"title": f"Work on {branch}", "head": f"{repository.owner.login}:{branch}", "base": base}
        self.ask("POST", f"{self.name}/pulls", body, author)
        return self.repository.pulls[-1]

    def merge(self, pull: Pull) -> str:
        """Merge a pull request, of the image or of the hubs, and return the merge's commit."""
        merged = self.ask("PUT", f"{pull.repository.full_name}/pulls/{pull.number}/merge", {})
        return str(merged["sha"])

    def ask(self, method: str, path: str, body: Mapping[str, Any], login: str = "alice") -> dict[str, Any]:
        """Ask GitHub for something about a repository, as somebody with a token of their own."""
        token = self.github.create_token(login=login, kind="personal")
        self.tokens.append(token)
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "somebody"}
        url = f"{self.github.api_url}/repos/{path}"
        answer = requests.request(method, url, json=dict(body), headers=headers, timeout=30)
        assert answer.ok, answer.text
        return dict(answer.json())

    def on_pull_request(self, pull: Pull, action: str, workflow: str) -> Run:
        """Run what something that happens to a pull request runs."""
        head = pull.head_repository or self.repository
        fork, by = head is not self.repository, pull.user.login
        payload = self.payload(
            "pull_request",
            action=action,
            number=pull.number,
            state="closed" if action == "closed" else "open",
            title=pull.title,
            head_owner=head.owner.login,
            head_ref=pull.head,
            head_sha=pull.head_sha,
            head_repository=head.full_name,
            base_sha=pull.base_sha,
            fork=json.dumps(fork),
        )
        if workflow == "binder.yaml":
            checkout = self.checkout(pull.base_sha)
            return self.run("pull_request_target", workflow, checkout, payload)
        rights = Rights.of_fork() if fork else Rights.of_dependabot() if by == DEPENDABOT else ALL_RIGHTS
        run = self.run("pull_request", workflow, self.merged(pull), payload, rights=rights, actor=by)
        made = self.repository.add_run(
            f".github/workflows/{workflow}",
            "pull_request",
            pull.head,
            pull.head_sha,
            conclusion="failure" if run.status else "success",
            actor=pull.user,
            head=head,
        )
        for name, content in run.artifacts.items():
            self.repository.add_artifact(made, name, content)
        return run

    def in_merge_queue(self, pull: Pull, workflow: str) -> Run:
        """Run what a merge queue asks for, and merge as it does: main is the very commit that was tested."""
        checkout = self.merged(pull)
        head = git("rev-parse", "HEAD", folder=checkout)
        ref = f"refs/heads/gh-readonly-queue/main/pr-{pull.number}-{pull.base_sha}"
        payload = self.payload("merge_group", head_sha=head, head_ref=ref, base_sha=pull.base_sha)
        run = self.run("merge_group", workflow, checkout, payload)
        if run.status == 0:
            to = str(self.repository.git_dir)
            git("push", "--quiet", to, f"{head}:refs/heads/main", folder=checkout)
        return run

    def on_completed_run(self, workflow: str, run: GitHubRun | None = None) -> Run:
        """Run what the end of another workflow's run starts: the last run's, unless one is given."""
        run = run or self.repository.runs[-1]
        known = next(one for one in workflows(self.repository) if one.path == run.workflow)
        payload = run_objects.completed_event(self.github.objects, self.repository, run, known)
        checkout = self.checkout(self.repository.branches()["main"])
        return self.run("workflow_run", workflow, checkout, payload, actor=run.actor.login)

    def payload(self, event: str, **values: Any) -> dict[str, Any]:
        """Return an event's payload."""
        usual = {
            "server": self.github.server_url,
            "base_repository": self.name,
            "base_owner": self.setup.owner,
            "base_name": self.repository.name,
        }
        text = (EVENTS / f"{event}.json").read_text(encoding="utf-8")
        filled: dict[str, Any] = json.loads(string.Template(text).substitute(usual | values))
        return filled

    def run(
        self,
        event: str,
        workflow: str,
        checkout: Path,
        payload: Mapping[str, Any],
        *,
        rights: Rights = ALL_RIGHTS,
        actor: str = "alice",
    ) -> Run:
        """Run a workflow of a checkout, with a token that may what the workflow asks for and no more."""
        # Each run has a machine of its own, on which nobody has logged in.
        (Path(self.act.environment["DOCKER_CONFIG"]) / "config.json").unlink(missing_ok=True)
        allowed = permissions(checkout / ".github/workflows" / workflow, read_only=rights.read_only)
        run = self.act.run(
            event,
            workflow,
            checkout=checkout,
            payload=payload,
            variables=self.variables if rights.variables else {},
            secrets={"GITHUB_TOKEN": self.token(allowed)} | (self.secrets if rights.secrets else {}),
            actor=actor,
        )
        self.runs.append(run)
        return run

    def checkout(self, sha: str) -> Path:
        """Return a new checkout of a commit of main."""
        folder = self.folder / f"checkout-{len(self.runs)}"
        git("clone", "--quiet", str(self.repository.git_dir), str(folder))
        git("checkout", "--quiet", "-B", "main", sha, folder=folder)
        # Where it came from tells act what it is called; nothing is asked there.
        git("remote", "set-url", "origin", f"https://github.com/{self.name}", folder=folder)
        return folder

    def merged(self, pull: Pull) -> Path:
        """Return a new checkout of a pull request merged into its base, which GitHub runs workflows on."""
        folder = self.checkout(pull.base_sha)
        head = pull.head_repository or self.repository
        git("fetch", "--quiet", str(head.git_dir), pull.head, folder=folder)
        someone = ("-c", "user.name=alice", "-c", "user.email=alice@example.org")
        git(*someone, "merge", "--quiet", "--no-ff", "--message", "Merge", "FETCH_HEAD", folder=folder)
        return folder

    def token(self, allowed: Mapping[str, str]) -> str:
        """Return a token as GitHub gives a job."""
        token = self.github.create_token(
            login="github-actions[bot]", kind="installation", permissions=allowed, repositories=[self.name]
        )
        self.tokens.append(token)
        return token

    def _register_app(self) -> None:
        token = self.github.create_token(
            login="hub-bot[bot]",
            kind="installation",
            permissions={"contents": "write", "pull_requests": "write"},
            repositories=[self.setup.deployments],
        )
        self.tokens.append(token)
        owner, _, name = self.setup.deployments.partition("/")
        asked = {
            "CLIENT_ID": APP["APP_ID"],
            "PRIVATE_KEY": APP["PRIVATE_KEY_SECRET"],
            "OWNER": owner,
            "REPOSITORIES": name,
            "PERMISSION_CONTENTS": "write",
            "PERMISSION_PULL_REQUESTS": "write",
            **self.setup.app,
        }
        registered = Path(self.act.environment["STAND_IN_APP"])
        registered.write_text(json.dumps({"asked": asked, "token": token}), encoding="utf-8")

    # ---- what is looked at

    def image_tags(self) -> set[str]:
        """Return the tags that the registry has of the image."""
        return set(self.registry.tags(self.image))

    def candidate_tags(self) -> set[str]:
        """Return the tags that the registry has of candidates."""
        return set(self.registry.tags(self.candidates))

    def leaked(self) -> list[str]:
        """Return the lines of all logs that hold a secret, or a part of one."""
        whole = [*self.tokens, KEY, CANDIDATES_KEY, *APP.values()]
        parts = {line.strip(' ",{}') for secret in whole for line in secret.splitlines()}
        secrets = {
            part for part in parts if len(part) > 12 and "BEGIN" not in part and "service_account" not in part
        }
        return [
            line for run in self.runs for line in run.log_lines if any(secret in line for secret in secrets)
        ]


def job_environment(folder: Path, github: LocalGitHub, engine: RunningEngine) -> dict[str, str]:
    """Return what every job has in its environment, and make the folder of its Docker client.

    Args:
        folder: for what goes with the repository.
        github: where the repository is.
        engine: the Docker engine of the runner.
    """
    settings = folder / "docker"
    settings.mkdir()
    engine.share_plugins(settings)
    return {
        "GITHUB_API_URL": github.api_url,
        "GITHUB_SERVER_URL": github.server_url,
        "STAND_IN_APP": str(folder / "app.json"),
        **engine.environment,
        "DOCKER_CONFIG": str(settings),
    }


def permissions(workflow: Path, *, read_only: bool = False) -> dict[str, str]:
    """Return what the jobs of a workflow may, all together; from a fork nobody may write."""
    declared = YAML(typ="safe", pure=True).load(workflow)
    allowed: dict[str, str] = {}
    for job in declared["jobs"].values():
        # Where nothing is said, a repository's token may read, as GitHub sets new ones up.
        for name, level in job.get("permissions", {"contents": "read"}).items():
            allowed[re.sub("-", "_", name)] = "read" if read_only else level
    return allowed


def git(*arguments: str, folder: Path | None = None) -> str:
    """Run git and return what it writes."""
    command = [shutil.which("git") or "git", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()
