"""What the local GitHub promises to the tests and the demo that talk to it."""

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local_github import LocalGitHub, Repository, openapi, rest

NAME = "hubs/deployments"
REPOSITORY = "/repos/{owner}/{repo}"
PULLS = f"{REPOSITORY}/pulls"
FILES = {
    "deployments/data100/hubploy.yaml": b"images:\n  image_name: registry/data100:aaaa\n",
    "README.md": b"# Hubs\n",
}


class Client:
    """A client of the REST API with one token."""

    def __init__(self, github: LocalGitHub, token: str | None) -> None:
        self.url = github.api_url
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}{path}", timeout=10, **options)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[LocalGitHub]:
    with LocalGitHub(tmp_path / "github") as running:
        yield running


@pytest.fixture
def repository(github: LocalGitHub) -> Repository:
    made = github.create_repository(NAME, FILES, default_branch="staging", protected=["staging"])
    made.commit(
        {"deployments/data100/hubploy.yaml": b"images:\n  image_name: registry/data100:bbbb\n"}, "bump", "new"
    )
    return made


@pytest.fixture
def token(github: LocalGitHub) -> str:
    return github.create_token(
        permissions={"contents": "write", "pull_requests": "write"}, repositories=[NAME]
    )


@pytest.fixture
def ask(github: LocalGitHub, repository: Repository, token: str) -> Iterator[Client]:
    client = Client(github, token)
    yield client
    client.session.close()


def open_pull(ask: Client, head: str = "new", **more: Any) -> requests.Response:
    return ask(
        "POST", f"/repos/{NAME}/pulls", json={"title": "Bump", "head": head, "base": "staging", **more}
    )


def run_git(folder: Path, *arguments: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    settings = {"user.name": "A", "user.email": "a@example.org"}
    if token:
        login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings["http.extraHeader"] = f"Authorization: Basic {login}"
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    for index, (name, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{index}": name, f"GIT_CONFIG_VALUE_{index}": value}
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def clone(github: LocalGitHub, repository: Repository, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    done = run_git(tmp_path, "clone", "--quiet", f"{github.server_url}/{NAME}", str(folder))
    assert done.returncode == 0, done.stderr
    (folder / "README.md").write_text("# Changed\n")
    run_git(folder, "commit", "--quiet", "--all", "--message", "change")
    return folder


# ---- git over HTTP


def test_anybody_may_clone_a_public_repository(clone: Path, github: LocalGitHub) -> None:
    assert (clone / "deployments/data100/hubploy.yaml").read_bytes() == FILES[
        "deployments/data100/hubploy.yaml"
    ]
    assert github.counts() == {"GET info/refs": 1, "POST git-upload-pack": 2}


def test_a_shallow_clone_without_blobs_is_served(
    github: LocalGitHub, repository: Repository, tmp_path: Path
) -> None:
    repository.commit_all([(f"change {number}", {"a": f"{number}"}) for number in range(300)])
    options = ("--depth=1", "--filter=blob:none", "--sparse", "--no-checkout")
    assert run_git(tmp_path, "clone", *options, f"{github.server_url}/{NAME}.git", "c").returncode == 0
    assert sum(call.bytes_out for call in github.calls) < 5000


def test_a_push_with_a_token_moves_the_branch(clone: Path, repository: Repository, token: str) -> None:
    done = run_git(clone, "push", "origin", "HEAD:refs/heads/mine", token=token)
    assert done.returncode == 0, done.stderr
    assert repository.read("mine", "README.md") == b"# Changed\n"


def test_a_push_larger_than_the_post_buffer_arrives(clone: Path, repository: Repository, token: str) -> None:
    content = os.urandom(3_000_000)
    (clone / "big").write_bytes(content)
    run_git(clone, "add", "big")
    run_git(clone, "commit", "--quiet", "--message", "big")
    assert run_git(clone, "push", "origin", "HEAD:refs/heads/big", token=token).returncode == 0
    assert repository.read("big", "big") == content


def test_a_push_without_a_token_is_asked_for_one(clone: Path, github: LocalGitHub) -> None:
    done = run_git(clone, "push", "origin", "HEAD:refs/heads/mine")
    assert "could not read Username" in done.stderr
    assert github.calls[-1].status == 401


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"permissions": {"contents": "read"}}, "Permission to hubs/deployments.git denied to hub-bot[bot]."),
        ({"repositories": ["hubs/other"]}, "Write access to repository not granted."),
    ],
)
def test_a_push_that_the_token_does_not_allow_is_403(
    clone: Path, github: LocalGitHub, change: dict[str, Any], said: str
) -> None:
    done = run_git(clone, "push", "origin", "HEAD:refs/heads/mine", token=github.create_token(**change))
    assert f"remote: {said}" in done.stderr
    assert "error: 403" in done.stderr


