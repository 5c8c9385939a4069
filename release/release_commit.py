"""The commit and the tag of a release: made, pushed at once, and brought into the checkout.

A release commit is made beside the checkout, not in it, and nothing is seen of it anywhere until one push
has taken commit and tag together. So a release that is killed leaves nothing to clean up.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from release.checkout import Checkout
from release.git_commands import BRANCH


class ReleaseCommit:
    """Makes and pushes what a release consists of.

    Args:
        checkout: the checkout that it is made from.
    """

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._git = checkout.git
        self._remote = checkout.remote

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
        self._checkout.fetch_branch()
        self._git("merge", "--quiet", "--ff-only", f"refs/tags/{tag}^{{commit}}")
