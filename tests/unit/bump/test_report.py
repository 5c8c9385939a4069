"""The report of a bump: what it tells, and how it stays readable whatever the texts hold."""

from pathlib import Path

import pytest

from hub_image_actions.bump.report import BumpOrigin, BumpReport
from hub_image_actions.deployments.bump import ALREADY, BumpReference, Plan
from hub_image_actions.deployments.edits import Edit
from hub_image_actions.github.changes import ImageChange, MergedPullRequest, merged_pull_request
from hub_image_actions.references import ImageName

IMAGE = ImageName("example.org", "p/data100-user-image")
ORIGIN = BumpOrigin("o/image", "https://github.com/o/image", "https://github.com/o/image/actions/runs/1")


def reference(hub: str = "data100", new: str = "new", reason: str = "", **more: str) -> BumpReference:
    return BumpReference(
        file=more.get("file", f"deployments/{hub}/x.yaml"),
        line=3,
        hub=hub,
        shape="name",
        profile=more.get("profile", ""),
        image=str(IMAGE),
        old="old",
        new=new,
        reason=reason,
    )


def report(*references: BumpReference, changes: tuple[ImageChange, ...] = ()) -> BumpReport:
    files = dict.fromkeys(one.file for one in references if one.moved)
    edits = tuple(Edit(file, Path(file), b"a\n", b"b\n") for file in files)
    return BumpReport(IMAGE, "new", "", Plan(references, edits), "https://x/blob/1", changes, origin=ORIGIN)


@pytest.mark.parametrize(
    ("references", "outcome"),
    [
        ([], "Nothing to change: no reference to example.org/p/data100-user-image was found."),
        (
            [reference(new="", reason=ALREADY)],
            "Nothing to change: all references to example.org/p/data100-user-image are at new already.",
        ),
        (
            [reference(new="", reason=ALREADY), reference(new="", reason="held until 2999-01-01")],
            (
                "Nothing to change: no reference to example.org/p/data100-user-image can move to new "
                "(already at this tag, held until 2999-01-01)."
            ),
        ),
    ],
)
def test_the_outcome_says_why_nothing_moves(references: list[BumpReference], outcome: str) -> None:
    assert report(*references).outcome("", opened=False) == outcome


@pytest.mark.parametrize(
    ("url", "opened", "end"),
    [
        ("", False, "; nothing was changed."),
        ("https://x/1", True, ": https://x/1"),
        ("https://x/new", False, ", once somebody opens the pull request: https://x/new"),
    ],
)
def test_the_outcome_names_the_hubs_that_move(url: str, opened: bool, end: str) -> None:
    outcome = report(reference("a"), reference("b")).outcome(url, opened=opened)
    assert outcome.endswith(end)
    assert "moves to new in a, b" in outcome


def test_what_is_held_is_shown_without_a_click() -> None:
    body = report(reference(), reference("b", new="", reason="held until 2999-01-01: finals")).body()
    assert "<details>" not in body
    assert r"held until 2999\-01\-01\: finals" in body


def test_what_stays_for_another_reason_is_folded_away() -> None:
    body = report(reference(), reference("b", new="", reason="other tag than x")).body()
    assert "<details><summary>1 reference left as it is</summary>" in body


def test_commits_that_a_roll_back_undoes_stand_out() -> None:
    change = ImageChange("old", "https://x/compare", 0, 3, ())
    assert "**3 commits undone**" in report(reference(), changes=(change,)).body()


def test_a_tag_that_is_a_commit_is_linked() -> None:
    change = ImageChange("old", "https://x/compare", 1, 0, ())
    body = report(reference(), changes=(change,)).body()
    assert "[`old`](https://github.com/o/image/commit/old)" in body


def test_a_tag_that_is_no_commit_is_not_linked() -> None:
    assert "/commit/" not in report(reference()).body()


@pytest.mark.parametrize("long", ["file", "profile", "reason", "title", "hubs"])
def test_the_body_stays_within_githubs_limit(long: str) -> None:
    file = "deployments/" + "x" * 3000
    references = {
        "file": [reference(file=f"{file}{number}") for number in range(300)],
        "profile": [reference(profile="é|<" * 5000) for _ in range(300)],
        "reason": [reference(new="", reason="held " + "*" * 5000) for _ in range(300)],
        "title": [reference()],
        "hubs": [reference(f"hub-{number}", profile="a-b_c" * 30) for number in range(5000)],
    }[long]
    titles = tuple(MergedPullRequest(number, "[x](y)" * 90) for number in range(250))
    changes = tuple(ImageChange(old, "https://x/compare", 9, 0, titles) for old in ("old", "b", "c"))
    body = report(*references, changes=changes).body()
    assert len(body) <= 60_000
    assert "Asked for by" in body


def test_what_is_not_shown_is_counted() -> None:
    body = report(*(reference(f"hub-{number}") for number in range(150))).body()
    assert "… and 50 more." in body


@pytest.mark.parametrize(
    ("message", "merged"),
    [
        ("Merge pull request #7 from o/b\n\nAdd pandas", MergedPullRequest(7, "Add pandas")),
        ("Merge pull request #7 from o/b", MergedPullRequest(7, "")),
        ("Add pandas (#8)", MergedPullRequest(8, "Add pandas")),
        ("Add pandas (#8)\n\nbody (#9)", MergedPullRequest(8, "Add pandas")),
        ("Add (#8) pandas", None),
        ("Merge branch 'main'", None),
        ("", None),
    ],
)
def test_the_pull_request_that_a_commit_merged(message: str, merged: MergedPullRequest | None) -> None:
    assert merged_pull_request(message) == merged


TEMPLATE = "deployments/template/{{cookiecutter.hub_name}}/hubploy.yaml"


def test_a_template_of_hubs_is_not_counted_as_one() -> None:
    told = report(reference("a"), reference("template", file=TEMPLATE))
    assert told.plan.hubs == ("a",)
    assert "in 1 hub and in the template of new ones." in told.body()


def test_many_hubs_are_counted_and_not_listed_in_the_outcome() -> None:
    outcome = report(*(reference(f"hub-{number}") for number in range(9))).outcome("", opened=False)
    assert "moves to new in 9 hubs" in outcome


def test_a_display_name_that_is_the_reference_is_not_shown_as_a_profile() -> None:
    assert "Data 8" in report(reference(profile=f"Data 8 / {IMAGE}:old")).body()
    assert f"{IMAGE.path}:old" not in report(reference(profile=f"Data 8 / {IMAGE}:old")).body()


def test_a_pull_request_between_two_old_tags_is_told_once() -> None:
    older = ImageChange("a", "https://x/1", 2, 0, (MergedPullRequest(1, "One"), MergedPullRequest(2, "Two")))
    newer = ImageChange("b", "https://x/2", 1, 0, (MergedPullRequest(2, "Two"),))
    assert report(reference(), changes=(older, newer)).body().count("/pull/2") == 1
