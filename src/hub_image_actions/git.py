"""Git over HTTP, through GitPython: a shallow, sparse clone, a commit, a push.

The token reaches git by configuration in its environment, so that it stands in no URL, argument list,
file or log line. Source: ``GIT_CONFIG_COUNT`` in https://git-scm.com/docs/git-config#ENVIRONMENT.
"""

import base64
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import git

from hub_image_actions import process
from hub_image_actions.certificates import GIT_VARIABLES, OWN_AUTHORITY
from hub_image_actions.errors import GitError, PushRefused

# How git lists a submodule's place, and what a sparse checkout leaves out.
_GITLINK, _SKIPPED = "160000", "S "
_TIME_LIMIT = 300.0
_ATTEMPTS = 4
_TIMED_OUT = -1
_TRANSIENT = re.compile(
    r"returned error: (?:429|5\d\d)|early EOF|RPC failed|reset by peer|Empty reply|timed out|too slow|"
    r"hung up|disconnect|not resolve host|transfer closed|Failed to connect|Timeout:|expected flush|"
    r"invalid index-pack output|bad line length|cannot lock ref",
    re.IGNORECASE,
)
# Rules say what they want: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/
# managing-rulesets/available-rules-for-rulesets.
_REMEDIES = {
    "rate limit": "GitHub's rate limit is reached: run again later.",
    r"must have (?:verified|valid) signatures": "A rule wants signed commits: set `sign-commits: true`.",
    r"must not contain merge commits|linear history": (
        "A rule wants a linear history, and the branch has a merge: delete the branch, then run again."
    ),
    r"commit message must|Commit message does not": (
        "A rule has a pattern for commit messages: set `title`, their first line, to one that it takes."
    ),
    r"author email|committer email|Email must": (
        "A rule says whose commits it takes: set `author-name` and `author-email`, or `sign-commits: true`."
    ),
    r"Changes must be made through a pull request": (
        "A rule wants pull requests for this branch: choose another in `branch`."
    ),
    r"GH006|GH013|protected branch|pre-receive hook declined": (
        "A rule protects this branch: choose another in `branch`, or let the token's owner push it."
    ),
    "certificate (?:problem|verification failed)": OWN_AUTHORITY,
    # In the words of OpenSSL 1.1 to 3.x and of GnuTLS, with which Debian's git is linked.
    r"SSL routines:.*:(?:wrong version number|record layer failure|packet length too long|http request)|"
    "unexpected TLS packet": (
        "The server answers in plain http where https is spoken: check `server-url` and its port. "
        "Where it is the proxy, begin its address in HTTPS_PROXY with `http://`."
    ),
    # In the words of curl 7 and 8.
    "(?:code 407 from proxy|CONNECT tunnel failed, response 407)": (
        "The proxy wants a name and a password: write HTTPS_PROXY as `http://NAME:PASSWORD@HOST:PORT`."
    ),
    "from proxy after CONNECT|CONNECT tunnel failed|not resolve proxy|Unsupported proxy|Proxy CONNECT": (
        "The proxy is not there, or does not let this host through: check HTTPS_PROXY and NO_PROXY."
    ),
    "exists; cannot create|directory file conflict": (
        "A branch whose name begins or ends there stands in the way: choose another in `branch`."
    ),
    r"without `workflows?` (?:scope|permission)": (
        "The token may not push workflows: give it the scope `workflow`, or `Workflows: read and write`."
    ),
    "was archived": "The repository is archived: unarchive it, or name another in `repository`.",
    r"error: 401|Authentication failed|Invalid username or token|could not read Username": (
        "The token is missing, wrong or expired: store a new one."
    ),
    r"error: 403|Permission to .* denied|Write access .* not granted": (
        "The token may not do this: give it `Contents: read and write` on the repository."
    ),
    r"error: 404|Repository not found|repository '.*' not found": (
        "There is no such repository, or the token cannot see it: check `repository` and the token."
    ),
    r"couldn't find remote ref": "There is no such branch: check `base-branch`.",
    r"stale info|non-fast-forward|fetch first": "Somebody pushed this branch at the same moment: run again.",
}
_FINAL_REFUSAL = re.compile(
    r"GH006|GH013|protected branch|was archived|error: 40\d|exists; cannot create|directory file conflict",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Identity:
    """Who commits."""

    name: str
    email: str


@dataclass(frozen=True)
class Remote:
    """A repository on a server that speaks git's smart HTTP.

    Args:
        url: its address, without credentials.
        token: what git presents as the password; empty for reading a public repository.
    """

    url: str
    token: str = field(default="", repr=False)


def forget_environment(environ: MutableMapping[str, str]) -> None:
    """Remove what would point git at another repository or configuration than ours; whom it trusts stays."""
    for name in [name for name in environ if name.startswith("GIT_") and name not in GIT_VARIABLES]:
        del environ[name]


class GitFolder:
    """Git's commands in one folder, with one remote repository.

    Args:
        folder: the folder.
        remote: where to fetch from and push to.
        sleep: waits between attempts, given the seconds.
    """

    def __init__(self, folder: Path, remote: Remote, sleep: Callable[[float], object] = time.sleep) -> None:
        self.folder = folder
        self._remote = remote
        try:
            self._git = git.Git(str(folder))
        except ImportError as missing:
            # GitPython looks for the program when it is loaded, which is now.
            raise GitError("git cannot be run.", "Install git on the runner.") from missing
        self._sleep = sleep

    def push(self, commit: str, branch: str, expected: str) -> None:
        """Set a remote branch to a commit.

        Args:
            commit: a commit that is here.
            branch: the remote branch.
            expected: the commit at which the remote branch must be now; empty: it must not exist.

        Raises:
            PushRefused: the remote repository did not take it; `final` tells whether another try is in vain.
        """
        reference = f"refs/heads/{branch}"
        try:
            self._network(
                "push", f"--force-with-lease={reference}:{expected}", "origin", f"{commit}:{reference}"
            )
        except GitError as error:
            raise PushRefused(
                error.problem, error.remedy, final=bool(_FINAL_REFUSAL.search(error.problem))
            ) from error

    def _network(self, *arguments: str) -> str:
        """Run a git command that asks the remote repository; try again after a passing failure."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._run(*arguments)
            except GitError as error:
                passing = _TRANSIENT.search(error.problem) and not _FINAL_REFUSAL.search(error.problem)
                if attempt == _ATTEMPTS or not passing:
                    raise
                self._sleep(0.5 * 2**attempt)
        raise AssertionError("the loop returns or raises")

    def _keep_bytes(self) -> None:
        """Have files stay as they are, whatever a repository's .gitattributes ask for."""
        information = self.folder / ".git" / "info"
        information.mkdir(exist_ok=True)
        (information / "attributes").write_text("* -text -ident -filter -working-tree-encoding\n")

    def _commit(self, message: str, identity: Identity) -> str:
        """Commit what is staged; return the commit."""
        self._run(
            "commit",
            "--quiet",
            "--no-verify",
            "--cleanup=verbatim",
            f"--message={message}",
            identity=identity,
        )
        return self._run("rev-parse", "HEAD")

    def _run(self, *arguments: str, identity: Identity | None = None) -> str:
        environment = self._environment()
        if identity:
            for role in ("AUTHOR", "COMMITTER"):
                environment |= {f"GIT_{role}_NAME": identity.name, f"GIT_{role}_EMAIL": identity.email}
        status, output, errors = _executed(self._git, arguments, environment)
        if status:
            raise self._error(arguments[0], f"{errors}\n{output}".strip())
        return output.strip()

    def _piped(self, *arguments: str, read: bytes) -> bytes:
        """Run a git command that reads and writes bytes; return what it wrote."""
        status, output, errors = _exchanged(self._git, arguments, self._environment(), read)
        if status:
            raise self._error(arguments[0], errors.decode(errors="replace").strip())
        return output

    def _error(self, command: str, said: str) -> GitError:
        lines = (line.strip() for line in said.replace(self._remote.token or "\0", "***").splitlines())
        printed = " | ".join(filter(None, lines))
        reason = f": {printed}" if printed else " and printed nothing."
        problem = f"git {command} with {self._remote.url} failed{reason}"
        remedy = next(
            (remedy for pattern, remedy in _REMEDIES.items() if re.search(pattern, said, re.IGNORECASE)), ""
        )
        return GitError(problem, remedy)

    def _environment(self) -> dict[str, str]:
        url = self._remote.url
        settings = [
            ("core.hooksPath", "/dev/null"),
            ("core.fsmonitor", "false"),
            ("safe.bareRepository", "explicit"),
            ("commit.gpgSign", "false"),
            ("push.followTags", "false"),
            ("maintenance.auto", "false"),
            ("credential.helper", ""),
            # A server that says nothing is given up on after this many seconds.
            ("http.lowSpeedLimit", "1"),
            ("http.lowSpeedTime", "20"),
            ("advice.detachedHead", "false"),
            # What the machine's own configuration rewrites or adds is for others: the longest match wins,
            # and an empty header forgets those before it.
            (f"url.{url}.insteadOf", url),
            (f"url.{url}.pushInsteadOf", url),
            (f"http.{url}.extraHeader", ""),
        ]
        if self._remote.token:
            basic = base64.b64encode(f"x-access-token:{self._remote.token}".encode()).decode()
            settings.append((f"http.{url}.extraHeader", f"Authorization: Basic {basic}"))
        return {"GIT_TERMINAL_PROMPT": "0", **_configuration(settings)}


class Checkout(GitFolder):
    """A clone of one branch of a repository: its newest commit, and of that only the files wanted."""

    def clone(self, branch: str, paths: Iterable[str]) -> str:
        """Fetch the branch's newest commit and check out the paths; return the commit.

        Raises:
            GitError: the repository or the branch cannot be read.
        """
        self._run("init", "--quiet", "--template=", "--initial-branch", "fetched")
        self._run("remote", "add", "origin", self._remote.url)
        self._keep_bytes()
        partial = ("--depth=1", "--filter=blob:none", "--no-tags")
        self._network("fetch", *partial, "origin", f"+refs/heads/{branch}:refs/remotes/origin/fetched")
        # A remote is a promisor, from which missing blobs are fetched, once a filtered fetch made it one.
        self._run("sparse-checkout", "set", "--no-cone", *map(_sparse_pattern, paths))
        self._network("checkout", "--quiet", "-B", "fetched", "refs/remotes/origin/fetched")
        return self._run("rev-parse", "HEAD")

    def follow(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the paths with links inside the repository followed; what they lead to is checked out too.

        Raises:
            GitError: a path is not there or leads out of the repository.
        """
        followed = tuple(map(os.path.normpath, paths))
        while (further := tuple(map(self._target, followed))) != followed:
            followed = further
            self._network("sparse-checkout", "add", *map(_sparse_pattern, followed))
        for path in followed:
            if not (self.folder / path).exists():
                raise GitError(
                    f"There is no {path!r} in {self._remote.url}.",
                    "Name what is there, from the top, in `paths`.",
                )
        return followed

    def _target(self, path: str) -> str:
        top = self.folder.resolve()
        try:
            target = (top / path).resolve()
        except (OSError, RuntimeError) as error:
            raise GitError(
                f"{path!r} is a link in a circle.", "Name the folder itself in `paths`."
            ) from error
        if not target.is_relative_to(top) or target.is_relative_to(top / ".git"):
            raise GitError(
                f"{path!r} is a link that leads out of {self._remote.url}.",
                "Name the folder itself in `paths`.",
            )
        return str(target.relative_to(top))

    def commit(self, files: Iterable[str], message: str, identity: Identity) -> str:
        """Commit the files as they are in the folder; return the commit."""
        self._run("add", "--sparse", "--", *files)
        return self._commit(message, identity)

    def tree(self, commit: str) -> str:
        """Return the tree of a commit that is here."""
        return self._run("rev-parse", f"{commit}^{{tree}}")

    def remote_commit(self, branch: str) -> str:
        """Return the commit at which a branch is in the remote repository; empty where there is none."""
        reference = f"refs/heads/{branch}"
        # Git lists every reference that ends so.
        listed = self._network("ls-remote", "origin", reference).splitlines()
        commits = {name: commit for commit, _, name in (line.partition("\t") for line in listed)}
        return commits.get(reference, "")

    def remote_tree(self, commit: str) -> str:
        """Return the tree of a commit of the remote repository, fetched without its content."""
        self._network("fetch", "--depth=1", "--filter=tree:0", "--no-tags", "origin", commit)
        return self.tree(commit)


def inert_git() -> dict[str, str]:
    """Return variables with which git starts nothing that a repository asks for, and takes none for its own.

    What a folder's name or content makes look like a repository is none, unless it is called `.git`.
    Source: https://git-scm.com/docs/git-config, at each name.
    """
    settings = {
        "safe.bareRepository": "explicit",
        "core.fsmonitor": "false",
        "core.hooksPath": "/dev/null",
        "core.pager": "cat",
        "core.alternateRefsCommand": "",
        "core.sshCommand": "false",
        "credential.helper": "",
        "diff.external": "",
        "gpg.program": "false",
        "log.showSignature": "false",
        "protocol.allow": "never",
    }
    variables = {"GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}
    return {**variables, **_configuration(settings.items())}


def _configuration(settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the variables by which git gets settings that go before those of files."""
    pairs = tuple(settings)
    variables = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for index, (key, value) in enumerate(pairs):
        variables |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return variables


@dataclass(frozen=True)
class TrackedPath:
    """What a commit that is checked out has at a path.

    Args:
        path: the path, relative to the folder that was asked about.
        is_submodule: whether it is the place of another repository.
        is_left_out: whether a sparse checkout leaves it out.
    """

    path: str
    is_submodule: bool
    is_left_out: bool


@dataclass(frozen=True)
class LocalRepository:
    """A checkout that somebody else made.

    Git is told where it keeps the history. Left to itself, it takes any folder with a `HEAD`, a `config` and
    two more for a repository, and starts the programs that this configuration names. Only what is called
    `.git` counts: git itself checks out nothing of that name.

    Args:
        folder: any folder inside it.
    """

    folder: Path

    def head(self) -> tuple[str, int]:
        """Return the commit that is checked out and when it was made, in seconds; none outside of git."""
        commit, _, seconds = self._log("--max-count=1", "--format=%H %ct").partition(" ")
        return commit, int(seconds or 0)

    def history(self, number: int) -> list[str]:
        """Return the newest commits that lead to the one that is checked out, the newest first."""
        return self._log(f"--max-count={number}", "--format=%H").split()

    def origin(self) -> str:
        """Return the address that the repository was cloned from; empty where there is none."""
        return (self._git("config", "--get", "remote.origin.url") or "").strip()

    def is_shallow(self) -> bool:
        """Say whether it lacks a part of its history; of a bare one, too."""
        told = self._git("rev-parse", "--is-shallow-repository") or ""
        return told.strip() == "true" or (self.folder / "shallow").is_file()

    def files(self) -> list[str]:
        """Return the files of the folder that are tracked or could be; all of them outside of git."""
        listed = self._git("ls-files", "--cached", "--others", "--exclude-standard", "-z")
        if listed is not None:
            return sorted(filter(None, listed.split("\0")))
        paths = (path for path in self.folder.rglob("*") if not path.is_dir())
        return sorted(str(path.relative_to(self.folder)) for path in paths)

    def tracked(self) -> list[TrackedPath]:
        """Return what is tracked below the folder, checked out or not; nothing outside of git.

        What its submodules track is among it, as far as these are checked out.

        Source: https://git-scm.com/docs/git-ls-files, at `-t` and `--stage`.
        """
        listed = self._git("ls-files", "--cached", "--stage", "-t", "-z") or ""
        entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
        own = [
            TrackedPath(path, f" {_GITLINK} " in facts, facts.startswith(_SKIPPED))
            for facts, _, path in entries
        ]
        return [*own, *(inside for entry in own if entry.is_submodule for inside in self._inside(entry.path))]

    def _inside(self, submodule: str) -> list[TrackedPath]:
        folder = self.folder / submodule
        # Else git would look for a repository further up, and find this one.
        if not (folder / ".git").exists() or folder.is_symlink():
            return []
        return [
            replace(entry, path=f"{submodule}/{entry.path}") for entry in LocalRepository(folder).tracked()
        ]

    def _log(self, *options: str) -> str:
        return (self._git("log", *options) or "").strip()

    def _git(self, *arguments: str) -> str | None:
        """Return what git says, or None where this is no checkout."""
        top = self._top()
        if top is None:
            return None
        # A repository that is named is not asked whom it belongs to. On a runner that is often somebody else.
        named = ("--git-dir", str(top / ".git"), "--work-tree", str(top), "--no-pager", "--no-optional-locks")
        status, output, _ = _executed(git.Git(str(self.folder)), (*named, *arguments), inert_git())
        return None if status else output

    def _top(self) -> Path | None:
        """Return the folder that holds git's own, looked for upward; None outside of git."""
        start = self.folder.resolve()
        return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def _executed(program: "git.Git", arguments: Iterable[str], env: Mapping[str, str]) -> tuple[int, str, str]:
    """Run git, and return its status and what it wrote to its two streams."""
    status, output, errors = _exchanged(program, arguments, env)
    # The names of files may be any bytes.
    return status, output.decode(errors="surrogateescape"), errors.decode(errors="replace")


def _exchanged(
    program: "git.Git", arguments: Iterable[str], env: Mapping[str, str], read: bytes = b""
) -> tuple[int, bytes, bytes]:
    """Run git on what it is to read, and return its status and the bytes that it wrote to its two streams.

    GitPython starts it; that it ends is seen to as for every program. A time limit of GitPython's own would
    be a thread that keeps a canceled job from ending.
    """
    wrapper = program.execute(
        ["git", *arguments],
        istream=subprocess.PIPE if read else None,
        env=dict(env),
        as_process=True,
        start_new_session=True,
        universal_newlines=False,
    )
    started = cast("subprocess.Popen[bytes]", wrapper.proc)
    with process.supervised(started):
        try:
            output, errors = started.communicate(read or None, timeout=_TIME_LIMIT)
        except subprocess.TimeoutExpired:
            process.end_program(started)
            return _TIMED_OUT, b"", f"Timeout: not done within {_TIME_LIMIT:g} seconds".encode()
    return started.returncode, output, errors


def _sparse_pattern(path: str) -> str:
    """Return the sparse-checkout pattern for one path, with what git would read as a wildcard escaped."""
    return (
        "/" + re.sub(r"([\\*?\[\]!#])", r"\\\1", path.strip("/").removeprefix("./")) if path != "." else "/*"
    )
