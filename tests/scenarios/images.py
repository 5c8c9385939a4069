"""Repositories of user images, written for the tests, and a way to build them as a workflow does."""

import base64
import json
import os
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from local_github import LocalGitHub
from scenarios.action import KNOWN_COMMANDS, ROOT, SECONDS, Result, kill, run_action
from scenarios.deployments import command_lines
from testbed.engine import RunningEngine
from testbed.registry import Registry

NAME = "berkeley-dsep-infra/data100-user-image"
IMAGE = "ucb-datahub-2018/user-images/data100-user-image"
# A key of several lines, as Google's are, with what a shell, a URL or a format string would trip over.
KEY = json.dumps(
    {"type": "service_account", "private_key": "-----BEGIN\nMIIE+/=$`'\"%s{}\\n\n-----END", "id": "ü key 42"},
    indent=2,
)
# The key of a pull request's workflow, which opens the repositories of candidates and nothing else.
CANDIDATES_KEY = "opens-candidates-$`'\"%s{} alone"
TEST = "def test_{name}():\n    assert {expression}\n"
PASSING = TEST.format(name="sums", expression="1 + 1 == 2")


def notebook(*cells: str, kernel: str = "python3") -> str:
    """Return a notebook of code cells."""
    shown: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell{number}",
            "metadata": {},
            "outputs": [],
            "source": cell,
        }
        for number, cell in enumerate(cells)
    ]
    kernelspec = {"display_name": kernel, "language": "python", "name": kernel}
    return json.dumps(
        {"cells": shown, "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5}
    )


class ImageRepository:
    """A checkout of an image's repository, and what a workflow in it has: GitHub, an engine, a registry.

    Args:
        folder: for everything that this world keeps.
        engine: the Docker engine.
        registry: the registry that images are pushed to.
        scratch: what is kept between jobs, so that repo2docker is installed but once.
        password: the registry's password.
    """

    def __init__(
        self, folder: Path, engine: RunningEngine, registry: Registry, scratch: Path, password: str = ""
    ) -> None:
        self.engine = engine
        self.registry = registry
        self.scratch = scratch
        self.password = password
        self.folder = folder
        self.home = folder / "home"
        self.checkout = folder / "checkout"
        for path in (self.home, self.checkout):
            path.mkdir(parents=True)
        engine.share_plugins(self.home / ".docker")
        self.github = LocalGitHub(folder / "github")
        self.image = IMAGE
        self.seconds: float = SECONDS
        # Worlds share a registry: with one author, those of one second would have the same tags.
        self.author = f"{uuid.uuid4()}@example.org"
        self.results: list[Result] = []
        self.arguments: set[str] = set()
        self.references: set[str] = set()
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "ImageRepository":
        """Serve GitHub and make the repository."""
        self.github.__enter__()
        self.remote = self.github.create_repository(NAME, {"README.md": b"x\n"})
        self.token = self.new_token()
        self.git("init", "--quiet", "--initial-branch=main")
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

    # ---- the repository

    def git(self, *arguments: str) -> str:
        """Run git in the checkout."""
        identity = ["-c", "user.name=a", "-c", f"user.email={self.author}"]
        command = ["git", "-C", str(self.checkout), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, files: Mapping[str, str | bytes]) -> str:
        """Commit files and return the commit."""
        for name, content in files.items():
            path = self.checkout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=work")
        return self.head

    def publish(self) -> None:
        """Make GitHub's default branch what is checked out."""
        self.git("push", "--quiet", "--force", str(self.remote.git_dir), "HEAD:refs/heads/main")

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    def new_token(self, **permissions: str) -> str:
        """Return a workflow's token, which may comment unless the permissions say otherwise."""
        usual = {"contents": "read", "pull_requests": "write"}
        return self.github.create_token(
            login="github-actions[bot]",
            kind="installation",
            permissions=permissions or usual,
            repositories=[NAME],
        )

    # ---- running

    @property
    def reference(self) -> str:
        """The full reference of the image that the checked out commit gives."""
        return f"{self.registry.host}/{self.image}:{self.head[:12]}"

    def build(self, environ: Mapping[str, str] | None = None, /, **given: str) -> Result:
        """Run `build` with a small Dockerfile in mind; inputs are given with `_` for `-`."""
        return self.run("build", environ, given)

    def build_test(self, environ: Mapping[str, str] | None = None, /, **given: str) -> Result:
        """Run `build-test`, likewise."""
        return self.run("build-test", environ, given)

    def run(
        self,
        action: str,
        environ: Mapping[str, str] | None,
        given: Mapping[str, str],
        started: Callable[[subprocess.Popen[str]], object] | None = None,
    ) -> Result:
        """Run an action in the checkout, as a step after actions/checkout."""
        usual = {
            "image": self.image,
            "registry": self.registry.host,
            "builder": "docker",
            "github-token": self.token,
            "min-free-disk": "1",
            "registry-password": self.password,
            # Most tests build something tiny that no hub would start, and want it built.
            "reuse": "false",
            "hub-check": "false",
            "packages": "false",
        }
        inputs = usual | {name.replace("_", "-"): text for name, text in given.items()}

        def on_start(process: subprocess.Popen[str]) -> None:
            self._running.append(process)
            threading.Thread(target=self._watch, args=(process,), daemon=True).start()
            if started:
                started(process)

        before = contents(self.home / ".docker")
        result = run_action(
            ROOT / "actions" / action,
            inputs,
            folder=Path(tempfile.mkdtemp(dir=self.folder)),
            environ={**self.job(), **(environ or {})},
            cwd=self.checkout,
            started=on_start,
            seconds=self.seconds,
        )
        assert contents(self.home / ".docker") == before
        self.results.append(result)
        self.references.add(result.outputs.get("local-image", result.outputs.get("image", "")))
        return result

    def job(self) -> dict[str, str]:
        """Return the variables of a job."""
        return {
            "HOME": str(self.home),
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_RUN_ID": "77",
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_SHA": self.head,
            "GITHUB_REF_NAME": "main",
            "RUNNER_TEMP": str(self.scratch),
            **{name: text for name, text in self.engine.environment.items() if name != "DOCKER_CONFIG"},
        }

    def on_pull_request(self, number: int, repository: str = NAME) -> dict[str, str]:
        """Return the variables of a job that a pull request started."""
        event = self.folder / f"event-{number}.json"
        head = {"repo": {"full_name": repository}, "ref": "feature", "sha": self.head}
        event.write_text(json.dumps({"number": number, "pull_request": {"number": number, "head": head}}))
        return {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}

    def pull_request(self) -> int:
        """Open a pull request on GitHub and return its number."""
        self.remote.commit({"apt.txt": b"git\n"}, "Install git", "feature")
        pull = self._ask("POST", "/pulls", title="Git", head="feature", base="main", body="")
        return int(pull["number"])

    def comments(self, number: int) -> list[Any]:
        """Return the comments of a pull request."""
        (pull,) = (pull for pull in self.remote.pulls if pull.number == number)
        return list(pull.comments)

    def comment(self, number: int, body: str) -> None:
        """Comment on a pull request as somebody else."""
        self.github.create_user("alice")
        token = self.github.create_token(login="alice", kind="personal")
        self._ask("POST", f"/issues/{number}/comments", token, body=body)

    def _ask(self, method: str, path: str, token: str = "", **body: str) -> Any:
        import requests

        if not token:
            self.github.create_user("carol")
            token = self.github.create_token(login="carol", kind="personal")
            self.remote.collaborators.add("carol")
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.github.api_url}/repos/{NAME}{path}"
            headers = {"Authorization": f"Bearer {token}"}
            answer = session.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def _watch(self, process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            self.arguments |= set(command_lines(process.pid))
            time.sleep(0.1)

    # ---- looking

    def labels(self, tag: str = "") -> dict[str, str]:
        """Return the labels of the image in the registry."""
        config = self.registry.image_config(self.image, tag or self.head[:12])["config"]
        return dict(config.get("Labels") or {})

    def containers(self) -> list[str]:
        """Return the containers of our tests that the engine has."""
        return self.engine.docker("ps", "--all", "--quiet", "--filter", "label=hub-image-actions").split()

    # ---- what no test may leave

    def check(self) -> None:
        """Check that nothing secret was shown or kept, and that nothing was left behind."""
        assert not self.github.problems, "\n".join(map(str, self.github.problems))
        for result in self.results:
            assert {command.name for command in result.commands} <= KNOWN_COMMANDS, result.stdout
            assert not result.left_behind
            shown = (result.log, result.stderr, result.raw_outputs, result.summary)
            assert not self._secrets_in("\n".join(shown)), result.log
        assert not self._secrets_in("\n".join(self.arguments))
        assert not self._secrets_in(text_below(self._reports()))
        # A login that the test made before the action ran is what it was: that is checked with each run.
        kept = (path for path in self.home.rglob("*") if path.is_file() and ".docker" not in path.parts)
        assert not self._secrets_in(text_below(kept))
        assert not self._secrets_in(self._images())
        assert self.containers() == []

    def _reports(self) -> list[Path]:
        return [Path(result.outputs["report"]) for result in self.results if "report" in result.outputs]

    def _images(self) -> str:
        there = self.engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
        wanted = [reference for reference in self.references if reference in there]
        return "".join(
            self.engine.docker(*command, reference)
            for reference in wanted
            for command in (("image", "inspect"), ("history", "--no-trunc"))
        )

    def _secrets_in(self, text: str) -> list[str]:
        hidden = (*secrets(self.password), *secrets(CANDIDATES_KEY, "candidates"))
        return [secret[:8] for secret in hidden if secret in text]


def secrets(password: str, username: str = "_json_key") -> list[str]:
    """Return all that gives a password away: it, its lines, and what Docker makes of it."""
    if not password:
        return []
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    lines = [line.strip() for line in password.splitlines() if len(line.strip()) > 3]
    return [password, json.dumps(password)[1:-1], auth, *lines]


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files and folders below a folder, with what is in them."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"folder"
        for path in folder.rglob("*")
    }


def text_below(paths: Iterable[Path]) -> str:
    """Return what is in files."""
    return "\n".join(path.read_bytes().decode(errors="replace") for path in paths)


def running_with(text: str) -> list[str]:
    """Return the command lines on this machine that hold a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line and entry.parent.name != str(os.getpid()):
            found.append(line)
    return found
