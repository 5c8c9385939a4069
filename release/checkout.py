"""The checkout that a release is made from, and the repository that it is released to: what is there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from hub_image_actions.errors import GitError
from release.compatibility import Declaration, read_declaration
from release.git_commands import BRANCH, Git

_SSH = re.compile(r"(?:ssh://)?(?:[^@/]+@)?(?P<host>[^:/]+)(?::\d+/|:|/)(?P<path>[^:]+)")
_LINK = "120000"


@dataclass(frozen=True)
class Origin:
    """The repository on a server that a remote leads to.

    Args:
        full_name: `owner/name`.
        page: the address that people see it at, without credentials.
    """

    full_name: str
    page: str


class Checkout:
    """A clone of the whole repository.

    Args:
        folder: its top folder.
        remote: the remote to release to.
        environ: the environment that git runs in.
    """

    def __init__(self, folder: Path, remote: str, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.remote = remote
        self.git = Git(folder, environ)

    def origin(self) -> Origin:
        """Return where the remote leads."""
        return parse_origin(self.git("remote", "get-url", self.remote))

    def branch(self) -> str:
        """Return the branch that is checked out; empty where it is a commit or a tag."""
        return self.git("branch", "--show-current")

    def head(self) -> str:
        """Return the commit that is checked out."""
        return self.commit("HEAD")

    def commit(self, name: str) -> str:
        """Return the commit that a name stands for."""
        return self.git("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")

    def parents(self, commit: str) -> list[str]:
        """Return the parents of a commit."""
        return self.git("show", "--no-patch", "--format=%P", commit).split()

    def changed_files(self) -> list[str]:
        """Return what differs from the commit that is checked out, files that git does not know included."""
        return self.git("status", "--porcelain", "--untracked-files=all").splitlines()

    def history(self, commit: str) -> frozenset[str]:
        """Return a commit and all that led to it."""
        return frozenset(self.git("rev-list", commit).split())

    def fetch_branch(self) -> str:
        """Return the commit that the branch is at in the remote repository; it is here afterwards."""
        local = f"refs/remotes/{self.remote}/{BRANCH}"
        self.git("fetch", "--quiet", "--no-tags", self.remote, f"+refs/heads/{BRANCH}:{local}")
        return self.commit(local)

    def remote_tags(self) -> dict[str, str]:
        """Return the tags of the remote repository, and the commit that each leads to."""
        listed = (line.split("\t") for line in self.git("ls-remote", "--tags", self.remote).splitlines())
        found = {name.removeprefix("refs/tags/"): sha for sha, name in listed}
        # An annotated tag is listed twice: as itself, and peeled.
        return {name: found.get(f"{name}^{{}}", sha) for name, sha in found.items() if "^" not in name}

    def fetch_tag(self, tag: str) -> None:
        """Fetch what a tag leads to, and not the tag."""
        self.git("fetch", "--quiet", "--no-tags", self.remote, f"refs/tags/{tag}")

    def declarations(self, commit: str) -> dict[str, Declaration]:
        """Return what the actions of a commit declare, by every path that workflows may name them by."""
        listed = (line.split(None, 3) for line in self.git("ls-tree", "-r", "-z", commit).split("\0") if line)
        kinds = {path: mode for mode, _, _, path in listed}
        found = {}
        for path in (path for path in kinds if PurePosixPath(path).name == "action.yml"):
            folder = PurePosixPath(path).parent
            if folder.parts[:1] in {(), ("actions",)}:
                name = str(folder) if folder.parts else "the action at the top"
                found[name] = read_declaration(self._blob(commit, path), path)
        links = (path for path, mode in kinds.items() if mode == _LINK and "/" not in path)
        aliases = {link: str(PurePosixPath(self._blob(commit, link))) for link in links}
        return found | {link: found[target] for link, target in aliases.items() if target in found}

    def _blob(self, commit: str, path: str) -> str:
        return self.git("cat-file", "blob", f"{commit}:{path}")


def parse_origin(url: str) -> Origin:
    """Return the repository that the address of a remote leads to.

    Raises:
        GitError: it is no address on a server.
    """
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and parts.hostname:
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        scheme, path = parts.scheme, parts.path
    else:
        found = _SSH.fullmatch(url)
        scheme, host, path = "https", found["host"] if found else "", found["path"] if found else ""
    path = path.strip("/").removesuffix(".git")
    if not host or path.count("/") != 1:
        shown = re.sub("//[^/]*@", "//", url)
        raise GitError(f"{shown!r} is no repository on a server.", "Name its remote with `--remote`.")
    return Origin(path, urlunsplit((scheme, host, f"/{path}", "", "")))
