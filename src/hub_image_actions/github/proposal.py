"""The repositories of a fleet: what is in them now, and the pull requests by which they are changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Literal

from hub_image_actions.errors import ActionError, BranchConflict, GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.commits import FILE, PROGRAM
from hub_image_actions.github.creation import create_once
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.github.values import Json, PullRequest

Status = Literal["opened", "updated", "unchanged", "would open", "would update"]
# A commit of ours says which tree it was made with, so that one that somebody amended is told from it.
_TRAILER = "Proposed-tree"
# GitHub names no more files of a comparison than these.
_MOST_COMPARED = 300


@dataclass(frozen=True)
class Proposal:
    """What a pull request should be.

    Args:
        branch: the branch that carries it.
        title: its title, which is the commit's as well.
        body: its text.
        marker: the hidden ``<!-- hub-image-actions … -->`` by which it is found again.
        files: path and new content; None deletes.
        labels: labels that it should have.
        programs: the paths of those files that are to be run; files that are there keep their modes.
    """

    branch: str
    title: str
    body: str
    marker: str
    files: Mapping[str, bytes | None]
    labels: tuple[str, ...] = ()
    programs: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The pull request's text with the marker in it."""
        return self.body if self.marker in self.body else f"{self.body}\n\n{self.marker}"


@dataclass(frozen=True)
class Proposed:
    """What became of a proposal.

    Args:
        pull: its pull request; None where there is none (yet). One that is closed was declined by somebody.
        status: what was done, or would be.
    """

    pull: PullRequest | None
    status: Status


def propose(github: GitHub, snapshot: Snapshot, proposal: Proposal, *, apply: bool) -> Proposed:
    """Have one open pull request with these changes: opened, brought up to date, or left as it is.

    One commit stands on top of the snapshot's, and the branch is moved to it. A branch that has the changes
    already stays, unless the default branch has changed the same files since. What somebody closed without
    merging it is not proposed again, until it changes.

    Args:
        github: who does it.
        snapshot: what the changes were made from.
        proposal: the changes and their words.
        apply: whether to write; without, it is only told what would be done.

    Raises:
        BranchConflict: the branch or its pull request is somebody else's.
        ActionError: the repository is archived, or a path cannot be written.
        GitHubError: GitHub refused or failed; running again goes on from there.
    """
    return _Proposing(github, snapshot, proposal).carry_out(apply=apply)


@dataclass(frozen=True)
class _Comparison:
    """What a commit has that the snapshot's has not: files (None: deleted), and whose commits bring them."""

    files: Mapping[str, str | None]
    strangers: tuple[Json, ...]
    behind: bool
    complete: bool

    @classmethod
    def from_json(cls, answer: Json) -> "_Comparison":
        files: dict[str, str | None] = {}
        for item in answer.get("files", []):
            if "previous_filename" in item:
                files[item["previous_filename"]] = None
            files[item["filename"]] = None if item["status"] == "removed" else item["sha"]
        commits = answer["commits"]
        strangers = tuple(item for item in commits if not _is_ours(item))
        complete = len(files) < _MOST_COMPARED and len(commits) == answer["ahead_by"]
        return cls(files, strangers, answer["behind_by"] > 0, complete)


class _Changes:
    """What a proposal changes in a snapshot's files.

    Args:
        snapshot: the files as they are.
        proposal: how some of them should be.
    """

    def __init__(self, snapshot: Snapshot, proposal: Proposal) -> None:
        self._snapshot = snapshot
        self._proposal = proposal

    @cached_property
    def files(self) -> Mapping[str, bytes | None]:
        """Content by path of the files that become other than they are; None deletes.

        Raises:
            ActionError: a path cannot be written.
        """
        there, left_out = self._snapshot.files, self._snapshot.left_out
        changes = {}
        for path, content in self._proposal.files.items():
            if content is None:
                changed = path in there or path in left_out
            else:
                self._check_writable(path)
                changed = there.get(path) != content or self.mode(path) != self._present_mode(path)
            if changed:
                changes[path] = content
        return changes

    @property
    def modes(self) -> Mapping[str, str]:
        """Git's modes of those files, by path."""
        return {path: self.mode(path) for path in self.files}

    def mode(self, path: str) -> str:
        """Return git's mode that a file is to have."""
        return PROGRAM if path in self._proposal.programs else self._present_mode(path)

    def _present_mode(self, path: str) -> str:
        return PROGRAM if path in self._snapshot.programs else FILE

    def _check_writable(self, path: str) -> None:
        parts = path.split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        in_the_way = above & (self._snapshot.files.keys() | self._snapshot.left_out)
        if path in self._snapshot.left_out or in_the_way:
            raise ActionError(
                f"{path} of {self._snapshot.full_name} cannot be written: it is a link, lies below a link or "
                "file, or is larger than 1 MiB.",
                "Change it by hand, or make it a plain file first.",
            )


