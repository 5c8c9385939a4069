"""The commits with which a repository begins: made on this machine, and pushed at once."""

from collections.abc import Collection, Mapping

from hub_image_actions.fleet.new_repository.folder_history import objects_in
from hub_image_actions.git import GitFolder, Identity
from hub_image_actions.github.commits import FILE, PROGRAM

BRANCH = "main"
_LARGEST_FILE = 1 << 20


class FirstCommits(GitFolder):
    """A repository in an empty folder, whose history is pushed to one that has none."""

    def begin(self) -> None:
        """Make the repository."""
        self._run("init", "--quiet", "--template=", "--initial-branch", BRANCH)
        self._run("remote", "add", "origin", self._remote.url)
        self._keep_bytes()

    def go_on_from(self, commit: str) -> Mapping[str, bytes]:
        """Have the next commit follow one that is here; return its files, without links and large ones."""
        self._run("update-ref", f"refs/heads/{BRANCH}", commit)
        self._run("read-tree", commit)
        entries = (
            line.partition("\t") for line in self._run("ls-tree", "-r", "-z", "-l", commit).split("\0")
        )
        chosen = {}
        for about, tab, path in entries:
            mode, _, name, size = about.split() if tab else ("", "", "", "")
            if mode in {FILE, PROGRAM} and int(size) <= _LARGEST_FILE:
                chosen[path] = name
        asked = "".join(f"{name}\n" for name in chosen.values()).encode()
        contents = objects_in(self._piped("cat-file", "--batch", read=asked)) if chosen else ()
        return dict(zip(chosen, contents, strict=True))

    def commit(
        self, files: Mapping[str, bytes], programs: Collection[str], message: str, identity: Identity
    ) -> str:
        """Commit files, besides those that there are; return the commit.

        Args:
            files: content by path.
            programs: those of them that may be run.
            message: the commit's text.
            identity: who commits.
        """
        for path, content in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755 if path in programs else 0o644)
        # A template's own rules for what is left out are about what comes later.
        self._run("add", "--force", "--", *files)
        return self._commit(message, identity)