def test_a_push_to_an_archived_repository_is_403(clone: Path, repository: Repository, token: str) -> None:
    repository.archived = True
    assert "archived so it is read-only" in run_git(clone, "push", "origin", "HEAD:x", token=token).stderr


def test_a_push_to_a_protected_branch_is_refused_in_githubs_words(
    clone: Path, repository: Repository, token: str
) -> None:
    before = repository.branches()
    done = run_git(clone, "push", "origin", "HEAD:refs/heads/staging", token=token)
    assert "remote: error: GH006: Protected branch update failed for refs/heads/staging." in done.stderr
    assert "! [remote rejected]" in done.stderr
    assert repository.branches() == before


def test_a_private_repository_does_not_exist_for_a_token_without_it(
    github: LocalGitHub, repository: Repository
) -> None:
    repository.private = True
    stranger = github.create_token(repositories=["hubs/other"])
    url = f"{github.server_url}/{NAME}.git"
    assert "not found" in run_git(repository.git_dir, "ls-remote", url, token=stranger).stderr
    assert Client(github, stranger)("GET", f"/repos/{NAME}").status_code == 404
    assert "could not read Username" in run_git(repository.git_dir, "ls-remote", url).stderr


def test_an_unknown_token_is_401(github: LocalGitHub, repository: Repository) -> None:
    answer = Client(github, "ghs_unknown")("GET", f"/repos/{NAME}")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")
    url = f"{github.server_url}/{NAME}.git"
    assert run_git(repository.git_dir, "ls-remote", url, token="ghs_unknown").returncode
    assert github.calls[-1].status == 401


# ---- the REST API keeps to GitHub's description


READS = [
    "",
    "/branches",
    "/branches/staging",
    "/git/ref/heads/new",
    "/git/matching-refs/heads/",
    "/git/commits/{sha}",
    "/git/trees/staging?recursive=1",
    "/commits",
    "/commits?sha=new&path=README.md",
    "/commits/new",
    "/commits/{sha}/pulls",
    "/compare/staging...new",
    "/contents/README.md?ref=new",
    "/contents/deployments",
    "/pulls?state=all&head=hubs:new&base=staging&sort=updated&direction=asc",
    "/pulls/1",
    "/pulls/1/commits",
    "/pulls/1/files",
    "/issues/1/comments",
    "/issues/1/labels",
    "/labels",
]


@pytest.mark.parametrize("path", READS)
def test_an_answer_is_as_github_describes_it(
    ask: Client, github: LocalGitHub, repository: Repository, path: str
) -> None:
    open_pull(ask, body="text")
    ask("POST", f"/repos/{NAME}/issues/1/comments", json={"body": "hello"})
    ask("POST", f"/repos/{NAME}/issues/1/labels", json={"labels": ["bump"]})
    sha = repository.branches()["new"]
    assert ask("GET", f"/repos/{NAME}{path.format(sha=sha)}").status_code == 200
    assert github.problems == []


@pytest.mark.parametrize("entry", rest.ENDPOINTS, ids=lambda entry: f"{entry.method} {entry.template.text}")
def test_every_endpoint_is_one_of_githubs(entry: rest.Endpoint) -> None:
    assert openapi.load().operation(entry.method, entry.template.text)


def test_every_answer_carries_the_rate_limit_and_a_request_id(ask: Client) -> None:
    headers = ask("GET", f"/repos/{NAME}").headers
    assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-used"} <= set(
        headers
    )
    assert headers["x-github-request-id"]


def test_a_token_that_has_used_its_calls_up_is_refused(tmp_path: Path) -> None:
    with LocalGitHub(tmp_path / "github", rate_limit=2) as github:
        github.create_repository(NAME, FILES)
        ask = Client(github, github.create_token())
        assert [ask("GET", f"/repos/{NAME}").status_code for _ in range(3)] == [200, 200, 403]
        assert ask("GET", f"/repos/{NAME}").headers["x-ratelimit-remaining"] == "0"


