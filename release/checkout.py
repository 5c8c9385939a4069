"""The checkout that a release is made from, through the git of whoever releases: their name, their key.

A release commit is made beside the checkout, not in it, and nothing is seen of it anywhere until one push
has taken commit and tag together. So a release that is killed leaves nothing to clean up.
"""

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from hub_image_actions import process
from hub_image_actions.errors import CommandError, GitError
from release.compatibility import Declaration, read_declaration

BRANCH = "main"
_TIME_LIMIT = 300.0
# Set by a git hook, these would point at another repository.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
_SSH = re.compile(r"(?:ssh://)?(?:[^@/]+@)?(?P<host>[^:/]+)(?::\d+/|:|/)(?P<path>[^:]+)")
_LINK = "120000"
_REMEDIES = {
    "GH006|GH013|protected branch|pre-receive hook declined": (
        f"A rule protects {BRANCH} or the tag: let whoever releases bypass it, as docs/releases.md says."
    ),
    "non-fast-forward|fetch first|stale info|already exists|cannot lock ref": (
        "Somebody pushed meanwhile: run again."
    ),
    "could not read Username|Authentication failed|error: 40[13]|Permission denied|Write access": (
        "Let git push there without asking: by a credential helper, or a key in ssh-agent."
    ),
    "does not appear to be a git repository|No such remote": "Name the remote to release to with `--remote`.",
    "empty ident|tell me who you are": "Set user.name and user.email in git's configuration.",
}


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
        self._remote = remote
        self._environ = {name: value for name, value in environ.items() if name not in _ELSEWHERE}
        self._environ["GIT_TERMINAL_PROMPT"] = "0"

    # ---- what is there

    def origin(self) -> Origin:
        """Return where the remote leads."""
        return parse_origin(self._git("remote", "get-url", self._remote))

    def branch(self) -> str:
        """Return the branch that is checked out; empty where it is a commit or a tag."""
        return self._git("branch", "--show-current")

    def head(self) -> str:
        """Return the commit that is checked out."""
        return self.commit("HEAD")

    def commit(self, name: str) -> str:
        """Return the commit that a name stands for."""
        return self._git("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")

    def parents(self, commit: str) -> list[str]:
        """Return the parents of a commit."""
        return self._git("show", "--no-patch", "--format=%P", commit).split()

    def changed_files(self) -> list[str]:
        """Return what differs from the commit that is checked out, files that git does not know included."""
        return self._git("status", "--porcelain", "--untracked-files=all").splitlines()

    def history(self, commit: str) -> frozenset[str]:
        """Return a commit and all that led to it."""
        return frozenset(self._git("rev-list", commit).split())

    def fetch_branch(self) -> str:
        """Return the commit that the branch is at in the remote repository; it is here afterwards."""
        local = f"refs/remotes/{self._remote}/{BRANCH}"
        self._git("fetch", "--quiet", "--no-tags", self._remote, f"+refs/heads/{BRANCH}:{local}")
        return self.commit(local)

    def remote_tags(self) -> dict[str, str]:
        """Return the tags of the remote repository, and the commit that each leads to."""
        listed = (line.split("\t") for line in self._git("ls-remote", "--tags", self._remote).splitlines())
        found = {name.removeprefix("refs/tags/"): sha for sha, name in listed}
        # An annotated tag is listed twice: as itself, and peeled.
        return {name: found.get(f"{name}^{{}}", sha) for name, sha in found.items() if "^" not in name}

    def fetch_tag(self, tag: str) -> None:
        """Fetch what a tag leads to, and not the tag."""
        self._git("fetch", "--quiet", "--no-tags", self._remote, f"refs/tags/{tag}")

    def declarations(self, commit: str) -> dict[str, Declaration]:
        """Return what the actions of a commit declare, by every path that workflows may name them by."""
        listed = (
            line.split(None, 3) for line in self._git("ls-tree", "-r", "-z", commit).split("\0") if line
        )
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

    # ---- what is made

    def commit_files(self, parent: str, files: Mapping[str, str], message: str) -> str:
        """Make a commit with other contents of files, beside what is checked out; return it."""
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._git("read-tree", parent, more=index)
            for path, content in files.items():
                mode = self._git("ls-tree", parent, "--", path).split()[0]
                blob = self._git("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
                self._git("update-index", "--cacheinfo", f"{mode},{blob},{path}", more=index)
            tree = self._git("write-tree", more=index)
        return self._git("commit-tree", tree, "-p", parent, "-m", message)

    def tag_object(self, commit: str, tag: str, message: str) -> str:
        """Make an annotated tag that no name leads to yet; return it."""
        tagger = self._git("var", "GIT_COMMITTER_IDENT")
        text = f"object {commit}\ntype commit\ntag {tag}\ntagger {tagger}\n\n{message}\n"
        return self._git("mktag", stdin=text)

    def push(self, commit: str, tag: str, tag_object: str) -> None:
        """Push branch and tag, both or neither; neither is forced."""
        names = (f"{commit}:refs/heads/{BRANCH}", f"{tag_object}:refs/tags/{tag}")
        self._git("push", "--quiet", "--atomic", "--no-follow-tags", self._remote, *names)

    def follow(self, tag: str) -> None:
        """Bring the checkout and its tags to a release that is pushed."""
        self._git("fetch", "--quiet", "--no-tags", self._remote, f"+refs/tags/{tag}:refs/tags/{tag}")
        self.fetch_branch()
        self._git("merge", "--quiet", "--ff-only", f"refs/tags/{tag}^{{commit}}")

    def _blob(self, commit: str, path: str) -> str:
        return self._git("cat-file", "blob", f"{commit}:{path}")

    def _git(self, *arguments: str, stdin: str = "", more: Mapping[str, str] | None = None) -> str:
        command = ["git", *arguments]
        try:
            done = process.run(
                command,
                stdin=stdin,
                timeout=_TIME_LIMIT,
                env={**self._environ, **(more or {})},
                cwd=self.folder,
            )
        except CommandError as error:
            raise _error(arguments, error) from error
        return done.stdout.removesuffix("\n")


def _error(arguments: Iterable[str], error: CommandError) -> GitError:
    said = "\n".join(filter(None, (error.stderr.strip(), error.stdout.strip()))) or str(error)
    lines = " | ".join(line.strip() for line in said.splitlines() if line.strip())
    remedy = next((text for pattern, text in _REMEDIES.items() if re.search(pattern, said)), "")
    return GitError(f"git {next(iter(arguments))} failed: {lines.rstrip('.')}.", remedy or error.remedy)


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
