"""One comment is kept, and nobody else's is touched."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hub_image_actions.github.client import GitHub
from hub_image_actions.github.kept_comment import KeptComment
from hub_image_actions.github.repository import Repository
from hub_image_actions.http import Http
from local_github import LocalGitHub

MARKER = "<!-- ours -->"


@pytest.mark.parametrize(
    ("token", "login"),
    [("installation", ""), ("personal", "carol")],
    ids=["the token of a workflow", "the token of a person"],
)
def test_ours_is_found_again_and_others_stay(tmp_path: Path, token: str, login: str) -> None:
    with LocalGitHub(tmp_path / "github") as github, Http() as http:
        images = github.create_repository("o/r", {"a": b"1"})
        images.commit({"b": b"2"}, "b", "feature")
        for name in ("alice", "carol"):
            github.create_user(name)
        who = login or "github-actions[bot]"

        def repository(kind: str, user: str) -> Repository:
            permissions = None if kind == "personal" else {"pull_requests": "write", "contents": "write"}
            text = github.create_token(login=user, kind=kind, permissions=permissions, repositories=["o/r"])
            return Repository(GitHub(http, github.api_url, github.server_url, text), "o/r")

        alice, ours = repository("personal", "alice"), repository(token, who)
        number = alice.open_pull_request({"title": "b", "head": "feature", "base": "main"}).number
        alice.issues.comment(number, f"I quote {MARKER}")
        keep: Callable[[str], object] = KeptComment(ours.issues, number, MARKER, login).keep
        assert keep("one") == keep("one") == keep("two")
        bodies = [comment["body"] for comment in ours.issues.comments(number)]
        assert bodies == [f"I quote {MARKER}", f"two\n\n{MARKER}"]
        assert not github.problems
