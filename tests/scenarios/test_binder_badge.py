"""The badge on a pull request: one comment, kept current, whatever the token may and the image allows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from local_github import LocalGitHub
from scenarios.action import ROOT, Result, run_action
from testbed.binder_hub import FAILED, KEEPALIVE, TOO_MANY, BinderHub, Told
from testbed.registry import Registry, TokenAuth
from testbed.seed_image import seed_image
from testbed.token_server import Account

ACTION = ROOT / "actions" / "binder-badge"
NAME = "berkeley-dsep-infra/data100-user-image"
FIRST, SECOND = {"a.txt": b"1"}, {"a.txt": b"2"}
DOCKERFILE = "binder/Dockerfile"


class World:
    """An image repository with an open pull request."""

    def __init__(self, folder: Path, github: LocalGitHub) -> None:
        self.folder = folder
        self.github = github
        self.repository = github.create_repository(NAME, files={"environment.yml": b"x"})
        self.repository.commit(FIRST, branch="new-kernel")
        self.token = self.token_for(contents="write", pull_requests="write")
        self.pull = self.ask("POST", "/pulls", title="New kernel", head="new-kernel", base="main")

    def token_for(self, **permissions: str) -> str:
        login = "github-actions[bot]"
        return self.github.create_token(
            login=login, kind="installation", permissions=permissions, repositories=[NAME]
        )

    def ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
        url = f"{self.github.api_url}/repos/{NAME}{path}"
        headers = {"Authorization": f"Bearer {self.token}", "User-Agent": "tests"}
        answer = requests.request(method, url, json=body or None, headers=headers, timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def badge(self, event: dict[str, object] | None = None, token: str = "", **inputs: str) -> Result:
        self.pull = self.ask("GET", "/pulls/1")
        event_path = self.folder / "event.json"
        event_path.write_text(json.dumps({"pull_request": self.pull} if event is None else event))
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        environ = {
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_EVENT_PATH": str(event_path),
        }
        result = run_action(
            ACTION, {"token": token or self.token, **given}, folder=self.folder, environ=environ
        )
        assert (token or self.token) not in result.log + result.stderr + result.summary
        return result

    @property
    def comments(self) -> list[Any]:
        return list(self.repository.pulls[0].comments)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with LocalGitHub(tmp_path / "github") as github:
        yield World(tmp_path, github)
        assert github.problems == []


def test_the_comment_has_a_badge_that_launches_the_newest_commit(world: World) -> None:
    result = world.badge()
    (comment,) = world.comments
    assert result.status == 0, result.log
    assert comment.body.startswith("[![Test this PR on Binder]")
    assert "\n\n**Next:** press it to open this change in your browser" in comment.body
    assert result.outputs["launch-url"].endswith(world.pull["head"]["sha"])
    assert result.outputs["launch-url"] in comment.body


def test_the_outputs_name_the_comment(world: World) -> None:
    outputs = world.badge().outputs
    assert outputs["comment-id"] == str(world.comments[0].id)
    assert outputs["comment-url"].startswith(f"{world.github.server_url}/{NAME}/pull/1#")
    assert outputs["badge-markdown"] in world.comments[0].body


def test_a_push_changes_the_comment_and_adds_none(world: World) -> None:
    world.badge()
    newer = world.repository.commit(SECOND, branch="new-kernel")
    world.badge()
    (comment,) = world.comments
    assert newer in comment.body


def test_a_comment_of_somebody_else_with_the_marker_is_left(world: World) -> None:
    mallory = world.github.create_token(login="mallory", kind="personal")
    forged = "mine <!-- hub-image-actions binder-badge -->"
    url = f"{world.github.api_url}/repos/{NAME}/issues/1/comments"
    headers = {"Authorization": f"Bearer {mallory}", "User-Agent": "tests"}
    requests.post(url, json={"body": forged}, headers=headers, timeout=10).raise_for_status()
    world.badge()
    assert world.comments[0].body == forged
    assert len(world.comments) == 2


def test_an_answer_that_is_lost_leads_to_no_second_comment(world: World) -> None:
    path = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
    world.github.faults.add(kind="reset", method="POST", path=path, after=True)
    assert world.badge().status == 0
    assert len(world.comments) == 1


def test_with_a_read_only_token_the_badge_is_in_the_summary_and_a_warning_says_so(world: World) -> None:
    result = world.badge(token=world.token_for(contents="read", pull_requests="read"))
    assert result.status == 0
    assert result.outputs["badge-markdown"] in result.summary
    assert "may not comment" in result.said("warning")[0]
    assert not world.comments


def test_a_message_is_shown_as_it_is(world: World) -> None:
    world.badge(message="Try <b>it</b> @everyone [x](http://evil.example)")
    assert world.comments[0].body.startswith("Try \\<b\\>it")
    assert "](http://evil" not in world.comments[0].body


@pytest.mark.parametrize(
    ("inputs", "ending"),
    [
        ({"urlpath": "rstudio"}, "?urlpath=rstudio"),
        ({"filepath": "demo.ipynb"}, "?filepath=demo.ipynb"),
        ({"repository": "gl:a/b", "ref": "x/y"}, "/v2/gl/a%2Fb/x%2Fy"),
        ({"repository": "zenodo:10.5281/zenodo.1"}, "/v2/zenodo/10.5281/zenodo.1"),
    ],
)
def test_inputs_say_what_is_launched(world: World, inputs: dict[str, str], ending: str) -> None:
    assert world.badge(None, "", **inputs).outputs["launch-url"].endswith(ending)


def test_all_that_is_wrong_with_the_inputs_is_said_at_once(world: World) -> None:
    result = world.badge(
        pull_request="x", urlpath="a", filepath="b", image="no tag", binder_url="http://far.example"
    )
    assert result.status == 1
    named = [message.split("`")[1] for message in result.said("error")]
    assert named == ["pull-request", "binder-url", "image", "filepath"]


def test_a_run_after_another_workflow_finds_the_pull_request_of_a_fork(world: World) -> None:
    run = {
        "pull_requests": [],
        "head_branch": "new-kernel",
        "head_repository": {"owner": {"login": "berkeley-dsep-infra"}},
    }
    assert world.badge(event={"workflow_run": run}).outputs["comment-id"]


def test_an_event_about_no_pull_request_is_one_clear_error(world: World) -> None:
    assert "pull_request_target" in world.badge(event={"ref": "refs/heads/main"}).error


def test_an_image_is_pulled_and_not_built(world: World, registry: Registry) -> None:
    digest = registry.push("demo/user-image", "abc", seed_image())
    result = world.badge(image=f"{registry.host}/demo/user-image:abc")
    dockerfile = world.repository.read("binder/pr-1", DOCKERFILE).decode()
    assert dockerfile.startswith(f"FROM {registry.host}/demo/user-image@{digest}\n")
    assert world.repository.paths("binder/pr-1") == [DOCKERFILE]
    assert result.outputs["launch-url"].endswith(world.repository.branches()["binder/pr-1"])


def test_the_same_image_leaves_the_branch_where_it_is(world: World, registry: Registry) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    world.badge(image=f"{registry.host}/demo/user-image:abc")
    before = world.repository.branches()
    world.badge(image=f"{registry.host}/demo/user-image:abc")
    assert world.repository.branches() == before


def test_another_image_moves_the_branch(world: World, registry: Registry) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    world.badge(image=f"{registry.host}/demo/user-image:abc")
    digest = registry.push("demo/user-image", "def", seed_image(config={"Labels": {"a": "b"}}))
    world.badge(image=f"{registry.host}/demo/user-image:def")
    assert digest in world.repository.read("binder/pr-1", DOCKERFILE).decode()


def test_the_branch_goes_when_the_pull_request_closes(world: World, registry: Registry) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    world.badge(image=f"{registry.host}/demo/user-image:abc")
    world.ask("PATCH", "/pulls/1", state="closed")
    result = world.badge(image=f"{registry.host}/demo/user-image:abc")
    assert result.status == 0
    assert "binder/pr-1" not in world.repository.branches()


def test_a_branch_of_somebody_else_is_not_taken(world: World, registry: Registry) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    theirs = world.repository.commit({"x": b"y"}, branch="binder/pr-1", message="Mine")
    assert "is not ours: 'Mine'" in world.badge(image=f"{registry.host}/demo/user-image:abc").error
    assert world.repository.branches()["binder/pr-1"] == theirs


def test_an_image_that_not_everybody_may_pull_is_built_by_binder_which_is_said(
    world: World, tmp_path: Path
) -> None:
    with Registry(tmp_path / "private", auth=TokenAuth({"owner": Account("secret")})) as private:
        private.push("demo/user-image", "abc", seed_image())
        result = world.badge(image=f"{private.host}/demo/user-image:abc")
    assert result.status == 0
    assert not result.said("warning")
    assert "Binder cannot pull `" in world.comments[0].body
    assert "up to an hour for a big one" in world.comments[0].body
    assert result.outputs["launch-url"].endswith(world.pull["head"]["sha"])


def test_without_the_right_to_push_binder_builds_which_is_said(world: World, registry: Registry) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    token = world.token_for(contents="read", pull_requests="write")
    result = world.badge(token=token, image=f"{registry.host}/demo/user-image:abc")
    assert result.status == 0
    assert "may not push a branch" in world.comments[0].body
    assert result.outputs["launch-url"].endswith(world.pull["head"]["sha"])


def test_the_badge_says_how_long_it_takes(world: World, registry: Registry) -> None:
    world.badge()
    assert "up to an hour for a big one" in world.comments[0].body
    registry.push("demo/user-image", "abc", seed_image())
    world.badge(image=f"{registry.host}/demo/user-image:abc")
    (comment,) = world.comments
    assert "and builds nothing" in comment.body
    assert "up to an hour" not in comment.body


def test_a_run_without_the_image_keeps_the_badge_that_has_one(world: World, registry: Registry) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    with_image = world.badge(image=f"{registry.host}/demo/user-image:abc")
    token = world.token_for(pull_requests="write", contents="read")
    without = world.badge(token=token)
    assert without.outputs["launch-url"] == with_image.outputs["launch-url"]
    assert "and builds nothing" in world.comments[0].body


def test_a_push_goes_back_to_a_build_until_its_own_image_is_there(world: World, registry: Registry) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    reference = f"{registry.host}/demo/user-image:abc"
    world.badge(image=reference)
    newer = world.repository.commit(SECOND, branch="new-kernel")
    assert world.badge().outputs["launch-url"].endswith(newer)
    # The push changed nothing that is in the image: the branch says so all the same.
    world.badge(image=reference)
    branch = world.repository.branches()["binder/pr-1"]
    assert world.badge().outputs["launch-url"].endswith(branch)


def test_a_run_without_the_image_deletes_the_branch_of_a_closed_pull_request(
    world: World, registry: Registry
) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    world.badge(image=f"{registry.host}/demo/user-image:abc")
    world.ask("PATCH", "/pulls/1", state="closed")
    refused = world.badge(token=world.token_for(contents="read", pull_requests="write"))
    assert refused.status == 0
    assert "may not delete binder/pr-1" in refused.said("notice")[0]
    assert world.badge().status == 0
    assert "binder/pr-1" not in world.repository.branches()


def test_a_branch_of_somebody_else_stays_when_the_pull_request_closes(world: World) -> None:
    world.repository.commit({"x": b"y"}, branch="binder/pr-1", message="Mine")
    world.ask("PATCH", "/pulls/1", state="closed")
    assert world.badge().status == 0
    assert "binder/pr-1" in world.repository.branches()


def test_the_badge_of_a_fork_that_is_gone_launches_the_commit_that_is_kept(world: World) -> None:
    """GitHub sends `null` for the repository of a fork that was deleted."""
    world.pull = world.ask("GET", "/pulls/1")
    head = {**world.pull["head"], "repo": None, "user": None, "label": "student:new-kernel"}
    result = world.badge({"action": "reopened", "pull_request": {**world.pull, "user": None, "head": head}})
    assert result.status == 0, result.log
    assert quote(NAME, safe="") in result.outputs["launch-url"]
    assert result.outputs["launch-url"].endswith(world.pull["head"]["sha"])


def push(world: World, ref: str = "refs/heads/main") -> dict[str, object]:
    """Return the event of a push."""
    return {"ref": ref, "after": world.repository.branches()["main"]}


def test_after_a_push_a_branch_of_its_own_has_binder_pull_the_image(world: World, registry: Registry) -> None:
    digest = registry.push("demo/user-image", "abc", seed_image())
    main = world.repository.branches()["main"]
    result = world.badge(event=push(world), image=f"{registry.host}/demo/user-image:abc")
    assert result.status == 0, result.log
    dockerfile = world.repository.read("binder/main", DOCKERFILE).decode()
    assert dockerfile.startswith(f"FROM {registry.host}/demo/user-image@{digest}\n")
    # The badge of a README need not change with the image, and main itself is left alone.
    assert result.outputs["launch-url"].endswith("/binder%2Fmain")
    assert world.repository.branches()["main"] == main
    assert result.outputs["badge-markdown"] in result.summary
    assert world.comments == []


def test_the_next_push_moves_that_branch(world: World, registry: Registry) -> None:
    for tag in ("abc", "def"):
        digest = registry.push("demo/user-image", tag, seed_image(config={"Labels": {"tag": tag}}))
        world.badge(event=push(world), image=f"{registry.host}/demo/user-image:{tag}")
        assert digest in world.repository.read("binder/main", DOCKERFILE).decode()


def test_after_a_push_an_image_that_not_everybody_may_pull_is_a_warning(world: World, tmp_path: Path) -> None:
    with Registry(tmp_path / "private", auth=TokenAuth({"owner": Account("secret")})) as private:
        private.push("demo/user-image", "abc", seed_image())
        result = world.badge(event=push(world), image=f"{private.host}/demo/user-image:abc")
    assert result.status == 0
    assert "binder/main stays as it is" in result.said("warning")[0]
    assert result.outputs["launch-url"].endswith("/main")


def test_binder_is_asked_to_build_what_was_pushed(world: World) -> None:
    with BinderHub() as hub:
        result = world.badge(event=push(world), prebuild="true", binder_url=hub.url)
        (asked,) = hub.asked
    assert result.status == 0, result.log
    assert asked.startswith("/build/git/")
    assert asked.endswith("data100-user-image/main")
    assert result.outputs["prebuilt"] == "true"
    assert "Binder: pushing" in result.log
    assert "of-a-server" not in result.log


def test_binder_is_asked_to_build_what_the_badge_launches(world: World, registry: Registry) -> None:
    registry.push("demo/user-image", "abc", seed_image())
    with BinderHub() as hub:
        image = f"{registry.host}/demo/user-image:abc"
        result = world.badge(image=image, prebuild="true", binder_url=hub.url)
        (asked,) = hub.asked
    assert asked.endswith(world.repository.branches()["binder/pr-1"])
    assert result.outputs["prebuilt"] == "true"
    assert len(world.comments) == 1


@pytest.mark.parametrize("told", [FAILED, TOO_MANY, [b"data: " + b"\x1b[2J" * 40_000], [b"::error::no\n"]])
def test_a_build_that_binder_does_not_make_is_a_warning(world: World, told: list[Told]) -> None:
    with BinderHub(told) as hub:
        result = world.badge(event=push(world), prebuild="true", binder_url=hub.url)
    assert result.status == 0
    assert result.said("warning")[0].startswith("Whoever launches it first waits.")
    assert not result.said("error")
    assert "\x1b[2J" not in result.log
    assert result.outputs["prebuilt"] == "false"


def test_a_build_on_binder_is_not_waited_for_longer_than_wanted(world: World) -> None:
    with BinderHub([*(0.05, KEEPALIVE) * 400]) as hub:
        result = world.badge(event=push(world), prebuild="true", prebuild_timeout="1", binder_url=hub.url)
    assert result.status == 0
    assert "goes on without us" in result.said("notice")[0]
    assert result.outputs["prebuilt"] == "false"
