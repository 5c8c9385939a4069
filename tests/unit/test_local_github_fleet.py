"""What the local GitHub promises to the commands that look after many repositories."""

import base64
import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local_github import LocalGitHub, Repository, run_objects
from local_github.runs import workflows

NAME = "hubs/data100-user-image"
REPOSITORY = f"/repos/{NAME}"
WORKFLOW = """\
name: Build
on:
  push:
  workflow_dispatch:
    inputs:
      tag: {required: true}
      dry-run: {default: "true"}
"""
FILES: dict[str, str | tuple[str, bytes]] = {
    "README.md": "# Data 100\n",
    "start": ("100755", b"#!/bin/sh\n"),
    ".github/workflows/build.yaml": WORKFLOW,
    ".github/workflows/lint.yaml": "on: [push]\n",
}


class Client:
    """A client of the REST API with one token."""

    def __init__(self, github: LocalGitHub, token: str | None) -> None:
        self.url = github.api_url
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}{path}", json=body, timeout=10, **options)

    def json(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Return the JSON of an answer that must have a status."""
        answer = self(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def github(tmp_path: Path) -> Iterator[LocalGitHub]:
    with LocalGitHub(tmp_path / "github") as running:
        yield running
        assert running.problems == []


@pytest.fixture
def repository(github: LocalGitHub) -> Repository:
    return github.create_repository(NAME, FILES, topics=["hub-image"])


@pytest.fixture
def ask(github: LocalGitHub, repository: Repository) -> Iterator[Client]:
    client = Client(github, github.create_token("alice", "personal"))
    yield client
    client.session.close()


# ---- archives


def archive(content: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(gzip.decompress(content)))


@pytest.mark.parametrize("path", ["/tarball", "/tarball/main", "/tarball/refs/heads/main"])
def test_an_archive_is_on_another_host_and_names_its_commit(
    ask: Client, repository: Repository, path: str
) -> None:
    answer = ask("GET", REPOSITORY + path, allow_redirects=False)
    assert answer.status_code == 302
    held = archive(requests.get(answer.headers["Location"], timeout=10).content)
    sha = repository.branches()["main"]
    names = [member.name for member in held if member.isfile()]
    assert f"hubs-data100-user-image-{sha[:7]}/README.md" in names
    assert held.pax_headers["comment"] == sha


def test_the_archive_of_a_private_repository_needs_the_key_in_its_link(
    ask: Client, repository: Repository
) -> None:
    repository.private = True
    link = ask("GET", f"{REPOSITORY}/tarball/main", allow_redirects=False).headers["Location"]
    assert requests.get(link, timeout=10).status_code == 200
    assert requests.get(link.partition("?")[0], timeout=10).status_code == 404


def test_a_token_that_is_sent_to_the_host_of_the_archives_is_a_problem(
    ask: Client, github: LocalGitHub
) -> None:
    link = ask("GET", f"{REPOSITORY}/tarball/main", allow_redirects=False).headers["Location"]
    requests.get(link, headers={"Authorization": "Bearer x"}, timeout=10)
    assert [problem.reason for problem in github.problems] == [
        "the API's token was sent to the host of the archives"
    ]
    github.problems.clear()


def test_there_is_no_archive_of_a_branch_that_is_not_there(ask: Client) -> None:
    assert ask("GET", f"{REPOSITORY}/tarball/other").status_code == 404


@pytest.mark.parametrize("after", [False, True])
def test_an_archive_can_fail(ask: Client, github: LocalGitHub, after: bool) -> None:
    github.faults.add("503", path="codeload", after=after)
    assert ask("GET", f"{REPOSITORY}/tarball/main").status_code == 503
    assert ask("GET", f"{REPOSITORY}/tarball/main").status_code == 200


# ---- what an owner has


@pytest.mark.parametrize("path", ["/orgs/hubs/repos", "/users/hubs/repos"])
def test_an_owners_repositories_come_page_by_page(ask: Client, github: LocalGitHub, path: str) -> None:
    for number in range(4):
        github.create_repository(f"hubs/r{number}")
    github.create_repository("other/r")
    first = ask("GET", f"{path}?per_page=3&sort=full_name&direction=asc")
    assert [one["name"] for one in first.json()] == ["data100-user-image", "r0", "r1"]
    assert 'rel="next"' in first.headers["Link"]
    assert first.json()[0]["topics"] == ["hub-image"]


def test_a_private_repository_is_listed_only_for_a_token_that_covers_it(
    ask: Client, github: LocalGitHub, repository: Repository
) -> None:
    repository.private = True
    stranger = Client(github, github.create_token(repositories=["hubs/other"]))
    assert ask.json("GET", "/orgs/hubs/repos")
    assert stranger.json("GET", "/orgs/hubs/repos") == []


def test_a_user_is_no_organisation(ask: Client) -> None:
    assert ask("GET", "/orgs/alice/repos").status_code == 404
    assert ask.json("GET", "/users/alice/repos") == []


def test_topics_are_replaced(ask: Client, repository: Repository) -> None:
    assert ask.json("PUT", f"{REPOSITORY}/topics", {"names": ["One", "two"]})["names"] == ["one", "two"]
    assert ask.json("GET", f"{REPOSITORY}/topics")["names"] == repository.topics == ["one", "two"]
    assert ask("PUT", f"{REPOSITORY}/topics", {"names": ["a b"]}).status_code == 422


# ---- variables and secrets


def test_a_variable_is_made_changed_and_deleted(ask: Client, repository: Repository) -> None:
    path = f"{REPOSITORY}/actions/variables"
    ask.json("POST", path, {"name": "hub", "value": "data100"}, 201)
    assert ask("POST", path, {"name": "HUB", "value": "x"}).status_code == 409
    assert ask.json("GET", f"{path}/hub")["value"] == "data100"
    ask.json("PATCH", f"{path}/HUB", {"value": "data8"}, 204)
    assert repository.variables == {"HUB": "data8"}
    assert ask.json("GET", path)["variables"][0]["name"] == "HUB"
    ask.json("DELETE", f"{path}/HUB", status=204)
    assert ask("GET", f"{path}/HUB").status_code == 404


def test_a_variable_needs_a_name_that_github_takes(ask: Client) -> None:
    answer = ask("POST", f"{REPOSITORY}/actions/variables", {"name": "GITHUB_X", "value": "x"})
    assert answer.status_code == 422


def test_secrets_are_listed_by_name_alone(ask: Client, repository: Repository) -> None:
    repository.secrets.add("GAR_SECRET_KEY")
    listed = ask.json("GET", f"{REPOSITORY}/actions/secrets")["secrets"]
    assert [set(one) for one in listed] == [{"name", "created_at", "updated_at"}]


@pytest.mark.parametrize("kind", ["secrets", "variables"])
@pytest.mark.parametrize(
    ("visibility", "private", "seen"),
    [
        ("all", False, True),
        ("private", False, False),
        ("private", True, True),
        ("selected", False, False),
    ],
)
def test_a_repository_sees_what_its_organisation_shares_with_it(
    ask: Client,
    github: LocalGitHub,
    repository: Repository,
    kind: Any,
    visibility: Any,
    private: bool,
    seen: bool,
) -> None:
    repository.private = private
    github.share(kind, "hubs", "KEY", "value", visibility=visibility)
    listed = ask.json("GET", f"{REPOSITORY}/actions/organization-{kind}")[kind]
    assert [one["name"] for one in listed] == ["KEY"] * seen


@pytest.mark.parametrize("kind", ["secrets", "variables"])
def test_repositories_are_selected_for_what_an_organisation_shares(
    ask: Client, github: LocalGitHub, repository: Repository, kind: Any
) -> None:
    shared = github.share(kind, "hubs", "KEY", visibility="selected")
    path = f"/orgs/hubs/actions/{kind}"
    ask.json("PUT", f"{path}/KEY/repositories/{repository.id}", status=204)
    assert shared.repositories == {repository.id}
    assert [one["full_name"] for one in ask.json("GET", f"{path}/KEY/repositories")["repositories"]] == [NAME]
    assert ask.json("GET", f"{path}/KEY")["visibility"] == "selected"
    assert ask.json("GET", path)["total_count"] == 1
    ask.json("DELETE", f"{path}/KEY/repositories/{repository.id}", status=204)
    ask.json("PUT", f"{path}/KEY/repositories", {"selected_repository_ids": [repository.id]}, 204)
    assert shared.repositories == {repository.id}
    assert ask("GET", f"{path}/OTHER").status_code == 404


def test_what_all_see_is_not_selected(ask: Client, github: LocalGitHub, repository: Repository) -> None:
    github.share("secrets", "hubs", "KEY")
    answer = ask("PUT", f"/orgs/hubs/actions/secrets/KEY/repositories/{repository.id}")
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", f"{REPOSITORY}/actions/variables", "variables"),
        ("GET", f"{REPOSITORY}/actions/secrets", "secrets"),
        ("GET", f"{REPOSITORY}/actions/organization-secrets", "secrets"),
        ("GET", f"{REPOSITORY}/actions/permissions", "administration"),
        ("GET", f"{REPOSITORY}/actions/permissions/workflow", "administration"),
        ("GET", f"{REPOSITORY}/branches/main/protection", "administration"),
        ("GET", "/orgs/hubs/actions/secrets", "organization_secrets"),
        ("GET", "/orgs/hubs/actions/variables", "organization_actions_variables"),
        ("PUT", f"{REPOSITORY}/actions/workflows/build.yaml/disable", "actions"),
    ],
)
def test_what_is_confidential_needs_the_permission(
    github: LocalGitHub, repository: Repository, method: str, path: str, permission: str
) -> None:
    repository.protected.add("main")
    level = "read" if method == "GET" else "write"
    without = Client(github, github.create_token(permissions={"contents": "write"}))
    allowed = Client(github, github.create_token(permissions={permission: level}))
    assert without(method, path).status_code == 403
    assert allowed(method, path).ok


# ---- settings


def test_settings_are_changed(ask: Client, repository: Repository) -> None:
    repository.commit({"a": "b"}, branch="next")
    change = {
        "description": "Data 100",
        "default_branch": "next",
        "delete_branch_on_merge": True,
        "allow_merge_commit": False,
        "has_wiki": True,
        "is_template": True,
        "private": True,
    }
    answered = ask.json("PATCH", REPOSITORY, change)
    assert {name: answered[name] for name in change} == change
    assert ask.json("GET", REPOSITORY)["default_branch"] == "next"


def test_a_default_branch_must_be_there(ask: Client) -> None:
    assert ask("PATCH", REPOSITORY, {"default_branch": "other"}).status_code == 422


def test_an_archived_repository_can_only_be_unarchived(ask: Client, repository: Repository) -> None:
    ask.json("PATCH", REPOSITORY, {"archived": True})
    assert ask("PATCH", REPOSITORY, {"description": "x"}).status_code == 403
    ask.json("PATCH", REPOSITORY, {"archived": False})
    assert not repository.archived


PROTECTION = {
    "required_status_checks": {"strict": True, "contexts": ["build"]},
    "enforce_admins": True,
    "required_pull_request_reviews": {"required_approving_review_count": 2},
    "restrictions": None,
    "allow_deletions": True,
}


def test_a_branch_is_protected(ask: Client, repository: Repository) -> None:
    path = f"{REPOSITORY}/branches/main/protection"
    assert ask.json("GET", path, status=404)["message"] == "Branch not protected"
    ask.json("PUT", path, PROTECTION)
    found = ask.json("GET", path)
    assert found["required_status_checks"]["contexts"] == ["build"]
    assert found["required_pull_request_reviews"]["required_approving_review_count"] == 2
    assert (found["enforce_admins"]["enabled"], found["allow_deletions"]["enabled"]) == (True, True)
    assert ask.json("GET", f"{REPOSITORY}/branches/main")["protected"]
    assert repository.protected == {"main"}
    ask.json("DELETE", path, status=204)
    assert not ask.json("GET", f"{REPOSITORY}/branches/main")["protected"]


def test_without_reviews_a_protected_branch_takes_pushes(ask: Client, repository: Repository) -> None:
    body = {**PROTECTION, "required_pull_request_reviews": None}
    ask.json("PUT", f"{REPOSITORY}/branches/main/protection", body)
    assert repository.protected == set()


def test_actions_are_switched_off(ask: Client) -> None:
    path = f"{REPOSITORY}/actions/permissions"
    ask.json("PUT", path, {"enabled": False, "allowed_actions": "selected"}, 204)
    found = ask.json("GET", path)
    assert (found["enabled"], found["allowed_actions"]) == (False, "selected")


def test_the_permissions_of_workflows_are_set(ask: Client) -> None:
    path = f"{REPOSITORY}/actions/permissions/workflow"
    ask.json("PUT", path, {"can_approve_pull_request_reviews": True}, 204)
    assert ask.json("GET", path) == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": True,
    }


def test_a_template_becomes_a_repository_with_one_commit(
    ask: Client, github: LocalGitHub, repository: Repository
) -> None:
    repository.is_template = True
    repository.commit({"more": "x"})
    body = {"owner": "hubs", "name": "new", "description": "New", "private": True}
    made = ask.json("POST", f"{REPOSITORY}/generate", body, 201)
    assert (made["private"], made["template_repository"]["full_name"]) == (True, NAME)
    new = github.repositories["hubs/new"]
    assert len(new.log()) == 1
    assert new.paths("main") == repository.paths("main")
    assert ask("POST", f"{REPOSITORY}/generate", body).status_code == 422


def test_what_is_no_template_becomes_nothing(ask: Client) -> None:
    assert ask("POST", f"{REPOSITORY}/generate", {"name": "new"}).status_code == 404


def test_an_organisation_gets_a_repository(ask: Client, github: LocalGitHub) -> None:
    ask.json("POST", "/orgs/hubs/repos", {"name": "new", "auto_init": True}, 201)
    assert github.repositories["hubs/new"].paths("main") == ["README.md"]


# ---- files and tags


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_file_is_made_changed_and_deleted(ask: Client, repository: Repository) -> None:
    path = f"{REPOSITORY}/contents/folder/file.txt"
    made = ask.json("PUT", path, {"message": "make", "content": encoded("one")}, 201)
    assert repository.read("main", "folder/file.txt") == b"one"
    sha = made["content"]["sha"]
    changed = ask.json("PUT", path, {"message": "change", "content": encoded("two"), "sha": sha})
    stale = ask("PUT", path, {"message": "again", "content": encoded("three"), "sha": sha})
    assert stale.status_code == 409
    assert ask("PUT", path, {"message": "again", "content": encoded("three")}).status_code == 422
    ask.json("DELETE", path, {"message": "delete", "sha": changed["content"]["sha"]})
    assert "folder/file.txt" not in repository.paths("main")
    assert [commit.title for commit in repository.log()][:3] == ["delete", "change", "make"]


def test_a_file_that_is_changed_keeps_its_mode(ask: Client, repository: Repository) -> None:
    sha = ask.json("GET", f"{REPOSITORY}/contents/start")["sha"]
    ask.json("PUT", f"{REPOSITORY}/contents/start", {"message": "m", "content": encoded("x"), "sha": sha})
    assert {one.path: one.mode for one in repository.tree("main")}["start"] == "100755"


def test_a_protected_branch_takes_no_file(ask: Client, repository: Repository) -> None:
    repository.protected.add("main")
    answer = ask("PUT", f"{REPOSITORY}/contents/x", {"message": "m", "content": encoded("x")})
    assert answer.status_code == 409


@pytest.mark.parametrize(("kind", "status"), [("installation", 403), ("personal", 404)])
def test_a_workflow_is_changed_only_with_the_permission(
    github: LocalGitHub, repository: Repository, kind: str, status: int
) -> None:
    client = Client(github, github.create_token(kind=kind, permissions={"contents": "write"}))
    body = {"message": "m", "content": encoded("on: push\n")}
    assert client("PUT", f"{REPOSITORY}/contents/.github/workflows/x.yaml", body).status_code == status
    assert client("PUT", f"{REPOSITORY}/contents/x.yaml", body).status_code == 201
    assert ".github/workflows/x.yaml" not in repository.paths("main")
    allowed = github.create_token(kind=kind, permissions={"contents": "write", "workflows": "write"})
    path = f"{REPOSITORY}/contents/.github/workflows/x.yaml"
    assert Client(github, allowed)("PUT", path, body).status_code == 201


def test_a_branch_with_other_workflows_needs_the_permission(
    github: LocalGitHub, repository: Repository
) -> None:
    sha = repository.commit({".github/workflows/x.yaml": "on: push\n"}, branch="next")
    repository.update_ref("refs/keep/x", sha)
    repository.delete_branch("next")
    client = Client(github, github.create_token(permissions={"contents": "write"}))
    path = f"{REPOSITORY}/git/refs"
    assert client("POST", path, {"ref": "refs/heads/next", "sha": sha}).status_code == 403


def test_a_tag_is_made_in_two_steps(ask: Client, repository: Repository) -> None:
    commit = repository.branches()["main"]
    body = {"tag": "v1", "message": "One", "object": commit, "type": "commit"}
    tag = ask.json("POST", f"{REPOSITORY}/git/tags", body, 201)
    assert (tag["object"]["sha"], tag["tagger"]["name"]) == (commit, "alice")
    assert ask.json("GET", f"{REPOSITORY}/git/tags/{tag['sha']}")["message"].strip() == "One"
    ask.json("POST", f"{REPOSITORY}/git/refs", {"ref": "refs/tags/v1", "sha": tag["sha"]}, 201)
    assert ask.json("GET", f"{REPOSITORY}/git/ref/tags/v1")["object"]["type"] == "tag"
    assert [one["ref"] for one in ask.json("GET", f"{REPOSITORY}/git/matching-refs/tags/v")] == [
        "refs/tags/v1"
    ]
    (listed,) = ask.json("GET", f"{REPOSITORY}/tags")
    assert (listed["name"], listed["commit"]["sha"]) == ("v1", commit)


def test_a_release_makes_its_tag(ask: Client, repository: Repository) -> None:
    path = f"{REPOSITORY}/releases"
    made = ask.json("POST", path, {"tag_name": "v1.0.0", "name": "One", "body": "text"}, 201)
    assert repository.refs("refs/tags/") == {"refs/tags/v1.0.0": repository.branches()["main"]}
    assert ask.json("GET", f"{path}/latest")["tag_name"] == "v1.0.0"
    assert ask.json("GET", f"{path}/tags/v1.0.0")["id"] == made["id"]
    assert ask.json("PATCH", f"{path}/{made['id']}", {"body": "other"})["body"] == "other"
    assert ask("POST", path, {"tag_name": "v1.0.0"}).status_code == 422
    ask.json("DELETE", f"{path}/{made['id']}", status=204)
    assert ask("GET", f"{path}/{made['id']}").status_code == 404


def test_a_draft_is_no_release_before_it_is_published(ask: Client, repository: Repository) -> None:
    path = f"{REPOSITORY}/releases"
    draft = ask.json("POST", path, {"tag_name": "v2", "draft": True}, 201)
    assert ask("GET", f"{path}/latest").status_code == 404
    assert [one["draft"] for one in ask.json("GET", path)] == [True]
    assert repository.refs("refs/tags/") == {}
    ask.json("PATCH", f"{path}/{draft['id']}", {"draft": False})
    assert ask.json("GET", f"{path}/latest")["tag_name"] == "v2"


# ---- actions


def test_workflows_are_those_of_the_default_branch(ask: Client) -> None:
    listed = ask.json("GET", f"{REPOSITORY}/actions/workflows")["workflows"]
    names = {one["path"].rpartition("/")[2]: one["name"] for one in listed}
    assert names == {"build.yaml": "Build", "lint.yaml": ".github/workflows/lint.yaml"}
    assert ask.json("GET", f"{REPOSITORY}/actions/workflows/{listed[0]['id']}") == listed[0]


def test_a_workflow_is_dispatched_and_its_run_is_there(ask: Client, repository: Repository) -> None:
    path = f"{REPOSITORY}/actions/workflows/build.yaml"
    ask.json("POST", f"{path}/dispatches", {"ref": "main", "inputs": {"tag": "1"}}, 204)
    (dispatch,) = repository.dispatches
    assert (dispatch.workflow, dispatch.inputs) == (
        ".github/workflows/build.yaml",
        {"tag": "1", "dry-run": "true"},
    )
    (run,) = ask.json("GET", f"{path}/runs?event=workflow_dispatch")["workflow_runs"]
    assert (run["status"], run["conclusion"], run["name"]) == ("queued", None, "Build")
    body = {"ref": "main", "inputs": {"tag": "2"}, "return_run_details": True}
    made = ask.json("POST", f"{path}/dispatches", body)
    assert ask.json("GET", f"{REPOSITORY}/actions/runs/{made['workflow_run_id']}")["run_number"] == 2


@pytest.mark.parametrize(
    ("workflow", "body", "reason"),
    [
        ("build", {"ref": "other"}, "No ref found for: other"),
        ("build", {"ref": "main", "inputs": {"x": "1"}}, 'Unexpected inputs provided: ["x"]'),
        ("build", {"ref": "main"}, "Required input 'tag' not provided"),
        ("lint", {"ref": "main"}, "Workflow does not have 'workflow_dispatch' trigger"),
    ],
)
def test_a_dispatch_that_github_refuses_is_refused(
    ask: Client, workflow: str, body: Any, reason: str
) -> None:
    answer = ask("POST", f"{REPOSITORY}/actions/workflows/{workflow}.yaml/dispatches", body)
    assert (answer.status_code, answer.json()["message"]) == (422, reason)


def test_a_workflow_that_is_switched_off_is_not_dispatched(ask: Client) -> None:
    path = f"{REPOSITORY}/actions/workflows/build.yaml"
    ask.json("PUT", f"{path}/disable", status=204)
    assert ask.json("GET", path)["state"] == "disabled_manually"
    assert ask("POST", f"{path}/dispatches", {"ref": "main", "inputs": {"tag": "1"}}).status_code == 422
    ask.json("PUT", f"{path}/enable", status=204)
    assert ask.json("GET", path)["state"] == "active"


def test_an_event_is_dispatched(ask: Client, repository: Repository) -> None:
    body = {"event_type": "base-image", "client_payload": {"tag": "1"}}
    ask.json("POST", f"{REPOSITORY}/dispatches", body, 204)
    assert [(one.event, one.inputs) for one in repository.dispatches] == [("base-image", {"tag": "1"})]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["push", "pull_request"]),
        ("?event=push", ["push"]),
        ("?branch=next", ["pull_request"]),
        ("?head_sha={sha}", ["push"]),
        ("?status=failure", ["pull_request"]),
        ("?status=completed", ["push", "pull_request"]),
        ("?status=queued", []),
    ],
)
def test_runs_are_filtered(ask: Client, repository: Repository, query: str, found: list[str]) -> None:
    repository.commit({"a": "b"}, branch="next")
    repository.add_run(".github/workflows/build.yaml", "pull_request", "next", conclusion="failure")
    repository.add_run(".github/workflows/gone.yaml")
    path = f"{REPOSITORY}/actions/runs{query.format(sha=repository.branches()['main'])}"
    assert [run["event"] for run in ask.json("GET", path)["workflow_runs"]] == found


def test_what_a_run_left_is_led_to_and_given_to_whoever_has_the_link(
    ask: Client, github: LocalGitHub, repository: Repository
) -> None:
    run = repository.add_run(".github/workflows/build.yaml")
    older, newer = (repository.add_artifact(run, "report", content) for content in (b"PK1", b"PK22"))
    repository.add_artifact(repository.add_run(".github/workflows/build.yaml"), "report", b"another run's")
    listed = ask.json("GET", f"{REPOSITORY}/actions/runs/{run.id}/artifacts?name=report")["artifacts"]
    assert [(one["id"], one["size_in_bytes"]) for one in listed] == [(newer.id, 4), (older.id, 3)]
    assert ask.json("GET", f"{REPOSITORY}/actions/runs/{run.id}/artifacts?name=other")["artifacts"] == []
    answer = ask("GET", f"{REPOSITORY}/actions/artifacts/{older.id}/zip", allow_redirects=False)
    assert answer.status_code == 302
    link = answer.headers["Location"]
    assert not link.startswith(github.server_url)
    assert requests.get(link, timeout=10).content == b"PK1"
    assert requests.get(f"{link}0", timeout=10).status_code == 403
    older.expired = True
    assert ask("GET", f"{REPOSITORY}/actions/artifacts/{older.id}/zip").status_code == 410


def test_what_a_run_left_is_given_to_nobody_who_may_not_read_actions(
    github: LocalGitHub, repository: Repository
) -> None:
    run = repository.add_run(".github/workflows/build.yaml")
    artifact = repository.add_artifact(run, "report", b"PK")
    url = f"{github.api_url}{REPOSITORY}/actions/artifacts/{artifact.id}/zip"
    token = github.create_token(permissions={"contents": "read"}, repositories=[repository.full_name])
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        assert requests.get(url, headers=headers, timeout=10).status_code == 403


def test_the_end_of_a_run_is_an_event_as_github_describes_it(
    github: LocalGitHub, repository: Repository
) -> None:
    run = repository.add_run(".github/workflows/build.yaml")
    known = next(one for one in workflows(repository) if one.path == run.workflow)
    payload = run_objects.completed_event(github.objects, repository, run, known)
    assert github.description.event_problems("workflow-run-completed", payload) == []


def test_checks_of_a_commit_are_listed(ask: Client, repository: Repository) -> None:
    sha = repository.branches()["main"]
    repository.add_check(sha, "build", "in_progress")
    repository.add_check(sha, "lint", conclusion="failure")
    listed = ask.json("GET", f"{REPOSITORY}/commits/main/check-runs")["check_runs"]
    assert [(one["name"], one["conclusion"]) for one in listed] == [("build", None), ("lint", "failure")]
    only = ask.json("GET", f"{REPOSITORY}/commits/{sha}/check-runs?check_name=lint")
    assert only["total_count"] == 1


@pytest.mark.parametrize(
    ("states", "combined"),
    [
        ((), "pending"),
        (("success",), "success"),
        (("success", "pending"), "pending"),
        (("pending", "error", "success"), "failure"),
    ],
)
def test_statuses_come_to_one(
    ask: Client, repository: Repository, states: tuple[str, ...], combined: str
) -> None:
    sha = repository.branches()["main"]
    for number, state in enumerate(states):
        repository.add_status(sha, f"ci/{number}", state)
    assert ask.json("GET", f"{REPOSITORY}/commits/main/status")["state"] == combined


def test_of_a_context_the_newest_status_counts(ask: Client, repository: Repository) -> None:
    path = f"{REPOSITORY}/statuses/{repository.branches()['main']}"
    ask.json("POST", path, {"state": "failure", "context": "ci"}, 201)
    ask.json("POST", path, {"state": "success", "context": "ci"}, 201)
    found = ask.json("GET", f"{REPOSITORY}/commits/main/status")
    assert (found["state"], found["total_count"]) == ("success", 1)


# ---- issues


def test_an_issue_is_opened_changed_and_closed(ask: Client, repository: Repository) -> None:
    made = ask.json("POST", f"{REPOSITORY}/issues", {"title": "Broken", "labels": ["fleet"]}, 201)
    path = f"{REPOSITORY}/issues/{made['number']}"
    assert [label["name"] for label in made["labels"]] == ["fleet"]
    changed = ask.json("PATCH", path, {"body": "text", "state": "closed", "labels": []})
    assert (changed["body"], changed["state"], changed["labels"]) == ("text", "closed", [])
    assert (changed["title"], changed["state_reason"]) == ("Broken", "completed")
    assert ask.json("PATCH", path, {"state": "open"})["state_reason"] == "reopened"
    assert repository.issues[0].state == "open"


def test_issues_and_pull_requests_share_numbers_and_the_list(ask: Client, repository: Repository) -> None:
    repository.add_issue("Issue", labels=["fleet"])
    repository.commit({"a": "b"}, branch="next")
    ask.json("POST", f"{REPOSITORY}/pulls", {"title": "Pull", "head": "next", "base": "main"}, 201)
    listed = ask.json("GET", f"{REPOSITORY}/issues?direction=asc")
    assert [(one["number"], "pull_request" in one) for one in listed] == [(1, False), (2, True)]
    assert [one["title"] for one in ask.json("GET", f"{REPOSITORY}/issues?labels=fleet")] == ["Issue"]
    assert ask.json("GET", f"{REPOSITORY}/issues/2")["title"] == "Pull"
    assert ask.json("PATCH", f"{REPOSITORY}/issues/2", {"state": "closed"})["state"] == "closed"
    assert ask.json("GET", f"{REPOSITORY}/pulls/2")["state"] == "closed"


@pytest.mark.parametrize(
    ("query", "found"),
    [("", ["open"]), ("?state=closed", ["closed"]), ("?state=all", ["closed", "open"]), ("?creator=bob", [])],
)
def test_issues_are_filtered(ask: Client, repository: Repository, query: str, found: list[str]) -> None:
    repository.add_issue("open")
    repository.add_issue("closed").close()
    assert [one["title"] for one in ask.json("GET", f"{REPOSITORY}/issues{query}")] == found


def test_an_issue_is_commented_and_labelled(ask: Client, repository: Repository) -> None:
    path = f"{REPOSITORY}/issues/{repository.add_issue('Issue').number}"
    comment = ask.json("POST", f"{path}/comments", {"body": "hello"}, 201)
    assert "/issues/1#issuecomment-" in comment["html_url"]
    assert [one["body"] for one in ask.json("GET", f"{path}/comments")] == ["hello"]
    ask.json("POST", f"{path}/labels", {"labels": ["a", "b"]})
    assert [one["name"] for one in ask.json("DELETE", f"{path}/labels/a")] == ["b"]
    assert ask("DELETE", f"{path}/labels/a").status_code == 404


def test_where_issues_are_off_none_is_opened(ask: Client) -> None:
    ask.json("PATCH", REPOSITORY, {"has_issues": False})
    assert ask("POST", f"{REPOSITORY}/issues", {"title": "Broken"}).status_code == 410


def test_a_label_is_made_once(ask: Client, repository: Repository) -> None:
    body = {"name": "Fleet", "color": "0E8A16", "description": "from the fleet"}
    assert ask.json("POST", f"{REPOSITORY}/labels", body, 201)["color"] == "0e8a16"
    assert ask("POST", f"{REPOSITORY}/labels", {"name": "fleet"}).status_code == 422
    assert ask("POST", f"{REPOSITORY}/labels", {"name": "x", "color": "red"}).status_code == 422
    assert list(repository.labels) == ["fleet"]
