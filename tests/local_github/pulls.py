"""Pull requests, their comments and labels, and how pushes change them."""

from dataclasses import dataclass, field

from .git import git
from .repository import Commit, FileChange, Repository, Signature, now
from .tokens import User

BODY_LIMIT = 65536
TITLE_LIMIT = 256


@dataclass(frozen=True)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(eq=False)
class Comment:
    """A comment on a pull request."""

    id: int
    number: int
    user: User
    body: str
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)


@dataclass(eq=False)
class Pull:
    """A pull request."""

    id: int
    number: int
    user: User
    repository: Repository
    head_repository: Repository | None
    head_owner: User
    head: str
    head_sha: str
    base: str
    base_sha: str
    title: str
    body: str | None = None
    draft: bool = False
    maintainer_can_modify: bool = False
    state: str = "open"
    labels: list[Label] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)
    closed_at: str | None = None
    merged_at: str | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None

    @property
    def label(self) -> str:
        """Return owner:branch of the head."""
        return f"{self.head_owner.login}:{self.head}"

    @property
    def merged(self) -> bool:
        """Say whether it was merged."""
        return self.merged_at is not None

    @property
    def comments(self) -> list[Comment]:
        """Return the comments, oldest first."""
        return [comment for comment in self.repository.comments if comment.number == self.number]

    @property
    def fork_point(self) -> str:
        """Return the commit at which the head left the base."""
        return self.repository.merge_base(self.base_sha, self.head_sha) or self.base_sha

    def commits(self) -> list[Commit]:
        """Return the commits, oldest first, as GitHub lists them."""
        return self.repository.commits("--reverse", f"{self.base_sha}..{self.head_sha}")

    def files(self) -> list[FileChange]:
        """Return the files that it changes."""
        return self.repository.diff(self.fork_point, self.head_sha)

    def touch(self) -> None:
        """Note that something about it changed."""
        self.updated_at = now()

    def close(self) -> None:
        """Close it without merging."""
        self.state, self.closed_at = "closed", now()
        self.touch()

    def reopen(self) -> None:
        """Open it again."""
        self.state, self.closed_at = "open", None
        self.touch()

    def mark_merged(self, sha: str, by: User | None) -> None:
        """Close it as merged by a commit."""
        self.close()
        self.merged_at, self.merged_by, self.merge_commit_sha = self.closed_at, by, sha


def store_head(pull: Pull) -> None:
    """Keep the head as refs/pull/N/head in the repository that it is opened against, as GitHub does."""
    source = pull.head_repository or pull.repository
    if source is not pull.repository:
        git(pull.repository.git_dir, "fetch", "--quiet", str(source.git_dir), pull.head_sha)
    git(pull.repository.git_dir, "update-ref", f"refs/pull/{pull.number}/head", pull.head_sha)


def follow_head(pull: Pull, branches: dict[str, str]) -> None:
    """Take over a push to the head branch, or close when that branch is gone."""
    sha = branches.get(pull.head)
    if sha is None:
        pull.close()
    elif sha != pull.head_sha:
        pull.head_sha = sha
        store_head(pull)
        pull.touch()


def follow_base(pull: Pull, branches: dict[str, str]) -> None:
    """Take over a push to the base branch; a head that it contains is merged."""
    sha = branches.get(pull.base)
    if sha is None or sha == pull.base_sha:
        return
    if pull.repository.merge_base(sha, pull.head_sha) == pull.head_sha:
        pull.mark_merged(sha, None)
    else:
        pull.base_sha = sha


def merge(pull: Pull, by: User, title: str | None, message: str | None, method: str) -> str | None:
    """Merge as GitHub does and return the commit on the base branch, or None when it conflicts."""
    repository = pull.repository
    tree = repository.merged_tree(pull.base_sha, pull.head_sha)
    if tree is None:
        return None
    title = title or f"Merge pull request #{pull.number} from {pull.label.replace(':', '/')}"
    text = f"{title}\n\n{pull.title if message is None else message}\n"
    author = Signature(by.login, f"{by.id}+{by.login}@users.noreply.github.com", now())
    web = Signature("GitHub", "noreply@github.com", now())
    parents = [pull.base_sha, pull.head_sha] if method == "merge" else [pull.base_sha]
    sha = repository.write_commit(tree, parents, text, author, web)
    # Marked before the branch moves: the move makes every open pull request look at its base.
    pull.mark_merged(sha, by)
    repository.update_ref(f"refs/heads/{pull.base}", sha, pull.base_sha)
    if repository.delete_branch_on_merge and pull.head_repository is repository:
        repository.delete_branch(pull.head)
    return sha