def test_an_unknown_path_is_a_problem(ask: Client, github: LocalGitHub) -> None:
    assert ask("GET", f"/repos/{NAME}/pullrequests").status_code == 404
    assert [str(one) for one in github.problems] == [
        f"GET /repos/{NAME}/pullrequests: no such path in GitHub's API"
    ]


def test_a_path_that_only_github_has_is_a_problem(ask: Client, github: LocalGitHub) -> None:
    ask("GET", f"/repos/{NAME}/stargazers")
    assert github.problems[0].reason == f"the local GitHub does not have GET {REPOSITORY}/stargazers"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"title": "t", "base": "staging"}, "head"),
        ({"title": "t", "head": "new", "base": 3}, "base"),
        ({"title": "t", "head": "new", "base": "staging", "drafts": True}, "unknown field 'drafts'"),
    ],
)
def test_a_bad_body_is_a_problem(ask: Client, github: LocalGitHub, body: dict[str, Any], reason: str) -> None:
    ask("POST", f"/repos/{NAME}/pulls", json=body)
    assert reason in github.problems[0].reason


def test_a_body_that_breaks_the_description_is_refused(ask: Client) -> None:
    assert ask("POST", f"/repos/{NAME}/pulls", json={"title": "t"}).status_code == 422


def test_a_body_that_is_not_json_is_refused_and_a_problem(ask: Client, github: LocalGitHub) -> None:
    assert ask("POST", f"/repos/{NAME}/pulls", data=b"{").status_code == 400
    assert github.problems[0].reason == "the body is not JSON"


@pytest.mark.parametrize("query", ["stat=open", "state=merged", "per_page=many"])
def test_a_bad_query_is_a_problem(ask: Client, github: LocalGitHub, query: str) -> None:
    ask("GET", f"/repos/{NAME}/pulls?{query}")
    assert "query parameter" in github.problems[0].reason


def test_a_bad_answer_is_a_problem(ask: Client, github: LocalGitHub, repository: Repository) -> None:
    repository.default_branch = None  # type: ignore[assignment]  # the wrong type is what the test is about
    ask("GET", f"/repos/{NAME}")
    assert "answer['default_branch']" in github.problems[0].reason


# ---- pull requests


def test_a_pull_request_goes_from_open_to_merged(
    ask: Client, repository: Repository, github: LocalGitHub
) -> None:
    made = open_pull(ask).json()
    assert (made["state"], made["mergeable"], made["user"]["login"]) == ("open", None, "hub-bot[bot]")
    assert ask("GET", f"/repos/{NAME}/pulls/1").json()["mergeable"] is True
    merged = ask("PUT", f"/repos/{NAME}/pulls/1/merge", json={}).json()
    assert merged["merged"] is True
    assert repository.log()[0].title == "Merge pull request #1 from hubs/new"
    assert repository.log()[0].sha == merged["sha"]
    assert b":bbbb" in repository.read("staging", "deployments/data100/hubploy.yaml")
    assert ask("GET", f"/repos/{NAME}/commits/{merged['sha']}/pulls").json()[0]["number"] == 1
    assert github.problems == []


def test_a_second_pull_request_for_a_branch_is_refused(ask: Client) -> None:
    open_pull(ask)
    again = open_pull(ask)
    assert again.status_code == 422
    assert again.json()["errors"][0]["message"] == "A pull request already exists for hubs:new."


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"head": "gone"}, {"field": "head", "code": "invalid"}),
        ({"base": "gone"}, {"field": "base", "code": "invalid"}),
        ({"head": "staging"}, {"code": "custom", "message": "No commits between staging and staging"}),
        (
            {"body": "x" * 65537},
            {"field": "body", "message": "body is too long (maximum is 65536 characters)"},
        ),
        (
            {"title": "x" * 257},
            {"field": "title", "message": "title is too long (maximum is 256 characters)"},
        ),
    ],
)
def test_a_pull_request_that_cannot_be_is_refused(
    ask: Client, change: dict[str, str], error: dict[str, str]
) -> None:
    body = {"title": "t", "head": "new", "base": "staging", **change}
    answer = ask("POST", f"/repos/{NAME}/pulls", json=body)
    assert answer.status_code == 422
    assert error.items() <= answer.json()["errors"][0].items()


