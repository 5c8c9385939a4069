"""`scripts/upgrade-image-repos` as a process: pull requests for every kind of repository, and waves."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.fleet.upgrade.pull_request import BRANCH, GREEN, LABEL
from hub_image_actions.fleet.workflows.pins import OURS, Style
from local_github.calls import Call
from local_github.git import git
from local_github.repository import Repository
from local_github.tokens import EVERYTHING
from scenarios.upgrades import BUILD, NEXT, OWNER, TAG, Upgrades, pinned
from unit.fleet_variants import WORKFLOWS

MOST_CALLS = 3


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Upgrades]:
    """Image repositories, and the releases of the actions."""
    with Upgrades(tmp_path) as running:
        yield running


def names(repositories: list[Repository]) -> list[str]:
    """Returns full names."""
    return [repository.full_name for repository in repositories]


def labels(repository: Repository) -> set[str]:
    """Returns the labels of the newest pull request."""
    return {label.name for label in repository.pulls[-1].labels}


# Every kind -------------------------------------------------------------------------------------------------


def test_every_kind_of_repository_gets_one_pull_request_and_the_next_run_asks_thrice_and_writes_nothing(
    world: Upgrades,
) -> None:
    kinds = world.add_every_kind()
    for repository in kinds.values():
        repository.variables |= {"IMAGE": "p/i", "HUB": "h"}
    chosen = names(list(kinds.values()))
    assert set(world.statuses(*chosen, "--apply").values()) == {"opened"}
    again = world.statuses(*chosen, "--apply")
    assert set(again.values()) == {"unchanged"}
    assert world.written() == []
    assert {kind: len(repository.pulls) for kind, repository in kinds.items()} == dict.fromkeys(kinds, 1)
    calls = {kind: len(world.calls_of(repository)) for kind, repository in kinds.items()}
    assert calls == dict.fromkeys(kinds, MOST_CALLS)


def test_a_dry_run_writes_nothing_and_says_what_it_would_do(world: Upgrades) -> None:
    chosen = names(world.add_pinned(2))
    done = world.run(*chosen, "--waves", "canary=1,rest")
    assert done.returncode == 0
    assert "would open" in done.stdout
    assert "Nothing was changed; give --apply" in done.stdout
    assert {call.method for call in world.github.calls} == {"GET"}


@pytest.mark.parametrize(
    ("style", "before", "after"),
    [
        (Style.MINOR, "@v1.3\n", "@v1.4\n"),
        (Style.RELEASE, "@v1.3.2\n", "@v1.4.0\n"),
        (Style.COMMIT, f"@{'e' * 40} # v1.3.2\n", "@{commit} # v1.4.0\n"),
    ],
)
def test_pins_move_in_their_own_style(world: Upgrades, style: Style, before: str, after: str) -> None:
    repository = world.add("image", pinned(style))
    world.statuses(repository.full_name, "--apply")
    expected = after.format(commit=world.actions.branches()["main"])
    was = repository.read("main", BUILD).decode()
    assert before in was
    assert world.proposed(repository, BUILD) == was.replace(before, expected)


@pytest.mark.parametrize(("style", "version"), [(Style.MAJOR, "1.3.2"), (Style.RELEASE, "1.4.0")])
def test_one_that_is_at_the_release_is_left_alone_and_costs_three_calls(
    world: Upgrades, style: Style, version: str
) -> None:
    repository = world.add("image", pinned(style, version))
    assert world.statuses(repository.full_name, "--apply") == {"image": "nothing to do: the template"}
    assert len(world.calls_of(repository)) == MOST_CALLS
    assert world.written() == []


def test_what_is_left_to_a_person_is_counted_and_told_where_to_find(world: Upgrades) -> None:
    files = {
        path: content.replace(b"@v1.4.0", b"@main")
        for path, content in pinned(Style.RELEASE, "1.4.0").items()
    }
    repository = world.add("image", files)
    done = world.run(repository.full_name)
    assert "nothing to do: the template; " in done.stdout
    assert "What is left to you is told by --explain REPOSITORY." in done.stdout
    [told] = world.result(repository.full_name)["repositories"]
    assert "`main` is no version" in told["left_out"][0]["why"]


def test_variables_that_the_token_may_not_see_are_not_called_missing(world: Upgrades) -> None:
    repository = world.add_kind("template")
    world.token = world.github.create_token("bob", "personal", {**EVERYTHING, "variables": "none"})
    done = world.run(repository.full_name, "--apply")
    assert done.returncode == 0
    assert "is not set" not in done.stderr
    assert len(repository.pulls) == 1


def test_the_pull_request_says_what_changes_and_why_and_has_a_label(world: Upgrades) -> None:
    [repository] = world.add_pinned(1)
    world.run(repository.full_name, "--apply")
    [pull] = repository.pulls
    assert pull.title == f"Upgrade hub-image-actions to {TAG}"
    assert "Follows the release, in the style that the repository pins in" in (pull.body or "")
    assert labels(repository) == {LABEL}


# Run again --------------------------------------------------------------------------------------------------


def test_the_next_release_updates_the_same_pull_request(world: Upgrades) -> None:
    [repository] = world.add_pinned(1)
    world.run(repository.full_name, "--apply")
    world.tag(NEXT, {"news": b"1"})
    assert world.statuses(repository.full_name, "--apply", to=NEXT) == {"image-0": "updated"}
    [pull] = repository.pulls
    assert pull.title == f"Upgrade hub-image-actions to {NEXT}"
    assert "@v1.5.0\n" in world.proposed(repository, BUILD)


def test_a_default_branch_that_moved_on_in_the_same_file_updates_it(world: Upgrades) -> None:
    [repository] = world.add_pinned(1)
    world.run(repository.full_name, "--apply")
    repository.commit({BUILD: repository.read("main", BUILD) + b"# A remark\n"}, "Remark")
    assert world.statuses(repository.full_name, "--apply") == {"image-0": "updated"}
    assert world.proposed(repository, BUILD).endswith("# A remark\n")


def test_a_default_branch_that_moved_on_elsewhere_changes_nothing(world: Upgrades) -> None:
    [repository] = world.add_pinned(1)
    world.run(repository.full_name, "--apply")
    repository.commit({"environment.yml": b"dependencies: []\n"}, "Elsewhere")
    assert world.statuses(repository.full_name, "--apply") == {"image-0": "unchanged"}
    assert world.written() == []


def test_one_that_was_closed_is_not_opened_again_until_the_release_is_another(world: Upgrades) -> None:
    [repository] = world.add_pinned(1)
    world.run(repository.full_name, "--apply")
    repository.pulls[0].close()
    again = world.statuses(repository.full_name, "--apply")
    assert again == {"image-0": "declined: the pull request was closed"}
    assert world.written() == []
    world.tag(NEXT, {"news": b"1"})
    assert world.statuses(repository.full_name, "--apply", to=NEXT) == {"image-0": "opened"}
    assert len(repository.pulls) == 2


def test_one_that_was_merged_and_undone_is_left_to_people(world: Upgrades) -> None:
    [repository] = world.add_pinned(1)
    before = {path: repository.read("main", path) for path in repository.paths("main")}
    world.run(repository.full_name, "--apply")
    world.merge(repository)
    repository.commit(dict(before), "Revert")
    again = world.statuses(repository.full_name, "--apply")
    assert again == {"image-0": "merged, and undone since"}
    assert world.written() == []


def test_an_open_one_that_is_not_needed_any_more_can_be_closed(world: Upgrades) -> None:
    [repository] = world.add_pinned(1)
    world.run(repository.full_name, "--apply")
    repository.commit(
        {path: repository.read(BRANCH, path) for path in repository.paths(BRANCH)}, "The same by hand"
    )
    again = world.statuses(repository.full_name, "--apply")
    assert again == {"image-0": "nothing to do: the template; #1 can be closed"}


# What goes wrong --------------------------------------------------------------------------------------------


def test_an_error_in_one_repository_does_not_end_the_others(world: Upgrades) -> None:
    strange, archived, good = world.add_pinned(3)
    strange.commit({BUILD: b"on: push\n"}, "Mine", branch=BRANCH)
    archived.archived = True
    done = world.run(*names([strange, archived, good]), f"{OWNER}/none", "--apply")
    assert done.returncode == 1
    assert "has a commit that is not ours" in done.stderr
    assert "image-1 is archived." in done.stderr
    assert f"warning: {OWNER}/none: " in done.stderr
    assert len(good.pulls) == 1


def test_an_empty_repository_has_nothing_to_do(world: Upgrades) -> None:
    world.github.create_repository(f"{OWNER}/empty")
    assert world.statuses(f"{OWNER}/empty") == {"empty": "nothing to do: it is empty"}


@pytest.mark.parametrize(
    ("arguments", "to", "error"),
    [
        ((f"{OWNER}/x",), "v9.9.9", f"{OURS} has no tag v9.9.9."),
        ((f"{OWNER}/x",), "1.4", f"{OURS} has no branch or commit 1.4. Did you mean {TAG}?"),
        ((f"{OWNER}/x",), "nowhere", f"{OURS} has no branch or commit nowhere."),
        ((f"{OWNER}/x", f"{OWNER}/y", "--waves", "canary=1"), TAG, f"In no wave: {OWNER}/y."),
    ],
)
def test_what_cannot_work_is_said_in_one_line(
    world: Upgrades, arguments: tuple[str, ...], to: str, error: str
) -> None:
    done = world.run(*arguments, to=to)
    assert done.returncode == 1
    assert done.stderr.startswith("upgrade-image-repos: ")
    assert error in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "No repository is chosen."),
        ((f"{OWNER}/x", "--waves", "canary=two,rest"), "'canary=two' has no number."),
        (("cal-icor/x", "--waves", "canary=1,rest"), "the actions are somebody else's."),
        ((f"{OWNER}/x", "--tracking", OURS), "--tracking is for waves."),
    ],
)
def test_wrong_usage_ends_with_2(world: Upgrades, arguments: tuple[str, ...], error: str) -> None:
    done = world.run(*arguments)
    assert done.returncode == 2
    assert error in done.stderr
    assert "Traceback" not in done.stderr


# Migrations -------------------------------------------------------------------------------------------------


def test_variables_that_are_missing_are_told_and_the_text_follows_once_they_are_set(world: Upgrades) -> None:
    repository = world.add_kind("template")
    del repository.variables["HUB"]
    done = world.run(repository.full_name, "--apply")
    assert f"{repository.full_name}: the variable HUB is not set" in done.stderr
    assert "**To be set before the merge**: the variables `HUB`" in (repository.pulls[0].body or "")
    repository.variables["HUB"] = "h"
    world.run(repository.full_name, "--apply")
    assert "To be set before" not in (repository.pulls[0].body or "")
    assert set(world.statuses(repository.full_name, "--apply").values()) == {"unchanged"}
    assert len(world.calls_of(repository)) == MOST_CALLS


def test_actions_of_others_that_are_carried_over_are_pinned_by_their_commits(world: Upgrades) -> None:
    slack = world.github.create_repository("slackapi/slack-github-action", files={"action.yml": b"x"})
    commit = slack.branches()["main"]
    for tag in ("v3", "v3.0.1"):
        git(slack.git_dir, "tag", tag, commit)
    repository = world.add_kind("version tags")
    world.run(repository.full_name, "--apply")
    assert f"slackapi/slack-github-action@{commit} # v3.0.1" in world.proposed(repository, BUILD)


def test_explain_shows_old_and_new_side_by_side_and_writes_nothing(world: Upgrades) -> None:
    repository = world.add_kind("template")
    done = world.run("--explain", repository.full_name, "--apply")
    assert done.returncode == 0
    assert "why: " in done.stdout
    assert " │ " in done.stdout
    assert f"changes {WORKFLOWS}" in done.stdout or f"adds {BUILD}" in done.stdout
    assert {call.method for call in world.github.calls} == {"GET"}
    told = world.result("--explain", repository.full_name)
    assert {"before", "after", "reason"} <= told["changes"][0].keys()


@pytest.mark.parametrize("commit", [False, True])
def test_a_trial_pins_a_branch_or_a_commit(world: Upgrades, commit: bool) -> None:
    [repository] = world.add_pinned(1)
    to = world.actions.branches()["main"] if commit else "main"
    assert world.statuses(repository.full_name, "--apply", to=to) == {"image-0": "opened"}
    was = repository.read("main", BUILD).decode()
    assert world.proposed(repository, BUILD) == was.replace("@v1.3.2\n", f"@{to}\n")
    assert world.statuses(repository.full_name, "--apply", to=to) == {"image-0": "unchanged"}


# Waves ------------------------------------------------------------------------------------------------------


def states(result: dict[str, list[dict[str, str]]]) -> list[str]:
    """Returns the states of the waves."""
    return [wave["state"] for wave in result["waves"]]


def test_the_next_wave_begins_when_the_one_before_is_merged_and_green(world: Upgrades) -> None:
    one, two, three, four = repositories = world.add_pinned(4)
    rollout = (*names(repositories), "--waves", "canary=2,rest", "--apply")
    assert states(world.result(*rollout)) == ["open", "waiting"]
    assert [len(repository.pulls) for repository in repositories] == [1, 1, 0, 0]
    assert labels(one) == {LABEL, "wave: canary"}
    assert world.calls_of(three) == []
    world.merge(one)
    world.merge(two)
    world.built(one)
    running = world.built(two, None)
    assert states(world.result(*rollout)) == ["open", "waiting"]
    assert GREEN in labels(one)
    running.status, running.conclusion = "completed", "success"
    assert states(world.result(*rollout)) == ["done", "open"]
    assert [len(repository.pulls) for repository in repositories] == [1, 1, 1, 1]
    assert labels(four) == {LABEL, "wave: rest"}
    for repository in (three, four):
        world.merge(repository)
        world.built(repository)
    assert states(world.result(*rollout)) == ["done", "done"]
    assert states(world.result(*rollout)) == ["done", "done"]
    assert world.written() == []
    assert [len(world.calls_of(repository)) for repository in repositories] == [1, 1, 1, 1]


def test_a_red_build_stops_the_rollout_until_it_is_green(world: Upgrades) -> None:
    one, two, three = repositories = world.add_pinned(3)
    rollout = (*names(repositories), "--waves", "canary=2,rest", "--apply")
    world.run(*rollout)
    for repository in (one, two):
        world.merge(repository)
    world.built(one)
    failed = world.built(two, "failure")
    world.built(two, "cancelled")
    stopped = world.result(*rollout, status=3)
    assert states(stopped) == ["stopped", "waiting"]
    assert two.full_name in stopped["waves"][0]["reason"]
    assert three.pulls == []
    assert f"/actions/runs/{failed.id}" in (world.actions.issues[0].body or "")
    world.built(two)
    assert states(world.result(*rollout)) == ["done", "open"]


def test_nothing_new_begins_in_a_wave_that_has_a_red_one(world: Upgrades) -> None:
    one, two = repositories = world.add_pinned(2)
    world.run(one.full_name, "--waves", "all", "--apply")
    world.merge(one)
    world.built(one, "failure")
    result = world.result(*names(repositories), "--waves", "all", "--apply", status=3)
    assert result["repositories"][1]["status"] == "nothing is begun: the wave is stopped"
    assert two.pulls == []


def test_an_upgrade_that_was_undone_stops_the_rollout(world: Upgrades) -> None:
    one, two = repositories = world.add_pinned(2)
    before = {path: one.read("main", path) for path in one.paths("main")}
    rollout = (*names(repositories), "--waves", "canary=1,rest", "--apply")
    world.run(*rollout)
    world.merge(one)
    world.built(one, "failure")
    one.commit(dict(before), "Revert")
    world.built(one)
    assert states(world.result(*rollout, status=3)) == ["stopped", "waiting"]
    assert two.pulls == []


def test_a_wave_in_which_everybody_declined_stops_the_rollout(world: Upgrades) -> None:
    one, two = repositories = world.add_pinned(2)
    rollout = (*names(repositories), "--waves", "canary=1,rest", "--apply")
    world.run(*rollout)
    one.pulls[0].close()
    assert states(world.result(*rollout, status=3)) == ["stopped", "waiting"]
    assert two.pulls == []


def test_a_merge_that_no_build_followed_is_waited_for(world: Upgrades) -> None:
    repositories = world.add_pinned(2)
    one = repositories[0]
    world.built(one)
    one.runs[0].created_at = "2020-01-01T00:00:00Z"
    rollout = (*names(repositories), "--waves", "canary=1,rest", "--apply")
    world.run(*rollout)
    world.merge(one)
    result = world.result(*rollout)
    assert states(result) == ["open", "waiting"]
    assert "run its workflow by hand" in result["repositories"][0]["status"]


def test_a_pipeline_that_builds_version_tags_is_green_once_a_tag_is(world: Upgrades) -> None:
    repository = world.add_kind("version tags")
    rollout = (repository.full_name, "--waves", "all", "--tracking", OURS, "--apply")
    world.run(*rollout)
    world.merge(repository)
    assert states(world.result(*rollout)) == ["open"]
    git(repository.git_dir, "tag", "1.2.3", "main")
    repository.add_run(BUILD, "push", "1.2.3")
    assert states(world.result(*rollout)) == ["done"]


def test_canaries_that_have_nothing_to_do_let_the_next_wave_begin(world: Upgrades) -> None:
    current = world.add("current", pinned(Style.MAJOR))
    [behind] = world.add_pinned(1)
    result = world.result(*names([current, behind]), "--waves", "canary=1,rest", "--apply")
    assert states(result) == ["done", "open"]


def test_one_tracking_issue_is_kept_current_and_closed_at_the_end(world: Upgrades) -> None:
    one, two = repositories = world.add_pinned(2)
    rollout = (*names(repositories), "--waves", "canary=1,rest", "--apply")
    world.run(*rollout)
    [issue] = world.actions.issues
    assert "| canary | **open** | 1 with a pull request to be merged |" in (issue.body or "")
    assert f"[#1]({world.github.server_url}/{one.full_name}/pull/1)" in (issue.body or "")
    for repository in (one, two):
        world.merge(repository)
        world.built(repository)
        world.run(*rollout)
    [issue] = world.actions.issues
    assert "| rest | **done** | 1 merged and built |" in (issue.body or "")
    assert issue.state == "closed"


def test_the_canaries_stay_the_same_whatever_order_a_later_run_names_them_in(world: Upgrades) -> None:
    repositories = world.add_pinned(3)
    waves = ("--waves", "canary=1,rest", "--apply")
    world.run(*names(repositories), *waves)
    world.run(*reversed(names(repositories)), *waves)
    assert [len(repository.pulls) for repository in repositories] == [1, 0, 0]


def test_waves_come_from_a_file_as_well_and_the_issue_from_another_repository(world: Upgrades) -> None:
    repositories = world.add_pinned(3)
    world.github.create_repository(f"{OWNER}/images", files={"README.md": b"x"})
    file = world.folder / "waves.yaml"
    file.write_text(f"canary:\n  - {repositories[2].full_name}\nrest:\n")
    result = world.result(
        *names(repositories), "--waves", str(file), "--tracking", f"{OWNER}/images", "--apply"
    )
    assert result["waves"][0]["repositories"] == [repositories[2].full_name]
    assert f"/{OWNER}/images/issues/1" in result["tracking"]
    assert [len(repository.pulls) for repository in repositories] == [0, 0, 1]


def test_an_issue_whose_record_was_damaged_is_not_guessed_at(world: Upgrades) -> None:
    [repository] = world.add_pinned(1)
    rollout = (repository.full_name, "--waves", "canary=1,rest", "--apply")
    world.run(*rollout)
    issue = world.actions.issues[0]
    issue.body = (issue.body or "").replace("<!-- waves ", "<!-- ")
    done = world.run(*rollout)
    assert done.returncode == 1
    assert "has lost its hidden record of the waves." in done.stderr


@pytest.mark.parametrize("number", [2, 5, 6, 7, 12])
def test_a_rollout_that_was_killed_is_gone_on_with(world: Upgrades, number: int) -> None:
    repositories = world.add_pinned(3)
    rollout = (*names(repositories), "--waves", "canary=2,rest", "--apply")
    running: list[subprocess.Popen[bytes]] = []

    def kill(call: Call) -> None:
        written.extend([call] if call.method != "GET" else [])
        if len(written) == number and running:
            running.pop().kill()

    written: list[Call] = []
    world.github.on_call(kill)
    process = world.start(*rollout)
    running.append(process)
    assert process.wait(60) == -9
    running.clear()
    assert states(world.result(*rollout)) == ["open", "waiting"]
    assert [len(repository.pulls) for repository in repositories] == [1, 1, 0]
    assert [labels(repository) for repository in repositories[:2]] == [{LABEL, "wave: canary"}] * 2
    assert len(world.actions.issues) == 1
    world.run(*rollout)
    assert world.written() == []
    # The end came between the head of a request and its body.
    problems = world.github.problems
    problems[:] = [problem for problem in problems if problem.reason != "the body is missing"]