class _Branch:
    """The branch that carries a proposal, and its pull requests, as they are now.

    Args:
        github: who asks.
        snapshot: what the changes were made from.
        proposal: what the branch is for.
        changes: what it is to carry.
    """

    def __init__(self, github: GitHub, snapshot: Snapshot, proposal: Proposal, changes: _Changes) -> None:
        self._github = github
        self._snapshot = snapshot
        self._proposal = proposal
        self._changes = changes
        self._path = f"/repos/{snapshot.full_name}"

    # https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
    @cached_property
    def _pulls(self) -> list[Json]:
        """The pull requests of the branch, open or closed, newest first."""
        owner = self._snapshot.full_name.partition("/")[0]
        query = {"head": f"{owner}:{self._proposal.branch}", "base": self._snapshot.default_branch}
        listed = self._github.pages(f"{self._path}/pulls", state="all", **query)
        return [item for item in listed if item["head"]["ref"] == self._proposal.branch]

    def forget(self) -> None:
        """Have the next question be asked of GitHub again."""
        del self._pulls

    def open_pull(self) -> Json | None:
        """Return the open pull request, or None.

        Raises:
            BranchConflict: it is somebody else's.
        """
        opened = next((item for item in self._pulls if item["state"] == "open"), None)
        if opened and not self._is_ours(opened):
            raise BranchConflict(
                f"{opened['html_url']} was opened for the branch {self._proposal.branch!r} by somebody else.",
                "Merge or close it and delete its branch.",
            )
        return opened

    def declined(self) -> PullRequest | None:
        """The newest pull request that proposed the very same and was closed without being merged."""
        closed = next((item for item in self._pulls if self._is_ours(item)), None)
        if closed is None or closed["merged_at"]:
            return None
        pull = PullRequest.from_json(closed)
        return pull if self._is_wanted(self._compared(self._snapshot.commit, pull.commit)) else None

    def carries(self, commit: str) -> bool:
        """Say whether a branch's commit has the changes, and raise if it has changes of somebody else."""
        there = self._compared(self._snapshot.commit, commit)
        if self._is_wanted(there) and not (there and there.behind and self._overtaken(commit)):
            return True
        if there is None or not there.complete or there.strangers:
            raise self._conflict(commit, there.strangers if there else ())
        return False

    def _overtaken(self, commit: str) -> bool:
        since = self._compared(commit, self._snapshot.commit)
        return since is None or not since.complete or bool(since.files.keys() & self._changes.files.keys())

    def _is_wanted(self, there: _Comparison | None) -> bool:
        wanted = {path: content and _blob(content) for path, content in self._changes.files.items()}
        return there is not None and there.complete and there.files == wanted

    # https://docs.github.com/en/rest/commits/commits#compare-two-commits
    def _compared(self, base: str, head: str) -> _Comparison | None:
        """Return what `head` has that `base` has not; None where they have no commit in common."""
        try:
            return _Comparison.from_json(self._github.get(f"{self._path}/compare/{base}...{head}"))
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _conflict(self, branch: str, strangers: tuple[Json, ...]) -> BranchConflict:
        commit = strangers[0]["commit"] if strangers else {}
        what = commit.get("message", "").partition("\n")[0]
        who = (commit.get("author") or {}).get("email", "somebody")
        sha = strangers[0]["sha"] if strangers else branch
        return BranchConflict(
            f"The branch {self._proposal.branch!r} of {self._snapshot.full_name} has a commit that is not "
            f"ours: {sha[:12]} {what!r} by {who}.",
            "Merge or delete that branch, then run again.",
        )

    def _is_ours(self, pull: Json) -> bool:
        return self._proposal.marker in (pull["body"] or "")


