"""A repository: a bare git repository on disk and what GitHub keeps beside it."""

import datetime
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .git import GitError, git
from .tokens import User

if TYPE_CHECKING:
    from .issues import Issue
    from .pulls import Comment, Label, Pull
    from .releases import Release
    from .runs import Artifact, Check, CommitStatus, Dispatch, Run, Status

# What a file of a commit can be given as: text, (mode, bytes) for links and programs, None to remove it.
Content = bytes | str | tuple[str, bytes] | None

COMMIT_FORMAT = "%x1f".join(["%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B"])
STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
SHA = re.compile(r"[0-9a-f]{40}")

# The server decides on refusals, as it knows the token and the faults; the hook says them, for each ref.
UPDATE_HOOK = """#!/bin/sh
if [ -n "$LOCAL_GITHUB_REFUSE" ]; then
  printf '%s\\n' "$LOCAL_GITHUB_REFUSE" >&2
  exit 1
fi
case "$1" in
  refs/pull/*)
    echo "error: deny updating a hidden ref" >&2
    exit 1 ;;
esac
case " $LOCAL_GITHUB_PROTECTED " in
  *" $1 "*)
    echo "error: GH006: Protected branch update failed for $1." >&2
    echo "error: Changes must be made through a pull request." >&2
    exit 1 ;;
esac
"""


def now() -> str:
    """Return the time as GitHub writes it."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def github_time(text: str) -> str:
    """Return git's ISO date in UTC, as GitHub writes it."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Signature:
    """Who made a commit, and when."""

    name: str
    email: str
    date: str


