"""The branch that carries a bump: made, left alone or updated, and never taken from somebody else."""

import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hub_image_actions.deployments.edits import Edit
from hub_image_actions.errors import BranchConflict, PushRefused
from hub_image_actions.git import Checkout, Identity
from hub_image_actions.github.commits import PROGRAM
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import Commit
from hub_image_actions.references import ImageName

_ATTEMPTS = 4
_GITHUB, _BOT = "noreply@github.com", "[bot]@users.noreply.github.com"


@dataclass(frozen=True)
class BumpBranch:
    """Where a bump goes.

    Args:
        name: the branch.
        base: the branch that it is to be merged into.
        image: the image whose bump it carries.
        identity: who commits our bumps.
    """

    name: str
    base: str
    image: ImageName
    identity: Identity

    def message(self, subject: str, files: tuple[str, ...]) -> str:
        """Return the commit's message: the subject, the files, and the image as a trailer."""
        listed = "\n".join(f"- {file}" for file in files)
        return f"{subject}\n\n{listed}\n\n{self._trailer}\n"

    @property
    def _trailer(self) -> str:
        return f"Image: {self.image}"

    def publish(
        self,
        checkout: Checkout,
        repository: Repository,
        commit: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> str:
        """Push the commit unless the branch has its tree already; return the commit that the branch is at.

        Raises:
            BranchConflict: the branch carries something that is not a bump of ours for this image.
            PushRefused: the repository does not take the push.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            there = checkout.remote_commit(self.name)
            if there and checkout.remote_tree(there) == checkout.tree(commit):
                return there
            if there:
                self._refuse_others(repository)
            try:
                checkout.push(commit, self.name, expected=there)
            except PushRefused as error:
                if error.final or attempt == _ATTEMPTS:
                    raise
                sleep(2.0**attempt / 4)
            else:
                return commit
        raise AssertionError("the loop returns or raises")

    def publish_signed(
        self, repository: Repository, base: str, edits: Iterable[Edit], message: str
    ) -> tuple[str, bool]:
        """Commit through the API, unless the branch has the same tree already.

        GitHub signs what an App or a workflow's token commits there without naming an author. Source:
        https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification.

        Args:
            repository: the deployments repository.
            base: the commit to build on.
            edits: the files that change.
            message: the commit's message.

        Returns:
            The commit that the branch is at, and whether it is new.

        Raises:
            BranchConflict: the branch carries something that is not a bump of ours for this image.
            GitHubError: GitHub refused or failed.
        """
        commits, files = repository.commits, {edit.file: edit.after for edit in edits}
        modes = {edit.file: PROGRAM for edit in edits if edit.path.stat().st_mode & stat.S_IXUSR}
        _, base_tree = commits.commit_and_tree(base)
        tree = commits.create_tree(files, base=base_tree, modes=modes)
        there = commits.branch_commit(self.name)
        if there and commits.commit_and_tree(there)[1] == tree:
            return there, False
        if there:
            self._refuse_others(repository)
        commit = commits.create_commit(message, tree, [base])
        commits.set_branch(self.name, commit, exists=bool(there))
        return commit, True

    def _refuse_others(self, repository: Repository) -> None:
        for commit in repository.compare(self.base, self.name).commits:
            title = commit.message.partition("\n")[0]
            if not self._is_ours(commit):
                raise BranchConflict(
                    f"The branch {self.name!r} of {repository.full_name} has a commit that is not ours: "
                    f"{commit.sha[:12]} {title!r} by {commit.author_email}.",
                    "Merge or delete that branch, or give another name in `branch`.",
                )
            if self._trailer not in commit.message.splitlines():
                raise BranchConflict(
                    f"The branch {self.name!r} of {repository.full_name} carries the bump of another image: "
                    f"{commit.sha[:12]} {title!r}.",
                    "Give each image a branch of its own, such as `branch: update-{image}-tag-{tag}`.",
                )

    def _is_ours(self, commit: Commit) -> bool:
        by_us = {commit.author_email, commit.committer_email} == {self.identity.email}
        # What a bot commits through the API is committed by GitHub itself; people have their own addresses.
        signed = commit.committer_email == _GITHUB and commit.author_email.endswith(_BOT)
        return by_us or signed
