"""What GitHub shows of a release, and the tags that move to it once its smoke test has passed."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.creation import create_once
from hub_image_actions.github.repository import Repository
from release.version import Version

Json = dict[str, Any]
_MISSING = {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}


class Publication:
    """A release on GitHub.

    Args:
        github: whose token may write contents.
        full_name: the repository, as `owner/name`.
        version: the version whose exact tag is pushed.
    """

    def __init__(self, github: GitHub, full_name: str, version: Version) -> None:
        self._github = github
        self._full_name = full_name
        self._path = f"/repos/{full_name}"
        self._version = version

    def commit(self) -> str:
        """Return the commit of the exact tag.

        Raises:
            ActionError: there is no such tag.
        """
        commit = self._commit_of(self._version.tag)
        if not commit:
            raise ActionError(f"There is no tag {self._version.tag}.", "Push it with scripts/release.")
        return commit

    def publish(self, notes: str) -> str:
        """Create the release, or bring it up to date; return the address of its page.

        Raises:
            ActionError: there is no such tag, or the token may not.
        """
        commit = self.commit()
        version = self._version
        wanted = {
            "tag_name": version.tag,
            "name": version.tag,
            "body": f"{notes}\n\n{self._how_to_pin(commit)}",
            "draft": False,
            "prerelease": not version.is_final,
        }
        # Of two releases the higher version is the latest one, whichever run ends last.
        latest = {"make_latest": "legacy" if version.is_final else "false"}
        found = create_once(
            self._found, lambda: self._send("POST", f"{self._path}/releases", wanted | latest)
        )
        if any(found[name] != value for name, value in wanted.items()):
            found = self._send("PATCH", f"{self._path}/releases/{found['id']}", wanted)
        return str(found["html_url"])

    def move_tags(self) -> Iterator[tuple[str, str]]:
        """Move the floating tags to the release, only forwards; yield each with what became of it.

        Raises:
            ActionError: a tag is where the release does not lead on from, or the token may not move it.
        """
        commit = self.commit()
        for tag in self._version.floating_tags:
            yield tag, self._move(tag, commit)

    def _move(self, tag: str, commit: str) -> str:
        before = self._commit_of(tag)
        if not before:
            request = {"ref": f"refs/tags/{tag}", "sha": commit}
            create_once(
                lambda: self._got(f"git/ref/tags/{tag}"),
                lambda: self._send("POST", f"{self._path}/git/refs", request),
            )
            return f"created at {commit}"
        compared = Repository(self._github, self._full_name).compare(before, commit)
        if not compared.ahead_by:
            return "left at a newer release" if compared.behind_by else f"at {commit} already"
        # GitHub itself refuses what does not lead on, and with it whatever happened since the comparison.
        self._send("PATCH", f"{self._path}/git/refs/tags/{tag}", {"sha": commit, "force": False})
        return f"moved to {commit}"

    def _commit_of(self, tag: str) -> str:
        found = self._got(f"commits/tags/{quote(tag)}")
        return str(found["sha"]) if found else ""

    def _found(self) -> Json | None:
        return self._got(f"releases/tags/{quote(self._version.tag, safe='')}")

    def _got(self, path: str) -> Json | None:
        try:
            answer: Json = self._github.get(f"{self._path}/{path}")
        except GitHubError as error:
            # GitHub answers 422 for a commit that is not there.
            if error.status in _MISSING:
                return None
            raise
        return answer

    def _send(self, method: str, path: str, body: Json) -> Json:
        answer: Json = self._github.send(method, path, body)
        return answer

    def _how_to_pin(self, commit: str) -> str:
        return f"Pinned by commit: `uses: {self._full_name}/build@{commit} # {self._version.tag}`"