@dataclass(frozen=True)
class Commit:
    """A commit as git stores it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def title(self) -> str:
        """Return the first line of the message."""
        return self.message.split("\n", 1)[0]

    @classmethod
    def parse(cls, record: str) -> "Commit":
        """Read one record of `git log` with COMMIT_FORMAT."""
        sha, tree, parents, *signatures, message = record.split("\x1f", 9)
        author, committer = (
            Signature(name, email, github_time(date))
            for name, email, date in (signatures[:3], signatures[3:])
        )
        return cls(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n"))


@dataclass(frozen=True)
class Tag:
    """An annotated tag as git stores it."""

    name: str
    object: str
    type: str
    tagger: Signature
    message: str


@dataclass(frozen=True)
class FileChange:
    """How one file differs between two commits."""

    path: str
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str
    previous: str | None = None


@dataclass(frozen=True)
class TreeEntry:
    """One entry of a git tree."""

    mode: str
    type: str
    sha: str
    size: int | None
    path: str


@dataclass(eq=False)
class Repository:
    """A repository on disk with the state that GitHub keeps about it."""

    id: int
    owner: User
    name: str
    git_dir: Path
    default_branch: str
    private: bool
    archived: bool
    protected: set[str]
    changed: Callable[["Repository"], None]
    description: str | None = None
    parent: "Repository | None" = None
    delete_branch_on_merge: bool = False
    is_template: bool = False
    template: "Repository | None" = None
    topics: list[str] = field(default_factory=list)
    settings: "dict[str, Any]" = field(default_factory=dict)
    protections: "dict[str, dict[str, Any]]" = field(default_factory=dict)
    rulesets: "list[dict[str, Any]]" = field(default_factory=list)
    selected_actions: "dict[str, Any]" = field(default_factory=dict)
    created_at: str = field(default_factory=now)
    pushed_at: str = field(default_factory=now)
    pulls: "list[Pull]" = field(default_factory=list)
    comments: "list[Comment]" = field(default_factory=list)
    labels: "dict[str, Label]" = field(default_factory=dict)
    issues: "list[Issue]" = field(default_factory=list)
    releases: "list[Release]" = field(default_factory=list)
    runs: "list[Run]" = field(default_factory=list)
    artifacts: "list[Artifact]" = field(default_factory=list)
    dispatches: "list[Dispatch]" = field(default_factory=list)
    checks: "list[Check]" = field(default_factory=list)
    statuses: "list[CommitStatus]" = field(default_factory=list)
    workflow_states: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    actions_permissions: "dict[str, Any]" = field(
        default_factory=lambda: {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}
    )
    workflow_permissions: "dict[str, Any]" = field(
        default_factory=lambda: {
            "default_workflow_permissions": "read",
            "can_approve_pull_request_reviews": False,
        }
    )
    collaborators: set[str] = field(default_factory=set)
    commits_seen: dict[str, Commit] = field(default_factory=dict, repr=False)

    @property
    def full_name(self) -> str:
        """Return owner/name."""
        return f"{self.owner.login}/{self.name}"

    @property
    def next_number(self) -> int:
        """Return the number of the next issue or pull request: they share one count."""
        return len(self.pulls) + len(self.issues) + 1

    def protects(self, branch: str) -> bool:
        """Say whether a branch is protected in any way."""
        return branch in self.protected or branch in self.protections

    # ---- making and changing

    def initialise(self) -> None:
        """Create the bare repository, set up as GitHub serves it."""
        self.git_dir.mkdir(parents=True)
        git(
            self.git_dir,
            "init",
            "--quiet",
            "--bare",
            "--template=",
            f"--initial-branch={self.default_branch}",
        )
        settings = "[uploadpack]\nallowFilter = true\nallowAnySHA1InWant = true\n"
        settings += "[http]\nreceivepack = true\n[receive]\ndenyDeleteCurrent = refuse\n[gc]\nauto = 0\n"
        settings += "[core]\nlogAllRefUpdates = false\n"
        with (self.git_dir / "config").open("a") as config:
            config.write(settings)
        hook = self.git_dir / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(UPDATE_HOOK)
        hook.chmod(0o755)

    def commit(
        self,
        files: Mapping[str, Content],
        message: str = "update files",
        branch: str | None = None,
        author: str = "GitHub <noreply@github.com>",
    ) -> str:
        """Commit files to a branch (created off the default branch when new) and return the commit's SHA."""
        return self.commit_all([(message, files)], branch, author)

    def commit_all(
        self,
        history: Iterable[tuple[str, Mapping[str, Content]]],
        branch: str | None = None,
        author: str = "GitHub <noreply@github.com>",
    ) -> str:
        """Commit many times with one git process: pairs of message and files; return the last SHA."""
        branch = branch or self.default_branch
        start = self.sha(f"refs/heads/{branch}") or self.sha(f"refs/heads/{self.default_branch}")
        ref = f"refs/heads/{branch}"
        self._import(history, start, ref, author)
        self.changed(self)
        sha = self.sha(ref)
        if sha is None:
            raise ValueError("no commit was given")
        return sha

    def write_files(
        self, files: Mapping[str, Content], message: str, parent: str | None, ref: str, author: str
    ) -> str:
        """Commit files on top of a commit and point a ref at it, without a word to pull requests."""
        self._import([(message, files)], parent, ref, author)
        return str(self.sha(ref))

    def _import(
        self,
        history: Iterable[tuple[str, Mapping[str, Content]]],
        start: str | None,
        ref: str,
        author: str,
    ) -> None:
        stamp = f"{int(datetime.datetime.now(datetime.timezone.utc).timestamp())} +0000"
        parts: list[bytes] = []
        for message, files in history:
            parts.append(f"commit {ref}\nauthor {author} {stamp}\ncommitter {author} {stamp}\n".encode())
            parts.append(_data(message.encode()))
            if start:
                parts.append(f"from {start}\n".encode())
                start = None
            parts.extend(_file_change(path, content) for path, content in files.items())
        git(self.git_dir, "fast-import", "--quiet", "--force", data=b"".join(parts))

    def update_ref(self, ref: str, sha: str | None, old: str | None = None) -> None:
        """Point a full ref name at a commit, or delete it with None."""
        arguments = ["update-ref", ref, sha] if sha else ["update-ref", "-d", ref]
        git(self.git_dir, *arguments, *([old] if old else []))
        self.pushed_at = now()
        self.changed(self)

    def add_issue(
        self, title: str, body: str = "", labels: Iterable[str] = (), user: User | None = None
    ) -> "Issue":
        """Plant an open issue; labels that are not there yet are made."""
        from .issues import Issue
        from .pulls import Label

        number = self.next_number
        issue = Issue(self.id * 100_000 + number, number, user or self.owner, self, title, body)
        for name in labels:
            label_id = self.id * 100_000 + len(self.labels)
            issue.labels.append(self.labels.setdefault(name.lower(), Label(label_id, name)))
        self.issues.append(issue)
        return issue

    def add_run(
        self,
        workflow: str,
        event: str = "push",
        branch: str | None = None,
        sha: str | None = None,
        status: "Status" = "completed",
        conclusion: str | None = "success",
        actor: User | None = None,
        head: "Repository | None" = None,
    ) -> "Run":
        """Plant a run of a workflow's file at a branch's commit (the default branch's by default).

        What it says can be changed afterwards: the run is kept in `runs`.
        """
        from .runs import Run

        branch = branch or self.default_branch
        sha = sha or self.commit_sha(branch)
        if sha is None:
            raise ValueError(f"there is no branch {branch}")
        number = 1 + sum(one.workflow == workflow for one in self.runs)
        run_id = self.id * 100_000 + len(self.runs)
        whose = actor or self.owner
        conclusion = conclusion if status == "completed" else None
        run = Run(run_id, number, workflow, event, branch, sha, status, conclusion, whose)
        run.head_repository = head or self
        self.runs.append(run)
        return run

    def add_artifact(self, run: "Run", name: str, content: bytes) -> "Artifact":
        """Plant what a run left."""
        from .runs import Artifact

        artifact = Artifact(self.id * 100_000 + len(self.artifacts), run, name, content)
        self.artifacts.append(artifact)
        return artifact

    def add_check(
        self, sha: str, name: str, status: "Status" = "completed", conclusion: str | None = "success"
    ) -> None:
        """Plant a check run of a commit."""
        from .runs import Check

        conclusion = conclusion if status == "completed" else None
        self.checks.append(Check(self.id * 100_000 + len(self.checks), sha, name, status, conclusion))

    def add_status(self, sha: str, context: str, state: str = "success") -> None:
        """Plant a status of a commit."""
        from .runs import CommitStatus

        self.statuses.append(CommitStatus(self.id * 100_000 + len(self.statuses), sha, context, state))

    def delete_branch(self, branch: str) -> None:
        """Delete a branch."""
        self.update_ref(f"refs/heads/{branch}", None)

    # ---- reading

    def refs(self, prefix: str = "refs/heads/") -> dict[str, str]:
        """Return the full names of the refs that begin with a prefix, and what they point at."""
        listed = git(self.git_dir, "for-each-ref", "--format=%(refname) %(objectname)").decode()
        pairs = (line.split(" ") for line in listed.splitlines())
        return {name: sha for name, sha in pairs if name.startswith(prefix)}

    def branches(self) -> dict[str, str]:
        """Return branch names and their commits."""
        return {name.removeprefix("refs/heads/"): sha for name, sha in self.refs().items()}

    def sha(self, revision: str, kind: str = "") -> str | None:
        """Return the SHA that a revision names, or None."""
        peeled = f"{revision}^{{{kind}}}" if kind else revision
        try:
            found = git(self.git_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", peeled)
        except GitError:
            return None
        sha = found.decode().strip().splitlines()[-1]
        # rev-parse echoes any 40 hex digits, whether there is such an object or not.
        return sha if not SHA.fullmatch(revision) or kind or self.type_of(sha) else None

    def commit_sha(self, revision: str) -> str | None:
        """Return the commit that a branch, tag or SHA names, as GitHub's endpoints take it."""
        for candidate in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            sha = self.sha(candidate, "commit")
            if sha:
                return sha
        return None

    def type_of(self, sha: str) -> str | None:
        """Return blob, tree, commit or tag, or None where there is no such object."""
        try:
            return git(self.git_dir, "cat-file", "-t", sha).decode().strip()
        except GitError:
            return None

    def read(self, revision: str, path: str) -> bytes:
        """Return the bytes of a file at a branch or commit.

        Raises:
            GitError: There is no such file.
        """
        return git(self.git_dir, "cat-file", "blob", f"{self.commit_sha(revision)}:{path}")

    def paths(self, revision: str) -> list[str]:
        """Return the paths of all files at a branch or commit."""
        return [entry.path for entry in self.tree(revision, recursive=True) if entry.type != "tree"]

    def commits(self, *revisions: str, path: str | None = None) -> list[Commit]:
        """Return the commits that `git log` gives for these revisions and options, newest first."""
        arguments = [
            "log",
            "-z",
            "--date-order",
            f"--format={COMMIT_FORMAT}",
            *revisions,
            "--",
            *([path] if path else []),
        ]
        out = git(self.git_dir, *arguments).decode(errors="replace")
        return [Commit.parse(record) for record in out.split("\0") if record]

    def log(self, branch: str | None = None) -> list[Commit]:
        """Return a branch's commits, newest first."""
        return self.commits(f"refs/heads/{branch or self.default_branch}")

    def commit_object(self, sha: str) -> Commit:
        """Return a commit by its SHA, read once."""
        if sha not in self.commits_seen:
            self.commits_seen[sha] = self.commits("-1", sha)[0]
        return self.commits_seen[sha]

    def tag_object(self, sha: str) -> Tag:
        """Return an annotated tag by its SHA."""
        head, _, message = git(self.git_dir, "cat-file", "tag", sha).decode().partition("\n\n")
        fields = dict(line.split(" ", 1) for line in head.splitlines())
        person, seconds, _ = fields["tagger"].rsplit(" ", 2)
        name, _, email = person.partition(" <")
        moment = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
        tagger = Signature(name, email.rstrip(">"), github_time(moment.isoformat()))
        return Tag(fields["tag"], fields["object"], fields["type"], tagger, message)

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two commits, or None."""
        try:
            return git(self.git_dir, "merge-base", one, other).decode().strip()
        except GitError:
            return None

    def count(self, base: str, head: str) -> tuple[int, int]:
        """Return how many commits head is ahead of and behind base."""
        counts = git(self.git_dir, "rev-list", "--left-right", "--count", f"{base}...{head}", "--")
        behind, ahead = (int(number) for number in counts.split())
        return ahead, behind

    def diff(self, base: str, head: str) -> list[FileChange]:
        """Return the files that differ between two trees or commits."""
        listed = git(self.git_dir, "diff", "--raw", "--numstat", "-z", "-M", "--abbrev=40", base, head, "--")
        text = git(self.git_dir, "diff", "-p", "-M", base, head, "--").decode(errors="replace")
        return _changes(listed.decode(errors="replace"), text)

    def tree(self, revision: str, recursive: bool = False) -> list[TreeEntry]:
        """Return the entries of a tree or of a commit's tree."""
        options = ["-r", "-t"] if recursive else []
        listed = git(self.git_dir, "ls-tree", "-z", "--long", *options, revision).decode(errors="replace")
        return [_tree_entry(record) for record in listed.split("\0") if record]

    # ---- writing objects

    def write_blob(self, content: bytes) -> str:
        """Store bytes and return the blob's SHA."""
        return git(self.git_dir, "hash-object", "-w", "--stdin", data=content).decode().strip()

    def write_commit(
        self, tree: str, parents: Iterable[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Store a commit and return its SHA."""
        arguments = [argument for parent in parents for argument in ("-p", parent)]
        people = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": author.date,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": committer.date,
        }
        made = git(
            self.git_dir, "commit-tree", tree, *arguments, data=message.encode(), more_environment=people
        )
        return made.decode().strip()

    def merged_tree(self, base: str, head: str) -> str | None:
        """Return the tree of a merge of two commits, or None where they conflict."""
        try:
            out = git(self.git_dir, "merge-tree", "--write-tree", base, head)
        except GitError as error:
            if error.status == 1:
                return None
            raise
        return out.decode().splitlines()[0]


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _file_change(path: str, content: Content) -> bytes:
    quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if content is None:
        return f"D {quoted}\n".encode()
    mode, data = content if isinstance(content, tuple) else ("100644", content)
    return f"M {mode} inline {quoted}\n".encode() + _data(data.encode() if isinstance(data, str) else data)


def _tree_entry(record: str) -> TreeEntry:
    meta, path = record.split("\t", 1)
    mode, kind, sha, size = meta.split()
    return TreeEntry(mode, kind, sha, None if size == "-" else int(size), path)


def _changes(listed: str, text: str) -> list[FileChange]:
    """Put together what `git diff` gives as --raw, as --numstat and as a patch, all in the same order."""
    fields = iter(listed.split("\0"))
    raw: list[tuple[str, str, str | None, str]] = []
    counts: list[tuple[int, int]] = []
    for entry in fields:
        if entry.startswith(":"):
            _, _, old, new, letter = entry.split(" ")
            first = next(fields)
            renamed = letter[0] in "RC"
            path = next(fields) if renamed else first
            sha = old if letter[0] == "D" else new
            raw.append((letter[0], path, first if renamed else None, sha))
        elif entry:
            added, deleted, path = entry.split("\t")
            counts.append((_number(added), _number(deleted)))
            if not path:
                next(fields), next(fields)
    patches = re.split(r"^diff --git .*\n", text, flags=re.MULTILINE)[1:]
    together = zip(raw, counts, patches, strict=True)
    return [
        FileChange(path, STATUS[letter], sha, added, deleted, _hunks(patch), previous)
        for (letter, path, previous, sha), (added, deleted), patch in together
    ]


def _number(text: str) -> int:
    return 0 if text == "-" else int(text)


def _hunks(patch: str) -> str:
    start = re.search(r"^@@ ", patch, flags=re.MULTILINE)
    return patch[start.start() :].rstrip("\n") if start else ""


@functools.lru_cache(maxsize=256)
def is_ref_name(name: str) -> bool:
    """Say whether git accepts a full ref name."""
    try:
        git(Path.cwd(), "check-ref-format", name)
    except GitError:
        return False
    return True
