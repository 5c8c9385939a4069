"""The routing table of the REST API and what every endpoint has in common."""

import json
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from . import objects
from .issues import Issue
from .objects import Objects
from .openapi import Template
from .pulls import Pull
from .repository import Repository
from .tokens import Kind, Token

if TYPE_CHECKING:
    from .server import LocalGitHub

Json = Any
Permission = tuple[str, str]
T = TypeVar("T")
PER_PAGE = 30
MOST_PER_PAGE = 100
# What nobody is shown without the permission, not even of a public repository.
CONFIDENTIAL = {"administration", "secrets", "variables"}
NO_REF = re.compile(r"/repos/[^/]+/[^/]+/(tarball|zipball)")


class Refused(Exception):
    """A request that GitHub answers with an error."""

    def __init__(self, status: int, message: str, *errors: dict[str, Json]) -> None:
        """Keep the status, the message and the details."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers: dict[str, str] = {}


def invalid(resource: str, code: str, field: str | None = None, message: str | None = None) -> Refused:
    """Return the refusal of a request whose fields GitHub does not accept."""
    detail = {"resource": resource, "code": code, "field": field, "message": message}
    return Refused(
        422, "Validation Failed", {name: value for name, value in detail.items() if value is not None}
    )


@dataclass(frozen=True)
class Answer:
    """What an endpoint answers."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A request as an endpoint gets it: authenticated, checked, with the objects that its path names."""

    github: "LocalGitHub"
    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    token: Token | None
    body: Json = None

    @property
    def objects(self) -> Objects:
        """Return the builder of JSON objects."""
        return self.github.objects

    @property
    def repository(self) -> Repository:
        """Return the repository of the path; one that the token may not see does not exist."""
        owner, name = self.parameters["owner"], self.parameters["repo"]
        asked = f"{owner}/{name.removesuffix('.git')}"
        found = self.github.find(asked)
        moved = self.github.former_names.get(asked.lower())
        if found is None and moved and self.github.visible(moved, self.token):
            raise self._moved(asked, moved)
        if found is None or not self.github.visible(found, self.token):
            raise Refused(404, "Not Found")
        return found

    def _moved(self, asked: str, there: Repository) -> Refused:
        """Return the redirect to the name that a repository has now.

        Source: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
        """
        refused = Refused(301 if self.method == "GET" else 307, "Moved Permanently")
        place = self.path.replace(f"/repos/{asked}", f"/repos/{there.full_name}", 1)
        query = f"?{urllib.parse.urlencode(self.query)}" if self.query else ""
        refused.headers["Location"] = f"{self.objects.api_url}{place}{query}"
        return refused

    @property
    def caller(self) -> Token:
        """Return the token of a request that needs one."""
        if self.token is None:
            raise Refused(401, "Requires authentication")
        return self.token

    def pull(self, name: str = "pull_number") -> Pull:
        """Return the pull request that the path names."""
        number = self.parameters[name]
        found = next((pull for pull in self.repository.pulls if str(pull.number) == number), None)
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def issue(self, name: str = "issue_number") -> "Issue | Pull":
        """Return the issue that the path names; every pull request is one as well."""
        number = self.parameters[name]
        found = next((one for one in self.repository.issues if str(one.number) == number), None)
        return found or self.pull(name)

    def page(self, items: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
        """Return one page of a list and the Link header that leads to the others."""
        size = min(int(self.query.get("per_page", PER_PAGE)) or PER_PAGE, MOST_PER_PAGE)
        number = max(int(self.query.get("page", 1)), 1)
        last = max(-(-len(items) // size), 1)
        targets = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        wanted = [
            ("prev", number > 1),
            ("next", number < last),
            ("last", number < last),
            ("first", number > 1),
        ]
        links = [f'<{self._page_url(targets[name])}>; rel="{name}"' for name, there in wanted if there]
        return items[(number - 1) * size : number * size], {"Link": ", ".join(links)} if links else {}

    def _page_url(self, number: int) -> str:
        query = urllib.parse.urlencode({**self.query, "page": number})
        return f"{self.objects.api_url}{self.path}?{query}"


Handler = Callable[[Request], Answer]


@dataclass(frozen=True)
class Endpoint:
    """One row of the routing table; any one of the permissions is enough."""

    method: str
    template: Template
    permissions: tuple[Permission, ...]
    handler: Handler

    @property
    def writes(self) -> bool:
        """Say whether it changes something."""
        return self.method != "GET"

    def allow(self, request: Request) -> None:
        """Check the token's permissions and the repository's state.

        Raises:
            Refused: As GitHub refuses.
        """
        if not self.permissions:
            return
        repository = request.repository
        confidential = any(name in CONFIDENTIAL for name, _ in self.permissions)
        if self.writes or repository.private or confidential:
            token = request.caller
            if not any(token.may(repository.full_name, name, level) for name, level in self.permissions):
                raise Refused(403, token.refusal)
        if self.writes and repository.archived and not self._unarchives(request):
            raise Refused(403, "Repository was archived so is read-only.")

    def _unarchives(self, request: Request) -> bool:
        body = request.body if isinstance(request.body, dict) else {}
        return self.template.text == "/repos/{owner}/{repo}" and body.get("archived") is False

    @property
    def accepted_permissions(self) -> str:
        """Return the header by which GitHub names the permissions that would do."""
        return "; ".join(f"{name}={level}" for name, level in self.permissions) or "metadata=read"


ENDPOINTS: list[Endpoint] = []


def endpoint(method: str, template: str, *permissions: Permission) -> Callable[[Handler], Handler]:
    """Enter a function into the routing table."""

    def enter(handler: Handler) -> Handler:
        ENDPOINTS.append(Endpoint(method, Template(template), permissions, handler))
        ENDPOINTS.sort(key=lambda entry: -entry.template.literals)
        return handler

    return enter


def route(method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
    """Return the endpoint for a request and the parameters in its path, or None."""
    # Its description demands a ref, its documentation does not: without one it is the default branch's.
    path = f"{path}/HEAD" if NO_REF.fullmatch(path) else path
    for entry in ENDPOINTS:
        found = entry.template.match(path) if entry.method == method else None
        if found is not None:
            return entry, {name: urllib.parse.unquote(value) for name, value in found.items()}
    return None


def parse_body(content: bytes) -> Json:
    """Return the JSON of a request's body, None where there is none.

    Raises:
        Refused: It is not JSON.
    """
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        raise Refused(400, "Problems parsing JSON") from None


def refusal(refused: Refused) -> Answer:
    """Return the answer for a refused request."""
    return Answer(refused.status, objects.error(refused.message, refused.status, refused.errors))


def scope_headers(token: Token | None, entry: Endpoint) -> dict[str, str]:
    """Return the headers by which GitHub says what a token may do and what would be needed."""
    if token is None:
        return {}
    if token.kind is Kind.INSTALLATION:
        return {"x-accepted-github-permissions": entry.accepted_permissions}
    return {"x-oauth-scopes": "repo" if token.permissions.get("contents") == "write" else "public_repo"}
