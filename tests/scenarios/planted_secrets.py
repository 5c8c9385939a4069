"""Secrets of all kinds, planted where a job has them, and a search for them in all that an action leaves."""

import base64
import gzip
import json
import shlex
import subprocess
import threading
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from hub_image_actions.redaction import secret_lines
from local_github.repository import Repository
from scenarios.action import Result
from scenarios.deployments import command_lines, everything_in
from scenarios.images import KEY

SHELL = "p4$'\"`!;&|%s%0A\\ x"
SECRETS = {
    "token": "ghs_Kq3tVb6nWx9zRm2pLc5hJd8fGs4aYe7uTo1i",
    "JSON key": KEY,
    "shell characters": SHELL,
    "short": "k3y!",
    "line break at its end": "ends-in-a-line-break\n",
    "whole": "whole-with-a-part-of-it",
    "part of another": "a-part-of-it",
}
# As a job has them: GitHub's own tokens, and secrets that a workflow gave to all of its steps.
JOB = {
    "RUNNER_DEBUG": "1",
    "ACTIONS_STEP_DEBUG": "true",
    "ACTIONS_RUNNER_DEBUG": "true",
    "GIT_TRACE_REDACT": "0",
    "ACTIONS_RUNTIME_TOKEN": SECRETS["token"],
    "GOOGLE_CREDENTIALS": SECRETS["JSON key"],
    "DATABASE_PASSWORD": SECRETS["shell characters"],
    "PIN": SECRETS["short"],
    "LINE": SECRETS["line break at its end"],
    "WHOLE": SECRETS["whole"],
    "PART": SECRETS["part of another"],
}
_LARGEST = 32 << 20


def forms(secret: str) -> set[str]:
    """Return all that gives a secret away: itself, its lines, and what shells, JSON and URLs make of it."""
    bare = secret.strip()
    encoded = base64.b64encode(bare.encode()).decode()
    whole = {bare, json.dumps(bare)[1:-1], repr(bare)[1:-1], quote(bare, safe=""), shlex.quote(bare), encoded}
    names = ("_json_key", "x-access-token", "reader")
    logins = {base64.b64encode(f"{name}:{bare}".encode()).decode() for name in names}
    return whole | logins | set(secret_lines(bare))


def found_in(text: str, secrets: Iterable[str] = ()) -> list[str]:
    """Return the beginning of each secret that a text gives away."""
    return [form[:12] for secret in (*SECRETS.values(), *secrets) for form in forms(secret) if form in text]


class Watch:
    """Looks at the arguments of a process and of all that it starts, as often as it can."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, process: subprocess.Popen[str]) -> None:
        """Begin with a process."""
        threading.Thread(target=self._look, args=(process,), daemon=True).start()

    def _look(self, process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            self.seen |= set(command_lines(process.pid))
            time.sleep(0.01)


def told(result: Result) -> str:
    """Return all that a run tells: the log but for the masks, outputs and summary."""
    return "\n".join((result.log, result.stderr, result.raw_outputs, result.summary))


def on_github(*repositories: Repository) -> str:
    """Return all that repositories hold: git objects and refs, and what is written on pull requests."""
    texts = []
    for repository in repositories:
        texts.append(everything_in(repository.git_dir))
        for pull in repository.pulls:
            labels = [label.name for label in pull.labels]
            comments = [comment.body for comment in pull.comments]
            texts += [pull.title, pull.body or "", pull.head, *labels, *comments]
    return "\n".join(texts)


def in_files(folder: Path, besides: Iterable[Path] = ()) -> str:
    """Return the content of all files below a folder, unpacked where it is compressed, and their names."""
    left_out = set(besides)
    paths = (path for path in folder.rglob("*") if path not in left_out)
    return "\n".join(
        f"{path}\n{_content(path)}" if path.is_file() and not path.is_symlink() else str(path)
        for path in paths
    )


def _content(path: Path) -> str:
    content = path.read_bytes()[:_LARGEST]
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    elif "objects" in path.parts and content.startswith(b"x"):
        content = zlib.decompress(content)
    return content.decode(errors="replace")
