"""The comment with the result of a run whose own token may not comment: where it goes, and what it shows."""

import io
import json
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from hostile import WRITTEN, assert_harmless
from hub_image_actions.build.report import BuildReport
from hub_image_actions.build.report_file import FILE, write_report
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults
from hub_image_actions.errors import ActionError
from local_github import LocalGitHub, run_objects
from local_github.pulls import Pull
from local_github.runs import Run, workflows
from scenarios.action import ROOT, Result, run_action

ACTION = ROOT / "actions" / "comment-result"
NAME = "berkeley-dsep-infra/data100-user-image"
WORKFLOW = ".github/workflows/test.yaml"
ARTIFACT = "build-test-report"
PERMISSIONS = {"actions": "read", "pull_requests": "write"}
FAILED = CaseResult("test_sums", "image-tests/test_a.py", 7, Outcome.FAILED, "1 is not 2", "E  assert 1 == 2")
PASSED = BuildReport(
    "r.io/x:dev", "forged", size=1 << 30, tests=SuiteResults((replace(FAILED, outcome=Outcome.PASSED),))
)


class World:
    """An image repository with a fork and its pull request."""

    def __init__(self, folder: Path, github: LocalGitHub) -> None:
        self.folder = folder
        self.github = github
        files = {"environment.yml": b"x", WORKFLOW: b"name: Test\non: pull_request\n"}
        self.repository = github.create_repository(NAME, files=files)
        self.fork = github.fork(self.repository, "bob")
        self.fork.commit({"apt.txt": b"git\n"}, branch="add-git")
        self.pull = self.open("bob:add-git")

    def open(self, head: str, base: str = "main", author: str = "bob") -> Pull:
        token = self.github.create_token(login=author, kind="personal")
        url = f"{self.github.api_url}/repos/{NAME}/pulls"
        body = {"title": "Git", "head": head, "base": base}
        answer = requests.post(url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        assert answer.ok, answer.text
        return self.repository.pulls[-1]

    def tested(
        self, conclusion: str = "success", pull: Pull | None = None, *, event: str = "pull_request"
    ) -> Run:
        """Plant the run that tested a pull request."""
        pull = pull or self.pull
        head = pull.head_repository
        return self.repository.add_run(
            WORKFLOW, event, pull.head, pull.head_sha, conclusion=conclusion, actor=pull.user, head=head
        )

    def left(self, run: Run, content: bytes | BuildReport = PASSED) -> None:
        """Plant the report that a run left."""
        content = packed(write_report(content)) if isinstance(content, BuildReport) else content
        self.repository.add_artifact(run, ARTIFACT, content)

    def comment(self, run: Run, *, token: str = "", **inputs: str) -> Result:
        """Run the action at the end of a run."""
        return self.at(self.payload(run), token=token, **inputs)

    def payload(self, run: Run) -> dict[str, Any]:
        (known,) = workflows(self.repository)
        return {"workflow_run": run_objects.run(self.github.objects, self.repository, run, known)}

    def at(self, payload: dict[str, Any], *, token: str = "", **inputs: str) -> Result:
        event = self.folder / "event.json"
        event.write_text(json.dumps(payload))
        environ = {
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_EVENT_PATH": str(event),
        }
        given = {"token": token or self.token(), **inputs}
        result = run_action(ACTION, given, folder=self.folder, environ=environ)
        assert given["token"] not in result.log + result.stderr + result.summary
        return result

    def token(self, **permissions: str) -> str:
        return self.github.create_token(
            login="github-actions[bot]",
            kind="installation",
            permissions=permissions or PERMISSIONS,
            repositories=[NAME],
        )

    def bodies(self, pull: Pull | None = None) -> list[str]:
        return [comment.body for comment in (pull or self.pull).comments]


def packed(*contents: bytes, name: str = FILE, mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with a file for each content."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number, content in enumerate(contents):
            member = zipfile.ZipInfo(name if not number else f"{number}.json")
            member.external_attr = mode << 16
            member.compress_type = method
            archive.writestr(member, content)
    return made.getvalue()


def told(**fields: Any) -> bytes:
    """Return a report with other fields than its writer gives it."""
    return json.dumps({**json.loads(write_report(PASSED)), **fields}).encode()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with LocalGitHub(tmp_path / "github") as github:
        yield World(tmp_path, github)
        assert github.problems == []


# ---- what it shows


def test_a_forks_pull_request_gets_the_comment_with_its_report(world: World) -> None:
    run = world.tested()
    world.left(run)
    result = world.comment(run)
    assert result.status == 0, result.log
    (body,) = world.bodies()
    assert body.startswith("### ✅ Test of data100\\-user\\-image\n\n> **From a fork:**")
    assert "`bob/data100-user-image`" in body
    assert "| **Tests** | ✅ 1 passed |" in body
    assert "It changes what is run" not in body
    assert "**Next:** ready for review." in body
    assert result.outputs["comment-url"].startswith(f"{world.github.server_url}/{NAME}/pull/1#")
    assert "1 passed" in result.summary


@pytest.mark.parametrize("renamed", [False, True])
def test_a_fork_that_changes_a_workflow_is_warned_of(world: World, renamed: bool) -> None:
    old = world.repository.read("main", WORKFLOW)
    world.fork.commit(
        {WORKFLOW: None, "x.yaml": old} if renamed else {WORKFLOW: b"name: Test\n"}, branch="add-git"
    )
    world.github.changed(world.fork)
    run = world.tested()
    world.left(run)
    assert world.comment(run).status == 0
    (body,) = world.bodies()
    assert f"> ⚠️ **It changes what is run:** `{WORKFLOW}`." in body


def test_a_report_of_a_failure_says_what_to_fix(world: World) -> None:
    run = world.tested("failure")
    error = ActionError("1 of the image's tests failed: test_sums.")
    world.left(run, BuildReport("r.io/x:dev", "x", error=error, tests=SuiteResults((FAILED,))))
    assert world.comment(run).status == 0
    (body,) = world.bodies()
    assert body.startswith("### ❌ ")
    assert "**Next:** fix `image-tests/test_a.py:7`, and push to the same branch" in body
    assert "E  assert 1 == 2" in body


def test_a_second_result_takes_the_place_of_the_first(world: World) -> None:
    first = world.tested()
    world.left(first)
    world.comment(first)
    world.fork.commit({"apt.txt": b"git\nnano\n"}, branch="add-git")
    world.github.changed(world.fork)
    second = world.tested("failure")
    world.left(second, BuildReport("r.io/x:dev", "x", error=ActionError("It broke.")))
    world.comment(second)
    (body,) = world.bodies()
    assert "It broke" in body


def test_how_it_ended_is_githubs_word(world: World) -> None:
    run = world.tested("failure")
    world.left(run)
    world.comment(run)
    (body,) = world.bodies()
    assert body.startswith("### ❌ ")
    assert "ready for review" not in body


@pytest.mark.parametrize(
    ("conclusion", "said"),
    [
        ("failure", "failed before it could leave a report"),
        ("cancelled", "was canceled"),
        ("timed_out", "ran out of time"),
        ("startup_failure", "could not begin"),
        ("success", "passed, and left no report"),
        ("action_required", "somebody who may write to this repository has to allow"),
    ],
)
def test_a_run_without_a_report_is_told_with_its_log(world: World, conclusion: str, said: str) -> None:
    run = world.tested(conclusion)
    assert world.comment(run).status == 0
    (body,) = world.bodies()
    assert said in body
    assert f"{world.github.server_url}/{NAME}/actions/runs/{run.id})" in body
    assert "**Next:** " in body


def test_dependabots_run_gets_its_comment_and_is_no_fork(world: World) -> None:
    world.repository.commit({"a": b"1"}, branch="dependabot/x")
    pull = world.open("dependabot/x", author="dependabot[bot]")
    run = world.tested(pull=pull)
    world.left(run)
    world.comment(run)
    (body,) = world.bodies(pull)
    assert "The report of Dependabot at" in body
    assert "fork" not in body.partition("**Next:**")[0]


def test_the_comment_is_the_one_that_build_test_keeps(world: World) -> None:
    run = world.tested()
    world.left(run)
    world.comment(run, image="course/image", registry="r.io")
    (body,) = world.bodies()
    assert body.endswith("<!-- hub-image-actions build-test r.io/course/image -->")


def test_a_thousand_failing_tests_fit(world: World) -> None:
    cases = tuple(replace(FAILED, name=f"test_{number}", text="E  no\n" * 600) for number in range(1000))
    run = world.tested("failure")
    world.left(run, BuildReport("r.io/x:dev", "x", error=ActionError("Many."), tests=SuiteResults(cases)))
    assert world.comment(run).status == 0
    (body,) = world.bodies()
    assert "❌ 1000 failed" in body
    assert "more tests failed." in body
    assert len(body) < 65536


# ---- where it goes


def test_a_run_of_an_older_commit_overwrites_nothing(world: World) -> None:
    run = world.tested()
    world.left(run)
    world.fork.commit({"apt.txt": b"git\nnano\n"}, branch="add-git")
    world.github.changed(world.fork)
    assert "No open pull request has this commit as its newest" in world.comment(run).notice
    assert world.bodies() == []


def test_a_closed_pull_request_gets_none(world: World) -> None:
    run = world.tested()
    world.left(run)
    world.pull.close()
    assert "it is closed" in world.comment(run).notice
    assert world.bodies() == []


def test_a_run_that_was_followed_by_another_overwrites_nothing(world: World) -> None:
    run = world.tested("cancelled")
    world.tested()
    assert "by a later run" in world.comment(run).notice
    assert world.bodies() == []


def test_the_first_attempts_report_does_not_stand_for_the_seconds(world: World) -> None:
    run = world.tested("failure")
    world.left(run)
    run.attempt, run.started_at = 2, "2099-01-01T00:00:00Z"
    world.comment(run)
    (body,) = world.bodies()
    assert "failed before it could leave a report" in body


def test_an_attempt_that_was_followed_by_another_overwrites_nothing(world: World) -> None:
    run = world.tested()
    payload = world.payload(run)
    run.attempt = 2
    assert "by a later run" in world.at(payload).notice
    assert world.bodies() == []


def test_a_branch_of_the_repository_itself_was_told_already(world: World) -> None:
    world.repository.commit({"a": b"1"}, branch="own")
    pull = world.open("own", author="alice")
    assert "may comment itself" in world.comment(world.tested(pull=pull)).notice
    assert world.bodies(pull) == []


def test_a_branch_with_two_pull_requests_has_the_comment_on_both(world: World) -> None:
    world.repository.commit({"b": b"1"}, branch="next")
    other = world.open("bob:add-git", base="next")
    run = world.tested()
    world.left(run)
    result = world.comment(run)
    assert len(result.outputs["comment-url"].splitlines()) == 2
    for pull in (world.pull, other):
        (body,) = world.bodies(pull)
        assert "This branch has several pull requests" in body


def test_a_fork_that_is_gone_gets_none(world: World) -> None:
    run = world.tested()
    run.head_repository = None
    assert "The fork is gone" in world.comment(run).notice
    assert world.bodies() == []


def test_another_branch_of_the_same_name_or_commit_gets_none(world: World) -> None:
    carol = world.github.fork(world.fork, "carol")
    carol.parent = world.repository
    pull = world.open("carol:add-git", author="carol")
    assert pull.head_sha == world.pull.head_sha
    run = world.tested()
    world.left(run)
    world.comment(run)
    assert len(world.bodies()) == 1
    assert world.bodies(pull) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: setattr(run, "event", "push"), "not by a pull request"),
        (lambda run: setattr(run, "conclusion", "skipped"), "has no result"),
    ],
)
def test_other_runs_have_nothing_to_tell(world: World, change: Callable[[Run], None], said: str) -> None:
    run = world.tested()
    change(run)
    assert said in world.comment(run).notice
    assert world.bodies() == []


