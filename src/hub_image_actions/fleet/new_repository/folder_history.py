"""The history of one folder of a repository, rewritten as if the folder were a repository of its own.

What `git subtree split` does, which not every git has: each commit that changed the folder becomes one whose
files are those of the folder. Authors, dates and texts stay; signatures do not, as they sign other files.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.errors import ActionError
from hub_image_actions.git import GitFolder, LocalRepository, Remote
from hub_image_actions.names import InvalidName, parse_full_name, parse_path

# https://git-scm.com/docs/gitformat-signature
_SIGNATURES = (b"gpgsig", b"gpgsig-sha256", b"mergetag")
_FETCHED = "refs/history"


@dataclass(frozen=True)
class FolderSource:
    """A folder whose history is wanted.

    Args:
        repository: ``owner/name`` on GitHub; empty for a clone on this machine.
        clone: the folder of a clone on this machine; None for a repository on GitHub.
        folder: the folder in that repository.
    """

    repository: str
    clone: Path | None
    folder: str

    def __str__(self) -> str:
        return f"{self.repository or self.clone}:{self.folder}"

    def remote(self, server_url: str, token: str) -> Remote:
        """Return where git fetches it from.

        Args:
            server_url: the address of GitHub.
            token: what git presents there.
        """
        if self.clone:
            return Remote(str(self.clone.resolve()))
        return Remote(f"{server_url}/{self.repository}.git", token)


def parse_folder_source(text: str) -> FolderSource:
    """Return the folder that a text names: ``owner/name:folder``, or ``path/of/a/clone:folder``.

    Raises:
        InvalidName: it names none.
    """
    place, colon, folder = text.rpartition(":")
    wrong = InvalidName(
        f"{text!r} is not a folder of a repository.",
        "Write it as `owner/name:deployments/data100/image`, or with the folder of a clone before the colon.",
    )
    path = folder.strip("/")
    if not colon or not place or path in {"", "."}:
        raise wrong
    parse_path(path)
    # A repository on GitHub is named with one slash; a clone, where that would be one as well, with `./`.
    if place.startswith((".", "/", "~")):
        clone = Path(place).expanduser()
        if not clone.is_dir():
            raise InvalidName(f"There is no folder {place!r}.", "Name the folder of a clone.")
        return FolderSource("", clone, path)
    try:
        return FolderSource(parse_full_name(place), None, path)
    except InvalidName:
        raise wrong from None


class FolderHistory(GitFolder):
    """Fetches a repository into a folder of git's, and rewrites the history of one of its folders there."""

    def rewritten(self, source: FolderSource) -> str:
        """Return the newest commit of the folder's own history.

        Raises:
            GitError: the repository cannot be fetched.
            ActionError: it has no such folder, or not all of its history.
        """
        if source.clone and LocalRepository(source.clone).is_shallow():
            raise ActionError(
                f"{source.clone} is a shallow clone, which lacks most of the history.",
                f"Fetch the rest: `git -C {source.clone} fetch --unshallow`.",
            )
        self._network("fetch", "--quiet", "--no-tags", self._remote.url, f"+HEAD:{_FETCHED}")
        tip = self._run("rev-parse", _FETCHED)
        if not self._trees([tip], source.folder)[0]:
            raise ActionError(f"{source} is not there, or is no folder.", "Check --history.")
        listed = [line.split() for line in self._listed(tip, source.folder)]
        trees = self._trees([commit for commit, *_ in listed], source.folder)
        contents = self._contents([commit for commit, *_ in listed])
        made: dict[str, str] = {}
        commits = []
        for (commit, *parents), tree, content in zip(listed, trees, contents, strict=True):
            moved = moved_up(
                content, tree or self._empty_tree(), [made[one] for one in parents if one in made]
            )
            made[commit] = hashlib.sha1(
                b"commit %d\0%s" % (len(moved), moved), usedforsecurity=False
            ).hexdigest()
            commits.append(moved)
        self._write(commits)
        return made[listed[-1][0]]

    def _listed(self, tip: str, folder: str) -> list[str]:
        """Return the commits that changed the folder, oldest first, with their nearest parents."""
        order = ("--topo-order", "--reverse", "--parents")
        return self._run("rev-list", *order, tip, "--", f":(top,literal){folder}").splitlines()

    def _trees(self, commits: Sequence[str], folder: str) -> list[str]:
        """Return the folder's tree at each commit; empty where it was not there."""
        asked = "".join(f"{commit}:{folder}\n" for commit in commits).encode()
        answers = self._piped("cat-file", "--batch-check=%(objecttype) %(objectname)", read=asked)
        pairs = (line.split(" ") for line in answers.decode(errors="replace").splitlines())
        return [pair[1] if pair[0] == "tree" else "" for pair in pairs]

    def _contents(self, commits: Sequence[str]) -> list[bytes]:
        answers = self._piped("cat-file", "--batch", read="".join(f"{one}\n" for one in commits).encode())
        return list(objects_in(answers))

    def _empty_tree(self) -> str:
        return self._run("hash-object", "-t", "tree", "-w", "/dev/null")

    def _write(self, commits: Sequence[bytes]) -> None:
        names = []
        for number, content in enumerate(commits):
            file = self.folder / ".git" / f"commit-{number}"
            file.write_bytes(content)
            names.append(f"{file}\n")
        self._piped("hash-object", "-t", "commit", "-w", "--stdin-paths", read="".join(names).encode())


def moved_up(commit: bytes, tree: str, parents: Sequence[str]) -> bytes:
    """Return a commit with another tree and other parents, all else as it was, and no signature.

    Args:
        commit: the commit as git stores it.
        tree: its new tree.
        parents: its new parents.
    """
    head, _, message = commit.partition(b"\n\n")
    # A line that begins with a space goes on with the one before.
    fields = re.split(rb"\n(?! )", head)
    kept = [field for field in fields if field.split(b" ")[0] not in {b"tree", b"parent", *_SIGNATURES}]
    first = [f"tree {tree}".encode(), *(f"parent {parent}".encode() for parent in parents)]
    return b"\n".join([*first, *kept]) + b"\n\n" + message


def objects_in(answers: bytes) -> Iterator[bytes]:
    """Yield the objects that `git cat-file --batch` wrote: a line that ends with the size, then so much."""
    at = 0
    while at < len(answers):
        end = answers.index(b"\n", at)
        size = int(answers[at:end].rpartition(b" ")[2])
        yield answers[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
