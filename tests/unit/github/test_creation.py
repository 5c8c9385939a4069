"""What there may be but one of is created once, whatever becomes of the answers."""

from collections.abc import Callable, Iterator

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.creation import create_once

EXISTS = GitHubError("POST /x", 422, "Validation Failed: name already exists")
INVALID = GitHubError("POST /x", 422, "Validation Failed: name is too long")
FORBIDDEN = GitHubError("POST /x", 403, "Resource not accessible by integration")


def steps(*results: str | GitHubError | None) -> Callable[[], str | None]:
    """Return what answers with one result after the other."""
    remaining: Iterator[str | GitHubError | None] = iter(results)

    def step() -> str | None:
        result = next(remaining)
        if isinstance(result, GitHubError):
            raise result
        return result

    return step


def test_what_is_there_is_not_created() -> None:
    assert create_once(steps("there"), steps()) == "there"


def test_what_is_not_there_is_created() -> None:
    assert create_once(steps(None), steps("new")) == "new"


def test_what_somebody_created_meanwhile_is_looked_for_again() -> None:
    assert create_once(steps(None, "theirs"), steps(EXISTS)) == "theirs"


def test_after_three_attempts_the_error_is_told() -> None:
    with pytest.raises(GitHubError, match="already exists"):
        create_once(steps(None, None, None), steps(EXISTS, EXISTS, EXISTS))


@pytest.mark.parametrize("error", [INVALID, FORBIDDEN], ids=["invalid", "forbidden"])
def test_a_final_refusal_is_told_at_once(error: GitHubError) -> None:
    with pytest.raises(GitHubError) as raised:
        create_once(steps(None), steps(error))
    assert raised.value is error