def test_another_event_is_an_error(world: World) -> None:
    assert "is not the end of a run" in world.at({"pull_request": {"number": 1}}).error


# ---- what a stranger may leave

UNUSABLE: dict[str, bytes] = {
    "10 MB": packed(b"x" * (10 << 20), method=zipfile.ZIP_STORED),
    "10 MB packed": packed(b"x" * (10 << 20)),
    "a link": packed(b"/etc/passwd", mode=stat.S_IFLNK | 0o777),
    "no archive": b"PK\x05\x06 no",
    "no JSON": packed(b"{"),
    "no UTF-8": packed(b'{"form": "\xff"}'),
    "other fields": packed(told(number=7)),
}


@pytest.mark.parametrize("content", list(UNUSABLE.values()), ids=list(UNUSABLE))
def test_what_is_no_report_is_not_shown_and_the_comment_says_so(world: World, content: bytes) -> None:
    run = world.tested()
    world.left(run, content)
    result = world.comment(run)
    assert result.status == 0, result.log
    (body,) = world.bodies()
    assert "is not shown: " in body
    assert len(body) < 2000
    assert len(result.said("warning")) == 1


def test_a_forged_number_leads_nowhere(world: World) -> None:
    world.repository.commit({"a": b"1"}, branch="own")
    victim = world.open("own", author="alice")
    run = world.tested()
    run.title = f"#{victim.number}"
    world.left(
        run, BuildReport("x", "x", pullable=f"#{victim.number}", warnings=[f"pull request {victim.number}"])
    )
    world.comment(run)
    assert len(world.bodies()) == 1
    assert world.bodies(victim) == []


