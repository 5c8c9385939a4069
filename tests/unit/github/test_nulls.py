"""Every null that GitHub's description allows, in each answer and event that is read."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from hub_image_actions.exchange import Headers, Response
from hub_image_actions.fleet.status.distances import Distances
from hub_image_actions.fleet.upgrade.builds import Builds
from hub_image_actions.fleet.upgrade.result import Listed, Result
from hub_image_actions.fleet.upgrade.tracking import LABEL, Tracking, marker_of
from hub_image_actions.github.changes import image_changes
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.issues import Issues
from hub_image_actions.github.kept_comment import KeptComment
from hub_image_actions.github.proposal import Proposal, propose
from hub_image_actions.github.pull_request_event import is_from_fork, pull_request_number
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.settings import settings_of
from hub_image_actions.github.snapshot import repositories_of, snapshot
from hub_image_actions.github.values import PullRequest
from hub_image_actions.http import Http
from local_github import LocalGitHub
from local_github import Repository as LocalRepository
from local_github.openapi import Description, load

NAME = "hubs/data100-user-image"
MARKER = "<!-- hub-image-actions test -->"
ACTIONS = "o/actions"
BUILDS = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {ACTIONS}/build@v1\n"
OPTIONS = ("allOf", "anyOf", "oneOf")
Json = Any
Place = tuple[str | int, ...]


def nullable_places(known: Description, schema: Json, value: Json, place: Place = ()) -> Iterator[Place]:
    """Yields where a value could be null after a schema of OpenAPI 3.0, and is not."""
    while "$ref" in schema:
        schema = known.schemas[schema["$ref"].rpartition("/")[2]]
    if value is not None and schema.get("nullable") and place:
        yield place
    inner = [(option, value, place) for part in OPTIONS for option in schema.get(part, [])]
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        inner += [(properties[name], value[name], (*place, name)) for name in properties if name in value]
    if isinstance(value, list):
        inner += [(schema.get("items", {}), item, (*place, index)) for index, item in enumerate(value)]
    for option, part, where in inner:
        yield from nullable_places(known, option, part, where)


def with_null(value: Json, place: Place) -> Json:
    """Returns a copy of a value that is null at one place."""
    changed = copy.deepcopy(value)
    *way, last = place
    inner = changed
    for step in way:
        inner = inner[step]
    inner[last] = None
    return changed


@dataclass
class Nulls(Http):
    """Notes which fields of answers may be null, and makes one of them so."""

    description: Description
    chosen: tuple[str, Place] | None = None
    places: dict[tuple[str, Place], None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def request(self, method: str, url: str, **given: Any) -> Response:
        response = super().request(method, url, **given)
        template = self.description.template_for(urlsplit(url).path.removeprefix("/api/v3"))
        operation = self.description.operation(method, template) if template else None
        answer = (operation or {}).get("responses", {}).get(str(response.status), {})
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is None or response.status >= 400:
            return response
        value, name = json.loads(response.body), f"{method} {template}"
        for place in nullable_places(self.description, schema, value):
            self.places[name, place] = None
        if self.chosen and self.chosen[0] == name and self.chosen in self.places:
            value = with_null(value, self.chosen[1])
        return Response(response.status, Headers(response.headers), json.dumps(value).encode(), response.url)


def upgrade_of(github: GitHub) -> None:
    listed = github.get(f"/repos/{NAME}/pulls", state="all", per_page=100)
    for item in listed:
        Builds(github, ACTIONS).judged(
            Result(NAME, "current", ""), snapshot(github, NAME), Listed.from_json(item)
        )


def proposed(github: GitHub) -> None:
    proposal = Proposal("ours", "Change b", "text", MARKER, {"b": b"3"}, labels=("one", "two"))
    propose(github, snapshot(github, NAME), proposal, apply=True)


def compared(github: GitHub) -> None:
    repository = Repository(github, NAME)
    old = list(repository.default_branch_commits())[-1]
    repository.compare(old, "main")
    image_changes(repository, (old[:12],), "main")
    Distances(github, {}, {})._compared(snapshot(github, NAME), old)  # type: ignore[arg-type]


READ: dict[str, Callable[[GitHub], object]] = {
    "a repository": lambda github: (Repository(github, NAME).described(), snapshot(github, NAME)),
    "an owner's repositories": lambda github: repositories_of(github, "hubs", "hub-image"),
    "pull requests": lambda github: (
        Repository(github, NAME).open_pull_requests(),
        Repository(github, NAME).pull_request(1),
        Repository(github, NAME).change_pull_request(1, {"title": "c"}),
    ),
    "a comment": lambda github: KeptComment(Issues(github, NAME), 1, MARKER, "").keep("text"),
    "a comparison": compared,
    "settings": lambda github: settings_of(github, NAME, "main", github.get(f"/repos/{NAME}")),
    "builds after an upgrade": upgrade_of,
    "a proposal": proposed,
    "the tracking issue": lambda github: Tracking(github, NAME, "v1.0.0").url,
}


@pytest.fixture(scope="module")
def description() -> Description:
    return load()


@pytest.fixture
def repository(server: LocalGitHub) -> LocalRepository:
    files: dict[str, str | tuple[str, bytes]] = {"a": "1\n", ".github/workflows/push.yaml": BUILDS}
    made = server.create_repository(NAME, files, topics=["hub-image"])
    made.commit({"a": b"2"}, "Merge pull request #7 from x/y")
    made.commit({"b": b"2"}, "Add b", "feature")
    made.add_run("push.yaml")
    made.description = "Data 100"
    return made


@pytest.mark.parametrize("read", READ.values(), ids=READ)
def test_a_null_that_github_describes_is_read(
    server: LocalGitHub,
    repository: LocalRepository,
    description: Description,
    read: Callable[[GitHub], object],
) -> None:
    http = Nulls(description)
    with http:
        github = GitHub(http, server.api_url, server.server_url, server.create_token("alice", "personal"))
        ours = Repository(github, NAME)
        ours.open_pull_request({"title": "b", "head": "feature", "base": "main", "body": MARKER})
        Issues(github, NAME).comment(1, f"text\n\n{MARKER}")
        repository.add_issue("Upgrade", marker_of("v1.0.0"), labels=[LABEL])
        http.places.clear()
        read(github)
        places = list(http.places)
        failed = {}
        for place in places:
            http.chosen = place
            try:
                read(github)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is told
                failed[place] = repr(error)
        assert failed == {}
        assert places


def test_a_null_is_put_where_it_is_chosen(description: Description) -> None:
    places = set(
        nullable_places(description, {"$ref": "#/x/pull-request"}, {"body": "a", "head": {"repo": {}}})
    )
    assert ("body",) in places
    assert with_null({"a": [{"b": 1}]}, ("a", 0, "b")) == {"a": [{"b": None}]}


def read_pull_request_event(event: Json) -> None:
    is_from_fork(event, NAME)
    pull_request_number(event)
    if event.get("pull_request"):
        PullRequest.from_json(event["pull_request"])


@pytest.mark.parametrize("name", ["pull-request-opened", "workflow-run-completed"])
def test_a_null_in_an_event_is_read(description: Description, name: str) -> None:
    repo = {"full_name": "a/b", "owner": {"login": "a"}}
    head = {"ref": "b", "sha": "c" * 40, "repo": repo, "user": {"login": "a"}, "label": "a:b"}
    pull = {
        "number": 1, "html_url": "https://x/1", "title": "t", "body": "b", "state": "open", "head": head,
        "base": head, "user": {"login": "a", "type": "User"}, "merged_by": {"login": "a"}, "merged_at": "x",
    }  # fmt: skip
    run = {
        "head_repository": repo,
        "head_branch": "b",
        "pull_requests": [{"number": 1}],
        "conclusion": "success",
    }
    event = {"pull_request": pull, "workflow_run": run, "number": 1, "repository": repo}
    webhook = description.document["x-webhooks"][name]["post"]
    schema = webhook["requestBody"]["content"]["application/json"]["schema"]
    places = list(nullable_places(description, schema, event))
    assert places
    for place in places:
        read_pull_request_event(with_null(event, place))
