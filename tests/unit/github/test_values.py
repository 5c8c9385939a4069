"""What GitHub says becomes values, and what has another shape an error."""

from typing import Any

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.values import PullRequest

ANSWER: dict[str, Any] = {
    "number": 7,
    "html_url": "https://github.com/hubs/image/pull/7",
    "title": "Bump",
    "body": None,
    "user": {"login": "github-actions[bot]", "type": "Bot"},
    "head": {"ref": "bump", "sha": "ab" * 20, "repo": {"full_name": "hubs/image"}},
    "state": "open",
}


def test_a_pull_request_is_read_whole() -> None:
    assert PullRequest.from_json(ANSWER) == PullRequest(
        number=7,
        url="https://github.com/hubs/image/pull/7",
        title="Bump",
        body="",
        author="github-actions[bot]",
        by_app=True,
        branch="bump",
        repository="hubs/image",
        commit="ab" * 20,
        is_open=True,
    )


def test_a_deleted_user_and_a_deleted_fork_have_no_names() -> None:
    pull = PullRequest.from_json(
        {**ANSWER, "user": None, "head": {**ANSWER["head"], "repo": None}, "state": "closed"}
    )
    assert (pull.author, pull.by_app, pull.repository, pull.is_open) == ("", False, "", False)


@pytest.mark.parametrize("answer", [{}, {**ANSWER, "head": None}, {**ANSWER, "user": "alice"}, [], None])
def test_another_shape_is_an_error_that_says_so(answer: Any) -> None:
    with pytest.raises(GitHubError, match="another shape"):
        PullRequest.from_json(answer)
