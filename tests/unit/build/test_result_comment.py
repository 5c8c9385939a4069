"""The comment for a run that may not comment itself: whose words it shows, and what comes next."""

from dataclasses import replace

import pytest

from hub_image_actions.build.report import BuildReport
from hub_image_actions.build.result_comment import Fork, has_result, with_report, without_report
from hub_image_actions.errors import ActionError
from hub_image_actions.github.finished_run import FinishedRun

RUN = FinishedRun(
    id=1,
    attempt=1,
    number=1,
    workflow=1,
    event="pull_request",
    conclusion="success",
    url="https://github.com/o/r/actions/runs/1",
    commit="0123456789abcdef" * 2,
    branch="patch",
    repository="bob/r",
    actor="bob",
    started="",
)


def test_a_forks_comment_says_whose_words_it_shows_before_any_of_them() -> None:
    text = with_report(BuildReport("x:1", "Test of x"), RUN, [7], fork=Fork())
    heading, source, following, *_ = text.split("\n\n")
    assert heading == "### ✅ Test of x"
    assert source.startswith(
        "> **From a fork:** this is what the run of `bob/r` at `0123456789ab` says of itself"
    )
    assert following.startswith("**Next:** ready for review.")


def test_a_fork_that_changes_what_is_run_is_told_so_at_the_top() -> None:
    fork = Fork((".github/workflows/test.yaml", ".github/`x`", ".github/a", ".github/b"))
    text = with_report(BuildReport("x:1", "Test of x"), RUN, [7], fork=fork)
    _, source, *_ = text.split("\n\n")
    assert (
        "> ⚠️ **It changes what is run:** `.github/workflows/test.yaml`, `` .github/`x` ``, `.github/a`, …"
        in source
    )
    assert "can pass and have built and tested nothing" in source


@pytest.mark.parametrize("conclusion", ["success", "failure", "action_required"])
def test_it_is_told_so_without_a_report_too(conclusion: str) -> None:
    run, fork = replace(RUN, conclusion=conclusion), Fork((".github/a",))
    text = without_report("Test of x", run, [7], fork=fork)
    assert "\n\n> ⚠️ **It changes what is run:** `.github/a`." in text
    assert "It changes" not in without_report("Test of x", run, [7], fork=Fork())


def test_files_that_github_does_not_list_may_be_workflows() -> None:
    fork = Fork.of_changes([f"!{number}" for number in range(3000)])
    text = with_report(BuildReport("x:1", "Test of x"), RUN, [7], fork=fork)
    assert "**It changes what is run:** with more files than GitHub lists, it may." in text


def test_only_what_is_below_githubs_folder_is_run() -> None:
    assert Fork.of_changes(["a", ".github/a", "docs/.github/a", ".github/a", ".githubx"]) == Fork(
        (".github/a",)
    )


@pytest.mark.parametrize(("actor", "who"), [("dependabot[bot]", "Dependabot"), ("alice", "`patch`")])
def test_others_are_told_that_their_token_may_not(actor: str, who: str) -> None:
    text = with_report(BuildReport("x:1", "Test of x"), replace(RUN, actor=actor), [7], fork=None)
    assert f"The report of {who} at `0123456789ab`, whose token may not comment itself." in text


@pytest.mark.parametrize(
    ("conclusion", "error", "mark"),
    [("success", None, "✅"), ("failure", None, "❌"), ("success", ActionError("x"), "✅")],
)
def test_how_it_ended_is_githubs_word(conclusion: str, error: ActionError | None, mark: str) -> None:
    report, run = BuildReport("x:1", "Test of x", error=error), replace(RUN, conclusion=conclusion)
    assert with_report(report, run, [7], fork=Fork()).startswith(f"### {mark} Test of x")


def test_a_failure_that_no_report_tells_of_leads_to_the_log() -> None:
    run = replace(RUN, conclusion="failure")
    text = with_report(BuildReport("x:1", "Test of x"), run, [7], fork=Fork())
    assert "**Next:** look at the run's log, and push to the same branch" in text


@pytest.mark.parametrize(
    ("conclusion", "is_told"),
    [("success", True), ("cancelled", True), ("action_required", True), ("skipped", False), ("", False)],
)
def test_only_what_ended_somehow_is_told(conclusion: str, is_told: bool) -> None:
    assert has_result(replace(RUN, conclusion=conclusion)) == is_told


def test_without_a_report_the_log_is_what_there_is() -> None:
    text = without_report("Test of x", replace(RUN, conclusion="cancelled"), [7], fork=Fork())
    assert text.startswith("### ❌ Test of x\n\nThe run of `bob/r` at `0123456789ab` was canceled.")
    assert f"[log]({RUN.url})" in text
    assert "**Next:** push to the same branch" in text


def test_a_report_that_is_none_is_named() -> None:
    text = without_report("Test of x", RUN, [7], "It is not JSON.", fork=Fork())
    assert "The report of `bob/r` at `0123456789ab` is not shown: It is not JSON\\." in text


def test_a_run_that_waits_says_for_whom() -> None:
    text = without_report("Test of x", replace(RUN, conclusion="action_required"), [7], fork=Fork())
    assert text.startswith("### ⏳ Test of x")
    assert "presses *Approve and run*" in text


def test_of_several_pull_requests_each_names_all() -> None:
    text = with_report(BuildReport("x:1", "Test of x"), RUN, [7, 9], fork=Fork())
    assert "This branch has several pull requests, #7 and #9" in text


def test_what_was_made_too_long_is_not_cut_anywhere() -> None:
    report = BuildReport("x:1", "Test of x", warnings=["@" * 500] * 20 + ["y" * 50_000])
    text = with_report(report, RUN, [7], fork=Fork())
    assert "Its report is too long to be shown" in text
    assert len(text) < 2000