def test_what_a_stranger_writes_is_text(world: World) -> None:
    texts = list(WRITTEN.values())
    cases = tuple(CaseResult(text, text, 3, Outcome.FAILED, text, text) for text in texts)
    report = BuildReport("x", "x", tests=SuiteResults(cases), warnings=texts[:20], error=ActionError("x"))
    run = world.tested("failure")
    world.left(run, report)
    result = world.comment(run)
    assert result.status == 0, result.log
    (body,) = world.bodies()
    assert_harmless(body)
    assert {command.name for command in result.commands} <= {"add-mask"}


def test_what_was_made_too_long_is_not_shown(world: World) -> None:
    run = world.tested()
    rows = [[f"@{'@' * 499}"] * 2 + ["", 0]] * 20
    world.left(run, packed(told(errors=rows, warnings=["@" * 500] * 20)))
    world.comment(run)
    (body,) = world.bodies()
    assert "too long to be shown" in body


# ---- when GitHub refuses


@pytest.mark.parametrize("permission", ["pull_requests", "actions"])
def test_a_right_that_is_missing_is_an_error_that_names_it(world: World, permission: str) -> None:
    run = world.tested()
    world.left(run)
    given = {name: level for name, level in PERMISSIONS.items() if name != permission}
    result = world.comment(run, token=world.token(**given))
    assert f"it needs {permission}=" in result.error.replace("issues=write; ", "")
    assert world.bodies() == []


def test_the_token_goes_to_the_api_alone(world: World) -> None:
    run = world.tested()
    world.left(run)
    world.comment(run)
    (call,) = (call for call in world.github.calls if call.template == "storage")
    assert call.scheme is None


def test_a_download_that_breaks_off_is_tried_again(world: World) -> None:
    run = world.tested()
    world.left(run)
    world.github.faults.add(kind="truncate", method="GET", path="storage")
    assert world.comment(run).status == 0
    (body,) = world.bodies()
    assert "1 passed" in body


def test_an_artifact_that_expired_is_none(world: World) -> None:
    run = world.tested()
    world.left(run)
    world.repository.artifacts[0].expired = True
    world.comment(run)
    (body,) = world.bodies()
    assert "left no report" in body