def test_a_missing_permission_is_told_before_anything_is_checked(
    github: LocalGitHub, repository: Repository
) -> None:
    ask = Client(github, github.create_token(permissions={"contents": "write"}))
    answer = open_pull(ask, head="gone")
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")
    assert answer.headers["x-accepted-github-permissions"] == "pull_requests=write"


def test_an_archived_repository_takes_no_pull_request(ask: Client, repository: Repository) -> None:
    repository.archived = True
    assert "archived" in open_pull(ask).json()["message"]


def test_a_pull_request_follows_its_head_and_closes_when_that_is_deleted(
    ask: Client, clone: Path, repository: Repository, token: str
) -> None:
    run_git(clone, "push", "origin", "HEAD:refs/heads/mine", token=token)
    open_pull(ask, "mine")
    (clone / "README.md").write_text("# Again\n")
    run_git(clone, "commit", "--quiet", "--all", "--message", "again")
    run_git(clone, "push", "origin", "HEAD:refs/heads/mine", token=token)
    assert [commit.title for commit in repository.pulls[0].commits()] == ["change", "again"]
    run_git(clone, "push", "origin", ":refs/heads/mine", token=token)
    assert (repository.pulls[0].state, repository.pulls[0].merged) == ("closed", False)


def test_a_pull_request_is_merged_when_its_head_is_pushed_to_the_base(
    ask: Client, repository: Repository
) -> None:
    open_pull(ask)
    repository.update_ref("refs/heads/staging", repository.branches()["new"])
    assert repository.pulls[0].merged


def test_a_pull_request_from_a_fork_names_its_owner(
    ask: Client, github: LocalGitHub, repository: Repository
) -> None:
    fork = github.fork(repository, "alice")
    fork.commit({"README.md": "# Fork\n"}, "from a fork", "idea")
    made = open_pull(ask, "alice:idea").json()
    assert (made["head"]["label"], made["head"]["repo"]["fork"]) == ("alice:idea", True)
    fork.commit({"README.md": "# Fork 2\n"}, "more", "idea")
    assert len(ask("GET", f"/repos/{NAME}/pulls/1/commits").json()) == 2
    assert github.problems == []


def test_lists_come_in_pages(ask: Client, repository: Repository) -> None:
    for number in range(5):
        repository.commit({"n": str(number)}, "n", f"branch-{number}")
        open_pull(ask, f"branch-{number}")
    first = ask("GET", f"/repos/{NAME}/pulls?per_page=2")
    assert [pull["number"] for pull in first.json()] == [5, 4]
    third = ask.session.get(first.links["last"]["url"], timeout=10)
    assert [pull["number"] for pull in third.json()] == [1]
    assert set(third.links) == {"prev", "first"}


def test_a_head_filter_without_owner_is_ignored_as_on_github(ask: Client) -> None:
    open_pull(ask)
    lists = [
        ask("GET", f"/repos/{NAME}/pulls?head={head}").json() for head in ("other", "hubs:other", "hubs:new")
    ]
    assert [len(found) for found in lists] == [1, 0, 1]


def test_a_pull_request_is_changed_closed_and_opened_again(ask: Client) -> None:
    open_pull(ask)
    changed = ask(
        "PATCH", f"/repos/{NAME}/pulls/1", json={"title": "T", "body": "B", "state": "closed"}
    ).json()
    assert (changed["title"], changed["body"], changed["state"]) == ("T", "B", "closed")
    assert ask("PATCH", f"/repos/{NAME}/pulls/1", json={"state": "open"}).json()["closed_at"] is None


def test_a_comment_is_written_changed_and_deleted(ask: Client, repository: Repository) -> None:
    open_pull(ask)
    made = ask("POST", f"/repos/{NAME}/issues/1/comments", json={"body": "one"}).json()
    path = f"/repos/{NAME}/issues/comments/{made['id']}"
    ask("PATCH", path, json={"body": "two"})
    assert ask("GET", path).json()["body"] == "two"
    assert ask("DELETE", path).status_code == 204
    assert repository.comments == []


