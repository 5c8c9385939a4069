"""What follows once a pull request is open: a failure there is told, and stops nothing."""

from collections.abc import Sequence

from hub_image_actions.bump.pull_request import label_and_request
from hub_image_actions.errors import GitHubError
from hub_image_actions.github.issues import Issues
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import PullRequest

PULL = PullRequest(
    number=7,
    url="",
    title="",
    body="",
    author="",
    by_app=True,
    branch="b",
    repository="o/r",
    commit="c" * 40,
    is_open=True,
)


class WithoutLabels(Issues):
    def __init__(self) -> None:
        """Ask nobody."""

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        raise GitHubError(f"POST labels of {number}", 403, "no")


class Refusing(Repository):
    """A repository that knows no labels and no teams."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.issues = WithoutLabels()

    def request_reviews(self, number: int, reviewers: Sequence[str]) -> None:
        if any("/" in reviewer for reviewer in reviewers):
            raise GitHubError(f"POST reviewers of {number}", 422, "no such team")
        self.asked += reviewers


def test_people_are_asked_although_labels_and_teams_are_refused() -> None:
    repository, warnings = Refusing(), list[str]()
    label_and_request(repository, PULL, ("bump",), ("alice", "org/team"), warnings.append)
    assert repository.asked == ["alice"]
    assert [("labels" in warning, "org/team" in warning) for warning in warnings] == [
        (True, False),
        (False, True),
    ]


class Choosy(Repository):
    """A repository that does not take one name, and refuses any list that holds it."""

    def __init__(self, status: int = 422) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.status = status
        self.issues = WithoutLabels()

    def request_reviews(self, number: int, reviewers: Sequence[str]) -> None:
        self.asked.append(tuple(reviewers))
        if "alice" in reviewers:
            raise GitHubError(f"POST reviews of {number}", self.status, "Not requested from the author")


def test_one_name_that_is_refused_does_not_cost_the_others() -> None:
    repository, warnings = Choosy(), list[str]()
    label_and_request(repository, PULL, (), ("alice", "bob", "dora"), warnings.append)
    assert repository.asked == [("alice", "bob", "dora"), ("alice",), ("bob",), ("dora",)]
    (warning,) = warnings
    assert "without the reviewers alice." in warning


def test_a_refusal_that_is_not_about_names_is_not_asked_again() -> None:
    repository, warnings = Choosy(403), list[str]()
    label_and_request(repository, PULL, (), ("alice", "bob"), warnings.append)
    assert repository.asked == [("alice", "bob")]
    assert "without the reviewers alice, bob." in warnings[0]
