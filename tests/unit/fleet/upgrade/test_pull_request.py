"""The pull request of an upgrade: what it says, and what has to be set before its merge."""

import json
from collections.abc import Mapping

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.exchange import Response
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.plan import Migration
from hub_image_actions.fleet.upgrade.pull_request import (
    MARKER,
    TO_SET,
    UpgradeProposal,
    digest_of,
    labels_of,
)
from hub_image_actions.fleet.upgrade.result import note_of
from hub_image_actions.fleet.workflows.pins import Target
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.http import Http

GOAL = Goal("v1.4.0", Target("1.4.0", "c" * 40, "o/actions"), {})
PUSH = ".github/workflows/push.yaml"
NEW = b"""\
on: push
jobs:
  a:
    runs-on: x
    steps:
      - run: echo ${{ vars.IMAGE }} ${{ vars.hub }} ${{ vars.OTHER }}
"""


class Variables(Http):
    """Has variables, and counts how often it was asked for them."""

    def __init__(self, *names: str, status: int = 200, total: int = 0, message: str = "no") -> None:
        super().__init__()
        listed = [{"name": name} for name in names]
        body = {"variables": listed, "total_count": total or len(names), "message": message}
        self._answer = Response(status, body=json.dumps(body).encode())
        self.asked = 0

    def request(self, method: str, url: str, **_: object) -> Response:
        self.asked += 1
        return self._answer


def snapshot(files: Mapping[str, bytes]) -> Snapshot:
    return Snapshot("o/image", "main", "c" * 40, private=False, archived=False, files=files)


def proposal(http: Http | None = None) -> UpgradeProposal:
    github = GitHub(http or Variables(), "https://api.example.org", "https://example.org", "")
    return UpgradeProposal(github, GOAL)


def missing(http: Http, files: Mapping[str, bytes] | None = None) -> tuple[str, ...]:
    return proposal(http).missing(snapshot(files or {}), Migration({PUSH: NEW}))


def test_a_pull_request_names_the_release_and_carries_the_plan() -> None:
    plan = Migration({PUSH: NEW, "old": None}, kind="a pipeline")
    made = proposal().of(snapshot({}), plan, "abc", "canary", ())
    assert made.title == "Upgrade hub-image-actions to v1.4.0"
    assert (made.marker, made.files, made.labels) == (MARKER, plan.files, labels_of("canary"))
    assert "(https://example.org/o/actions/tree/v1.4.0)" in made.body
    assert made.body.endswith(note_of(GOAL, "abc"))
    assert TO_SET not in made.body
    assert "and more" not in made.body


def test_variables_that_are_to_be_set_are_named_with_the_place_to_set_them() -> None:
    body = proposal().of(snapshot({}), Migration({}), "abc", "", ("IMAGE", "HUB")).body
    assert f"**{TO_SET}**: the variables `IMAGE` and `HUB`" in body
    assert "https://example.org/o/image/settings/variables/actions" in body


def test_a_text_that_is_too_long_is_cut_with_its_note_kept() -> None:
    notes = tuple(f"A note.\n\n{'x' * 900}" for _ in range(100))
    body = proposal().of(snapshot({}), Migration({}, notes=notes), "abc", "", ()).body
    assert 50_000 < len(body) < 65_536
    assert body.endswith(f"… and more: the changes themselves tell it.\n\n{note_of(GOAL, 'abc')}")
    assert body.count("<details>") == body.count("</details>")


def test_a_block_of_code_that_is_cut_is_closed_before_what_comes_next() -> None:
    # A difference with empty lines, one with backticks, and one that shows what folds.
    difference = "\n\n".join(["+```", "+<details>", *(f"+{'x' * 900}" for _ in range(100))])
    body = proposal().of(snapshot({}), Migration({}, notes=(f"A note.\n\n{difference}",)), "a", "", ()).body
    _, _, rest = body.partition("````text\n")
    cut, fence, end = rest.partition("\n````\n")
    assert (cut[:4], fence) == ("+```", "\n````\n")
    assert end.startswith("\n</details>\n\n… and more")


@pytest.mark.parametrize(
    ("there", "lacks"),
    [((), ("IMAGE", "HUB")), (("image",), ("HUB",)), (("HUB", "IMAGE"), ()), (("OTHER",), ("IMAGE", "HUB"))],
)
def test_variables_that_new_workflows_need_and_that_are_not_set_are_missing(
    there: tuple[str, ...], lacks: tuple[str, ...]
) -> None:
    assert missing(Variables(*there)) == lacks


def test_a_workflow_that_uses_our_actions_has_its_variables_already() -> None:
    http = Variables()
    assert missing(http, {PUSH: b"uses: O/Actions/build@v1"}) == ()
    assert http.asked == 0


def test_nothing_is_said_to_be_missing_where_not_all_variables_were_seen() -> None:
    assert missing(Variables("A", total=31)) == ()


def test_who_may_not_see_variables_is_told_of_none() -> None:
    assert missing(Variables(status=403)) == ()


@pytest.mark.parametrize("http", [Variables(status=500), Variables(status=403, message="API rate limit")])
def test_a_failure_of_github_is_not_taken_for_a_lack_of_rights(http: Http) -> None:
    with pytest.raises(GitHubError):
        missing(http)


def test_plans_are_the_same_whatever_the_order_of_their_files() -> None:
    files = {"a": b"1", "b": None}
    turned = dict(reversed(files.items()))
    assert digest_of(snapshot({}), Migration(files)) == digest_of(snapshot({}), Migration(turned))


@pytest.mark.parametrize(
    ("there", "files"),
    [
        ({"a": b"0"}, {"a": b"2"}),
        ({"a": b"0"}, {"a": None}),
        ({"b": b"0"}, {"b": b"1"}),
        ({"a": b"9"}, {"a": b"1"}),
        ({}, {"a": b"1"}),
    ],
)
def test_plans_differ_by_what_a_file_is_called_was_and_becomes(
    there: Mapping[str, bytes], files: Mapping[str, bytes | None]
) -> None:
    one = digest_of(snapshot({"a": b"0"}), Migration({"a": b"1"}))
    assert digest_of(snapshot(there), Migration(files)) != one


def test_a_pull_request_in_no_wave_has_no_label_of_one() -> None:
    assert [len(labels_of("")), labels_of("canary")[1]] == [1, "wave: canary"]