def test_a_comment_that_is_too_long_is_refused(ask: Client) -> None:
    open_pull(ask)
    answer = ask("POST", f"/repos/{NAME}/issues/1/comments", json={"body": "x" * 65537})
    assert "too long" in answer.json()["errors"][0]["message"]


def test_an_unknown_reviewer_is_refused(ask: Client, github: LocalGitHub, repository: Repository) -> None:
    github.create_user("alice")
    open_pull(ask)
    path = f"/repos/{NAME}/pulls/1/requested_reviewers"
    assert ask("POST", path, json={"reviewers": ["alice", "nobody"]}).status_code == 422
    assert ask("POST", path, json={"reviewers": ["alice"]}).status_code == 201
    assert [user.login for user in repository.pulls[0].reviewers] == ["alice"]


def test_a_commit_is_made_through_the_api_alone(
    ask: Client, repository: Repository, github: LocalGitHub
) -> None:
    def post(what: str, body: dict[str, Any]) -> Any:
        return ask("POST", f"/repos/{NAME}/git/{what}", json=body).json()

    base = repository.branches()["staging"]
    blob = post("blobs", {"content": "aGk=", "encoding": "base64"})["sha"]
    entry = {"path": "deep/er/hi.txt", "mode": "100644", "type": "blob", "sha": blob}
    tree = post("trees", {"base_tree": base, "tree": [entry]})["sha"]
    commit = post("commits", {"message": "hi", "tree": tree, "parents": [base]})["sha"]
    post("refs", {"ref": "refs/heads/api", "sha": commit})
    assert repository.read("api", "deep/er/hi.txt") == b"hi"
    assert repository.paths("api") == sorted(["deep/er/hi.txt", *FILES], key=str.encode)
    assert ask("GET", f"/repos/{NAME}/git/blobs/{blob}").json()["size"] == 2
    assert github.problems == []


def test_a_ref_moves_only_forward_unless_forced(ask: Client, repository: Repository) -> None:
    path = f"/repos/{NAME}/git/refs/heads/new"
    back = {"sha": repository.branches()["staging"]}
    assert ask("PATCH", path, json=back).json()["message"] == "Update is not a fast forward"
    assert ask("PATCH", path, json={**back, "force": True}).status_code == 200
    assert ask("DELETE", path).status_code == 204
    assert ask("DELETE", path).json()["message"] == "Reference does not exist"


def test_a_comparison_counts_both_ways(ask: Client, repository: Repository) -> None:
    repository.commit({"other": "x"})
    found = ask("GET", f"/repos/{NAME}/compare/staging...new").json()
    assert (found["status"], found["ahead_by"], found["behind_by"]) == ("diverged", 1, 1)
    assert [file["filename"] for file in found["files"]] == ["deployments/data100/hubploy.yaml"]
    assert "+  image_name: registry/data100:bbbb" in found["files"][0]["patch"]


def test_renamed_binary_and_odd_file_names_are_compared(repository: Repository) -> None:
    content = "".join(f"{number}\n" for number in range(50))
    start = repository.commit({"old name": content, "b": b"\0\1", 'é "q".txt': "a\n", "gone": "x\n"})
    end = repository.commit(
        {"old name": None, "new": content + "x\n", "b": b"\0\2", 'é "q".txt': "b\n", "gone": None}
    )
    found = {
        change.path: (change.status, change.additions, change.previous)
        for change in repository.diff(start, end)
    }
    assert found == {
        "b": ("modified", 0, None),
        "gone": ("removed", 0, None),
        "new": ("renamed", 1, "old name"),
        'é "q".txt': ("modified", 1, None),
    }


@pytest.mark.parametrize(
    ("login", "kind", "status"), [("hub-bot[bot]", "installation", 403), ("alice", "personal", 200)]
)
def test_only_a_person_is_a_user(github: LocalGitHub, login: str, kind: str, status: int) -> None:
    ask = Client(github, github.create_token(login, kind))
    assert ask("GET", "/user").status_code == status
    assert github.problems == []


def test_a_read_only_token_of_a_person_shows_no_right_to_push(
    github: LocalGitHub, repository: Repository
) -> None:
    tokens = [github.create_token("alice", "personal", {"contents": level}) for level in ("read", "write")]
    found = [Client(github, token)("GET", f"/repos/{NAME}").json()["permissions"]["push"] for token in tokens]
    assert found == [False, True]


