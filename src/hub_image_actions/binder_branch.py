"""A branch that makes Binder pull an image instead of building one.

It has one commit and one file, ``binder/Dockerfile``, which names the image by its digest. BinderHub builds
that in seconds, whatever the size of the image.
"""

from dataclasses import dataclass

from hub_image_actions.errors import BranchConflict
from hub_image_actions.github import Repository
from hub_image_actions.references import ImageName

FILE = "binder/Dockerfile"
SUBJECT = "Let Binder pull the image of pull request"


@dataclass(frozen=True)
class BinderBranch:
    """The branch of one pull request.

    Args:
        repository: the repository that gets the branch.
        pull_request: the number of the pull request.
    """

    repository: Repository
    pull_request: int

    @property
    def name(self) -> str:
        """The branch's name."""
        return f"binder/pr-{self.pull_request}"

    def point_to(self, image: ImageName, digest: str) -> str:
        """Have the branch name an image, unless it does already; return its commit.

        Raises:
            BranchConflict: somebody else has a branch of that name.
            GitHubError: the token may not write, or GitHub failed.
        """
        there = self.repository.branch_commit(self.name)
        tree = self.repository.create_tree({FILE: dockerfile(image, digest)})
        if there:
            subject, its_tree = self.repository.commit_and_tree(there)
            if not subject.startswith(SUBJECT):
                raise BranchConflict(
                    f"The branch {self.name!r} of {self.repository.full_name} is not ours: {subject!r}.",
                    "Rename that branch.",
                )
            if its_tree == tree:
                return there
        commit = self.repository.create_commit(f"{SUBJECT} #{self.pull_request}", tree)
        self.repository.set_branch(self.name, commit, exists=bool(there))
        return commit

    def delete(self) -> None:
        """Delete the branch; one that is gone already is as well."""
        there = self.repository.branch_commit(self.name)
        if there and self.repository.commit_and_tree(there)[0].startswith(SUBJECT):
            self.repository.delete_branch(self.name)


def dockerfile(image: ImageName, digest: str) -> str:
    """Return what repo2docker needs to take an image as it is.

    The two arguments are those that BinderHub passes to every build.
    """
    return f"FROM {image}@{digest}\nARG NB_USER=jovyan\nARG NB_UID=1000\n"
