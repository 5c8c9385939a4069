"""The way of a REST request: token, rate limit, description, permission, endpoint, description again."""

import contextlib
import dataclasses
import urllib.parse
from typing import TYPE_CHECKING

from . import (
    content_endpoints,
    git_endpoints,
    git_http,
    issue_endpoints,
    owner_endpoints,
    pull_endpoints,
    release_endpoints,
    repository_endpoints,
    rest,
    rule_endpoints,
    run_endpoints,
    settings_endpoints,
    shared_endpoints,
)
from .calls import Call, Problem
from .tokens import Token

if TYPE_CHECKING:
    from .server import LocalGitHub

# Their import enters their functions into the routing table.
TABLES = (
    content_endpoints,
    git_endpoints,
    issue_endpoints,
    owner_endpoints,
    pull_endpoints,
    release_endpoints,
    repository_endpoints,
    rule_endpoints,
    run_endpoints,
    settings_endpoints,
    shared_endpoints,
)


class Api:
    """Answers requests to the REST API and checks both against GitHub's description."""

    def __init__(self, github: "LocalGitHub") -> None:
        """Answer for a server and its state."""
        self._github = github

    def answer(self, call: Call, authorization: str | None, content: bytes) -> rest.Answer:
        """Return the answer to a request."""
        token: Token | None = None
        found = rest.route(call.method, call.path)
        try:
            token = self._authenticated(call, authorization)
            if call.path != "/rate_limit":
                self._github.limits.spend(token)
                self._github.secondary.spend(token, call.method)
            answer = self._ask(call, token, content, *found) if found else self._unknown(call)
        except rest.Refused as refused:
            answer = dataclasses.replace(rest.refusal(refused), headers=refused.headers)
        self._check(call, answer)
        scopes = rest.scope_headers(token, found[0]) if found else {}
        headers = {**self._github.limits.headers(token), **scopes, **answer.headers}
        return rest.Answer(answer.status, answer.body, headers)

    def _authenticated(self, call: Call, authorization: str | None) -> Token | None:
        if not call.headers.get("user-agent"):
            self._problem(call, "no User-Agent header")
            raise rest.Refused(403, "Request forbidden by administrative rules.")
        if not authorization:
            return None
        token = self._token(authorization)
        if token is None:
            raise rest.Refused(401, "Bad credentials")
        call.login = token.user.login
        return token

    def _token(self, authorization: str) -> Token | None:
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "basic":
            with contextlib.suppress(git_http.GitRefused):
                return git_http.token_of(self._github, authorization)
        return self._github.tokens.get(value.strip()) if scheme.lower() in ("bearer", "token") else None

    def _ask(
        self,
        call: Call,
        token: Token | None,
        content: bytes,
        entry: rest.Endpoint,
        parameters: dict[str, str],
    ) -> rest.Answer:
        query = dict(urllib.parse.parse_qsl(call.query, keep_blank_values=True))
        try:
            body = rest.parse_body(content)
        except rest.Refused:
            self._problem(call, "the body is not JSON")
            raise
        wrong = self._github.description.request_problems(call.method, call.template, query, body)
        for problem in wrong:
            self._problem(call, problem)
        github = self._github
        request = rest.Request(github, call.method, call.path, parameters, query, call.headers, token, body)
        # A missing right is told before anything that is wrong with the body.
        entry.allow(request)
        # GitHub ignores what it does not know; only what breaks the schema is refused.
        broken = [problem for problem in wrong if "unknown" not in problem]
        if broken:
            raise rest.Refused(422, f"Invalid request.\n\n{broken[0]}")
        return entry.handler(request)

    def _unknown(self, call: Call) -> rest.Answer:
        description = self._github.description
        template = description.template_for(call.path)
        if template is None:
            reason = "no such path in GitHub's API"
        elif description.operation(call.method, template) is None:
            reason = f"no such operation in GitHub's API: {call.method} {template}"
        else:
            reason = f"the local GitHub does not have {call.method} {template}"
        self._problem(call, reason)
        return rest.refusal(rest.Refused(404, "Not Found"))

    def _check(self, call: Call, answer: rest.Answer) -> None:
        description = self._github.description
        wrong = description.answer_problems(call.method, call.template, answer.status, answer.body)
        for problem in wrong:
            self._problem(call, f"answer: {problem}")

    def _problem(self, call: Call, reason: str) -> None:
        self._github.problems.append(Problem(call.method, call.path, reason))