# ---- faults, counts and callbacks


@pytest.mark.parametrize(
    ("kind", "status", "header"),
    [
        ("500", 500, None),
        ("502", 502, None),
        ("503", 503, None),
        ("429", 429, ("Retry-After", "1")),
        ("secondary-rate-limit", 403, ("Retry-After", "1")),
        ("rate-limit", 403, ("x-ratelimit-remaining", "0")),
    ],
)
def test_a_fault_answers_once_and_leaves_the_state_alone(
    ask: Client,
    github: LocalGitHub,
    repository: Repository,
    kind: str,
    status: int,
    header: tuple[str, str] | None,
) -> None:
    github.faults.add(kind, "POST", PULLS)
    failed = open_pull(ask)
    assert failed.status_code == status
    assert header is None or failed.headers[header[0]] == header[1]
    assert repository.pulls == []
    assert open_pull(ask).status_code == 201


def test_a_502_comes_with_a_page_and_not_with_json(ask: Client, github: LocalGitHub) -> None:
    github.faults.add("502")
    assert ask("GET", f"/repos/{NAME}").headers["Content-Type"] == "text/html"


def test_a_status_of_ones_own_can_be_given(ask: Client, github: LocalGitHub) -> None:
    github.faults.add("status", status=451, message="not here", headers={"X-Why": "law"})
    answer = ask("GET", f"/repos/{NAME}")
    assert (answer.status_code, answer.json()["message"], answer.headers["X-Why"]) == (451, "not here", "law")


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_breaks_the_connection_before_or_after_the_change(
    ask: Client, github: LocalGitHub, repository: Repository, after: bool
) -> None:
    github.faults.add("reset", "POST", PULLS, after=after)
    with pytest.raises(requests.ConnectionError, match="reset"):
        open_pull(ask)
    assert len(repository.pulls) == after


def test_a_truncated_answer_ends_early(ask: Client, github: LocalGitHub, repository: Repository) -> None:
    github.faults.add("truncate", "POST", PULLS)
    with pytest.raises(
        (requests.exceptions.ChunkedEncodingError, requests.ConnectionError), match="IncompleteRead"
    ):
        open_pull(ask)
    assert len(repository.pulls) == 1


def test_a_silence_closes_without_an_answer(ask: Client, github: LocalGitHub) -> None:
    github.faults.add("silence", seconds=0.2)
    begun = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        ask("GET", f"/repos/{NAME}")
    assert time.monotonic() - begun >= 0.2


def test_a_server_that_stops_ends_a_silence(tmp_path: Path) -> None:
    with LocalGitHub(tmp_path / "github") as github:
        github.faults.add("silence", seconds=60)
        with pytest.raises(requests.Timeout):
            Client(github, None).session.get(f"{github.api_url}/user", timeout=0.2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 30


def test_a_fault_waits_for_its_call(ask: Client, github: LocalGitHub) -> None:
    fault = github.faults.add("500", "GET", REPOSITORY, call=2, times=2)
    assert [ask("GET", f"/repos/{NAME}").status_code for _ in range(4)] == [200, 500, 500, 200]
    assert (fault.seen, fault.fired) == (4, 2)


def test_an_unknown_kind_of_fault_is_an_error(github: LocalGitHub) -> None:
    with pytest.raises(ValueError, match="unknown kind of fault: 504"):
        github.faults.add("504")


def test_the_next_push_can_be_refused(
    clone: Path, github: LocalGitHub, repository: Repository, token: str
) -> None:
    github.faults.add("refuse-push", path="git-receive-pack", message="try again later")
    first, second = (run_git(clone, "push", "origin", "HEAD:refs/heads/mine", token=token) for _ in range(2))
    assert "remote: try again later" in first.stderr
    assert (first.returncode, second.returncode) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [
        ("500", "info/refs", "error: 500"),
        ("503", "git-upload-pack", "HTTP 503"),
        ("reset", "info/refs?service=git-upload-pack", "reset"),
        ("truncate", "git-upload-pack", "fatal"),
    ],
)
def test_a_fault_can_strike_git(
    github: LocalGitHub, repository: Repository, tmp_path: Path, kind: str, path: str, said: str
) -> None:
    github.faults.add(kind, path=path, times=9)
    done = run_git(tmp_path, "clone", f"{github.server_url}/{NAME}", "c")
    assert done.returncode
    assert said in done.stderr


