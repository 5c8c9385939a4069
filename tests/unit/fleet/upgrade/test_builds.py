"""What the builds say that were begun after an upgrade was merged."""

import json

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.exchange import Response
from hub_image_actions.fleet.upgrade.builds import Builds
from hub_image_actions.fleet.upgrade.result import Listed, Result
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.github.values import Json, PullRequest
from hub_image_actions.http import Http

ACTIONS = "o/actions"
MERGED_AT, LATER, BEFORE = "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z"
PULL = PullRequest(7, "https://x/7", "", "", "bot", True, "b", "o/a", "c" * 40, is_open=False)
NEWEST = Listed(PULL, frozenset(), MERGED_AT, "m" * 40)
FOLDER = ".github/workflows/"


class Runs(Http):
    """Answers with the runs of each workflow, and keeps what it was asked."""

    def __init__(self, *runs: Json, status: int = 200) -> None:
        super().__init__()
        self.runs, self.status = list(runs), status
        self.asked: list[str] = []

    def request(self, method: str, url: str, **_: object) -> Response:
        self.asked.append(url.removeprefix("https://api.example.org"))
        return Response(self.status, body=json.dumps({"workflow_runs": self.runs, "message": "no"}).encode())


def run(conclusion: str | None = "success", **changed: str) -> Json:
    return {
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "head_sha": "a" * 40,
        "created_at": LATER,
        "event": "push",
        "head_branch": "main",
        "html_url": f"https://x/{conclusion}",
        **changed,
    }


def workflow(on: str = "push", uses: str = f"{ACTIONS}/build@v1") -> bytes:
    return f"on: {on}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {uses}\n".encode()


def judged(http: Http, **files: bytes) -> Result:
    github = GitHub(http, "https://api.example.org", "https://example.org", "")
    named = {f"{FOLDER}{name}.yaml": content for name, content in (files or {"push": workflow()}).items()}
    repository = Snapshot("o/a", "main", "c" * 40, private=False, archived=False, files=named)
    return Builds(github, ACTIONS).judged(Result("o/a", "current", ""), repository, NEWEST)


@pytest.mark.parametrize(
    ("conclusions", "state", "status", "page"),
    [
        (["success"], "green", "merged, and built since", ""),
        (["failure", "success"], "green", "merged, and built since", ""),
        (["failure"], "red", "merged, and the build failed", "https://x/failure"),
        (["cancelled", "failure"], "red", "merged, and the build failed", "https://x/failure"),
        (["failure", None], "building", "merged, and the build runs", "https://x/None"),
        ([], "unbuilt", "merged, and not built since: run its workflow by hand", ""),
        (
            ["cancelled"],
            "unbuilt",
            "merged, and not built since: run its workflow by hand",
            "https://x/cancelled",
        ),
    ],
)
def test_a_repository_is_as_far_as_its_builds_since_the_merge(
    conclusions: list[str | None], state: str, status: str, page: str
) -> None:
    http = Runs(*map(run, conclusions))
    result = judged(http)
    assert (result.state, result.status, result.build) == (state, status, page)
    assert http.asked == ["/repos/o/a/actions/workflows/push.yaml/runs?per_page=100"]


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({"created_at": BEFORE}, False),
        ({"created_at": BEFORE, "head_sha": "m" * 40}, True),
        ({"event": "pull_request"}, False),
        ({"event": "workflow_dispatch"}, True),
        ({"head_branch": "other"}, False),
    ],
)
def test_only_runs_on_the_default_branch_since_the_merge_count(
    changed: dict[str, str], *, counts: bool
) -> None:
    assert (judged(Runs(run(**changed))).state == "green") is counts


@pytest.mark.parametrize(("on", "counts"), [("{push: {tags: [v*]}}", True), ("push", False)])
def test_where_tags_are_built_a_tag_stands_in_the_place_of_the_branch(on: str, *, counts: bool) -> None:
    http = Runs(run(head_branch="v1.0"))
    assert (judged(http, push=workflow(on)).state == "green") is counts


@pytest.mark.parametrize(
    "content",
    [
        workflow("pull_request"),
        workflow(uses=f"{ACTIONS}/build-test@v1"),
        workflow(uses="o/other/build@v1"),
        b"uses: o/actions/build\n- [",
    ],
)
def test_where_nothing_of_ours_builds_there_is_no_build_to_wait_for(content: bytes) -> None:
    http = Runs(run("failure"))
    result = judged(http, push=content)
    assert (result.state, http.asked) == ("green", [])
    assert result.status == "merged; nothing of ours builds an image there"


@pytest.mark.parametrize(
    "uses", [f"{ACTIONS}@v1", "O/Actions/build@v1", f"{ACTIONS}/actions/build@{'a' * 40} # v1"]
)
def test_our_build_is_known_by_all_of_its_names(uses: str) -> None:
    assert judged(Runs(run("failure")), push=workflow(uses=uses)).state == "red"


def test_of_several_workflows_the_worst_counts() -> None:
    http = Runs(run("failure"))
    assert judged(http, one=workflow(), two=workflow("[push, pull_request]")).state == "red"
    assert len(http.asked) == 2


def test_a_workflow_that_github_does_not_know_yet_was_not_built() -> None:
    assert judged(Runs(status=404)).state == "unbuilt"


def test_another_failure_of_github_is_an_error() -> None:
    with pytest.raises(GitHubError):
        judged(Runs(status=403))