class _Proposing:
    """One proposal on its way into one repository."""

    def __init__(self, github: GitHub, snapshot: Snapshot, proposal: Proposal) -> None:
        self._snapshot = snapshot
        self._proposal = proposal
        self._repository = Repository(github, snapshot.full_name)
        self._changes = _Changes(snapshot, proposal)
        self._branch = _Branch(github, snapshot, proposal, self._changes)

    def carry_out(self, *, apply: bool) -> Proposed:
        if not self._changes.files:
            return Proposed(_listed(self._branch.open_pull()), "unchanged")
        if self._snapshot.archived:
            remedy = "Unarchive it, or leave it out."
            raise ActionError(f"{self._snapshot.full_name} is archived.", remedy)
        opened = self._branch.open_pull()
        if not opened and (declined := self._branch.declined()):
            return Proposed(declined, "unchanged")
        branch = self._repository.commits.branch_commit(self._proposal.branch)
        current = bool(branch) and self._branch.carries(branch)
        if opened and current and not self._change(opened) and not self._missing_labels(opened):
            return Proposed(_listed(opened), "unchanged")
        if not apply:
            return Proposed(_listed(opened), "would update" if opened else "would open")
        commit = branch if current else self._push(exists=bool(branch))
        # What GitHub said of an open one before the push names the commit before it.
        pull = replace(self._written(opened), commit=commit)
        return Proposed(pull, "updated" if opened else "opened")

    def _push(self, *, exists: bool) -> str:
        try:
            commit = self._commit()
            self._repository.commits.set_branch(self._proposal.branch, commit, exists=exists)
        except GitHubError as error:
            workflows = any(path.startswith(".github/workflows/") for path in self._changes.files)
            if workflows and error.is_withheld:
                remedy = (
                    "To change workflows, an app's token needs the permission `Workflows: read and write`, "
                    "a classic token the scope `workflow`."
                )
                raise GitHubError(error.request, error.status, error.message, remedy) from error
            raise
        return commit

    def _commit(self) -> str:
        commits = self._repository.commits
        _, base = commits.commit_and_tree(self._snapshot.commit)
        tree = commits.create_tree(self._changes.files, base=base, modes=self._changes.modes)
        message = f"{self._proposal.title}\n\n{_TRAILER}: {tree}\n"
        return commits.create_commit(message, tree, [self._snapshot.commit])

    def _written(self, opened: Json | None) -> PullRequest:
        if opened is None:
            pull = create_once(self._open_now, self._open)
            missing = list(self._proposal.labels)
        else:
            pull, missing = PullRequest.from_json(opened), self._missing_labels(opened)
            if change := self._change(opened):
                pull = self._repository.change_pull_request(pull.number, change)
        if missing:
            self._repository.issues.add_labels(pull.number, missing)
        return pull

    def _open_now(self) -> PullRequest | None:
        self._branch.forget()
        return _listed(self._branch.open_pull())

    def _open(self) -> PullRequest:
        return self._repository.open_pull_request(
            {
                "title": self._proposal.title,
                "body": self._proposal.text,
                "head": self._proposal.branch,
                "base": self._snapshot.default_branch,
            }
        )

    def _change(self, pull: Json) -> Json:
        """Return what has to be changed of a pull request's words."""
        wanted = {"title": self._proposal.title, "body": self._proposal.text}
        return {name: text for name, text in wanted.items() if _lines(pull[name] or "") != _lines(text)}

    def _missing_labels(self, pull: Json) -> list[str]:
        there = {label["name"].lower() for label in pull["labels"]}
        return [label for label in self._proposal.labels if label.lower() not in there]


def _listed(pull: Json | None) -> PullRequest | None:
    return PullRequest.from_json(pull) if pull else None


def _is_ours(commit: Json) -> bool:
    trailer = f"{_TRAILER}: {commit['commit']['tree']['sha']}"
    return trailer in commit["commit"]["message"].splitlines()


def _blob(content: bytes) -> str:
    """Return the name that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


def _lines(text: str) -> list[str]:
    # GitHub's web page turns line ends into CRLF when somebody edits a text there.
    return [line.rstrip() for line in text.strip().splitlines()]
