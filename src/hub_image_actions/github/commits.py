"""Commits and branches made through GitHub's API, without a clone.

Source: https://docs.github.com/en/rest/git.
"""

import base64
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.creation import create_once
from hub_image_actions.github.values import Json, as_described

FILE, PROGRAM = "100644", "100755"


class Commits:
    """The one place where commits are made through the API.

    Args:
        github: who makes them.
        full_name: the repository, ``owner/name``.
    """

    def __init__(self, github: GitHub, full_name: str) -> None:
        self._github = github
        self._path = f"/repos/{full_name}/git"

    # https://docs.github.com/en/rest/git/refs#get-a-reference
    @as_described()
    def branch_commit(self, branch: str) -> str:
        """Return the commit that a branch is at; empty where there is no such branch."""
        try:
            answer: Json = self._github.get(f"{self._path}/ref/heads/{quote(branch, safe='/')}")
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return ""
            raise
        return str(answer["object"]["sha"])

    # https://docs.github.com/en/rest/git/commits#get-a-commit-object
    @as_described()
    def commit_and_tree(self, commit: str) -> tuple[str, str]:
        """Return a commit's message and its tree."""
        answer: Json = self._github.get(f"{self._path}/commits/{commit}")
        return str(answer["message"]), str(answer["tree"]["sha"])

    # https://docs.github.com/en/rest/git/trees#create-a-tree
    @as_described()
    def create_tree(
        self, files: Mapping[str, bytes | None], *, base: str = "", modes: Mapping[str, str] | None = None
    ) -> str:
        """Create a tree; return it.

        Args:
            files: content by path; None deletes what the base has there.
            base: the tree whose other files stay; empty: the tree holds these files and no others.
            modes: git's modes of those files that are not plain ones, by path.
        """
        entries = [
            self._entry(path, content, (modes or {}).get(path, FILE))
            for path, content in sorted(files.items())
        ]
        return self._created("trees", {**({"base_tree": base} if base else {}), "tree": entries})

    # https://docs.github.com/en/rest/git/commits#create-a-commit
    @as_described()
    def create_commit(self, message: str, tree: str, parents: Sequence[str] = ()) -> str:
        """Create a commit; return it."""
        return self._created("commits", {"message": message, "tree": tree, "parents": list(parents)})

    # https://docs.github.com/en/rest/git/refs#update-a-reference and #create-a-reference
    def set_branch(self, branch: str, commit: str, *, exists: bool, force: bool = True) -> None:
        """Have a branch be at a commit.

        Args:
            branch: the branch.
            commit: the commit.
            exists: whether there is such a branch.
            force: whether it may be at something that does not lead to the commit.
        """
        if exists:
            path = f"{self._path}/refs/heads/{quote(branch, safe='/')}"
            self._github.send("PATCH", path, {"sha": commit, "force": force})
            return
        request = {"ref": f"refs/heads/{branch}", "sha": commit}
        create_once(
            lambda: self.branch_commit(branch) or None,
            lambda: str(self._github.send("POST", f"{self._path}/refs", request)["ref"]),
        )

    # https://docs.github.com/en/rest/git/refs#delete-a-reference
    def delete_branch(self, branch: str) -> None:
        """Delete a branch; one that is gone already is as well."""
        try:
            self._github.send("DELETE", f"{self._path}/refs/heads/{quote(branch, safe='/')}")
        except GitHubError as error:
            # GitHub answers 422 "Reference does not exist".
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise

    def _entry(self, path: str, content: bytes | None, mode: str) -> Json:
        entry: Json = {"path": path, "mode": mode, "type": "blob"}
        if content is None:
            return {**entry, "sha": None}
        try:
            return {**entry, "content": content.decode()}
        except UnicodeDecodeError:
            # https://docs.github.com/en/rest/git/blobs#create-a-blob
            blob = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
            return {**entry, "sha": self._created("blobs", blob)}

    def _created(self, kind: str, what: Json) -> str:
        # Content has one name in git, however often it is created.
        return str(self._github.send("POST", f"{self._path}/{kind}", what, idempotent=True)["sha"])