def test_a_push_can_be_done_without_the_client_learning_of_it(
    clone: Path, github: LocalGitHub, repository: Repository, token: str
) -> None:
    github.faults.add("reset", path="git-receive-pack", after=True)
    assert run_git(clone, "push", "origin", "HEAD:refs/heads/mine", token=token).returncode
    assert "mine" in repository.branches()


def test_a_client_that_dies_in_the_middle_of_a_push_changes_nothing(
    ask: Client, github: LocalGitHub, repository: Repository, token: str
) -> None:
    before = repository.branches()
    login = base64.b64encode(f"x:{token}".encode()).decode()
    head = f"POST /{NAME}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\n"
    head += "Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 5000\r\n\r\n00a5"
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", github.port), timeout=10) as connection:
            connection.sendall(head.encode())
    assert ask("GET", f"/repos/{NAME}").status_code == 200
    assert repository.branches() == before
    assert github.problems == []


def test_a_callback_runs_before_the_call_is_handled(
    ask: Client, github: LocalGitHub, repository: Repository
) -> None:
    seen: list[str] = []
    github.on_call(lambda call: seen.append(f"{call.name} {len(repository.pulls)}"))
    open_pull(ask)
    assert seen == [f"POST {PULLS} 0"]


def test_calls_are_kept_without_the_token(ask: Client, github: LocalGitHub, token: str) -> None:
    ask("GET", f"/repos/{NAME}?unknown=1")
    call = github.calls[0]
    assert (call.path, call.status, call.scheme, call.login) == (
        f"/repos/{NAME}",
        200,
        "Bearer",
        "hub-bot[bot]",
    )
    assert token not in str(vars(call))
    assert call.bytes_out > 1000
    assert github.counts() == {f"GET {REPOSITORY}": 1}


# ---- pages


def test_pages_show_a_pull_request_to_a_person(
    ask: Client, github: LocalGitHub, repository: Repository
) -> None:
    table = "| a | b |\n|---|---|\n| 1 | ~~2~~ |"
    body = f"<!-- marker -->\n{table}\n\n<details><summary>More</summary>\n\nit\n</details>"
    open_pull(ask, body=body, title="<b>Bump</b>")
    text = requests.get(f"{github.server_url}/{NAME}/pull/1", timeout=10).text
    for part in (
        "&lt;b&gt;Bump",
        "<td>1</td>",
        "<del>2</del>",
        "<details><summary>More",
        "+  image_name: registry/data100:bbbb",
    ):
        assert part in text
    assert "marker" not in text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<a href=' javascript:alert(1)'>x</a>",
        "<svg onload=alert(1)>",
        "![x](https://elsewhere.example/x.png)",
    ],
)
def test_a_hostile_body_does_nothing_on_a_page(ask: Client, github: LocalGitHub, hostile: str) -> None:
    open_pull(ask, body=hostile)
    text = requests.get(f"{github.server_url}/{NAME}/pull/1", timeout=10).text
    assert not any(
        part in text
        for part in ("<script", "<img", "<svg", 'href="javascript', 'href=" javascript', "onerror=")
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", NAME),
        (f"/{NAME}", "deployments/data100/hubploy.yaml"),
        (f"/{NAME}/pulls", "None."),
        (f"/{NAME}/compare/staging...new", "registry/data100:bbbb"),
        (f"/{NAME}/blob/new/README.md", "# Hubs"),
    ],
)
def test_each_page_shows_its_subject(
    github: LocalGitHub, repository: Repository, path: str, shown: str
) -> None:
    answer = requests.get(github.server_url + path, timeout=10)
    assert answer.status_code == 200
    assert shown in answer.text


def test_a_page_that_is_not_there_is_404(github: LocalGitHub, repository: Repository) -> None:
    assert requests.get(f"{github.server_url}/{NAME}/pull/7", timeout=10).status_code == 404


def test_it_runs_as_a_process_until_it_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local_github", "--folder", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            url = server.stdout.readline().strip()
            assert requests.get(url, timeout=10).status_code == 200
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 0
