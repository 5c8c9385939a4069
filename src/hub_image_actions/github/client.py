"""GitHub's REST API: one client, which knows the server, the token, pages and errors.

Source: https://docs.github.com/en/rest.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from hub_image_actions.addresses import InvalidAddress, parse_address
from hub_image_actions.errors import GitHubError
from hub_image_actions.exchange import NoAnswer, Response
from hub_image_actions.github.values import Json, as_described
from hub_image_actions.http import HttpClient
from hub_image_actions.untrusted_json import InvalidJson, parse_json

T = TypeVar("T")
PAGE = 100
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_STORE_ANOTHER = "The token is wrong or expired: store a new one."
_NO_REPOSITORY = "Check the name, and that the token covers the repository."
_PUSH_REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: _STORE_ANOTHER,
    HTTPStatus.FORBIDDEN: "The token may not push: give it `Contents: read and write` on the repository.",
    HTTPStatus.NOT_FOUND: _NO_REPOSITORY,
}


class GitHub:
    """One GitHub server and one token.

    Args:
        http: what sends the requests.
        api_url: the address of the API, such as ``https://api.github.com``.
        server_url: the address of the server itself, which also speaks git.
        token: who asks; empty for what the public may read.
    """

    def __init__(self, http: HttpClient, api_url: str, server_url: str, token: str) -> None:
        self._http = http
        self._api_url = api_url.rstrip("/")
        self.server_url = server_url.rstrip("/")
        self._token = token

    @property
    def token(self) -> str:
        """The token, for git, which asks the same server."""
        return self._token

    # https://docs.github.com/en/rest/users/users#get-the-authenticated-user
    @as_described()
    def login(self) -> str:
        """Return the login of the token's user; empty for an app's token, which has none."""
        try:
            return str(self.get("/user")["login"])
        except GitHubError as error:
            if error.is_forbidden:
                return ""
            raise

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401  # JSON
        """Return what the API has at a path.

        Raises:
            GitHubError: GitHub answered with an error, or not at all.
        """
        return self._ask("GET", self._url(path, query))[0]

    def download(self, path: str) -> bytes:
        """Return the bytes that the API has at a path or, as for archives, leads to on another host.

        Raises:
            GitHubError: GitHub answered with an error, or not at all.
        """
        url = self._url(path, {})
        response = self._exchange("GET", url, self._headers())
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise _error("GET", url, response)
        return response.body

    def pages(self, path: str, **query: str | int) -> Iterator[Json]:
        """Yield the items of a list, page after page."""
        url = self._url(path, {**query, "per_page": PAGE})
        while url:
            items, response = self._ask("GET", url)
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise GitHubError(f"GET {url}", HTTPStatus.OK, "the answer is no list", "Check `api-url`.")
            yield from items
            following = _NEXT.search(response.headers.get("link", ""))
            if following and not self._is_ours(following[1]):
                # The token goes where it was meant for, and nowhere else.
                raise GitHubError(
                    f"GET {url}", HTTPStatus.OK, "the next page is elsewhere", "Check `api-url`."
                )
            url = following[1] if following else ""

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        idempotent: bool | None = None,
    ) -> Any:  # noqa: ANN401  # JSON
        """Create, change or delete what is at a path, and return the answer.

        Args:
            method: the method.
            path: the path below the API's address.
            body: what is to be sent as JSON.
            idempotent: whether doing it twice is the same as once, where the method does not tell.

        Raises:
            GitHubError: GitHub answered with an error, or not at all; `uncertain` where it may have obeyed.
        """
        return self._ask(method, self._url(path, {}), body, idempotent=idempotent)[0]

    # https://git-scm.com/docs/http-protocol#_smart_clients
    def check_push(self, full_name: str) -> None:
        """Raise if the token may not push to a repository.

        What the API says of permissions is empty for apps; git's own door knows.

        Raises:
            GitHubError: it may not, or there is no such repository.
        """
        url = f"{self.server_url}/{full_name}.git/info/refs?service=git-receive-pack"
        basic = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
        response = self._exchange("GET", url, {"Authorization": f"Basic {basic}"})
        if response.status >= HTTPStatus.BAD_REQUEST:
            message = response.body.decode(errors="replace").strip() or "it refuses pushes"
            remedy = _PUSH_REMEDIES.get(response.status, "Run again later.")
            raise GitHubError(f"GET {url}", response.status, message, remedy)

    def _is_ours(self, url: str) -> bool:
        """Say whether an address that an answer gave is one below the API's."""
        try:
            same = parse_address(url).origin == parse_address(self._api_url).origin
        except InvalidAddress:
            return False
        return same and url.startswith(f"{self._api_url}/")

    def _url(self, path: str, query: Mapping[str, str | int]) -> str:
        return f"{self._api_url}{path}?{urlencode(query)}" if query else f"{self._api_url}{path}"

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return {**headers, "Authorization": f"Bearer {self._token}"} if self._token else headers

    def _ask(
        self,
        method: str,
        url: str,
        body: Mapping[str, object] | None = None,
        *,
        idempotent: bool | None = None,
    ) -> tuple[Any, Response]:
        headers = self._headers()
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        response = self._exchange(method, url, headers, content, idempotent=idempotent)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise _error(method, url, response)
        try:
            return (parse_json(response.body) if response.body else None), response
        except InvalidJson:
            raise GitHubError(
                f"{method} {url}",
                response.status,
                "the answer is not JSON",
                "Check `api-url`.",
                uncertain=method == "POST",
            ) from None

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        idempotent: bool | None = None,
    ) -> Response:
        try:
            return self._http.request(method, url, headers=headers, body=content, idempotent=idempotent)
        except NoAnswer as error:
            raise GitHubError(
                f"{method} {url}", 0, error.reason, error.remedy, uncertain=error.uncertain
            ) from error


def _error(method: str, url: str, response: Response) -> GitHubError:
    try:
        said = parse_json(response.body)
        errors = said.get("errors") or []
        details = [str(detail.get("message", "")) for detail in errors if isinstance(detail, dict)]
        message = ": ".join(filter(None, (str(said.get("message", "")), "; ".join(filter(None, details)))))
    except (InvalidJson, AttributeError, TypeError):
        message = "the answer is not JSON"
    uncertain = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR and method == "POST"
    return GitHubError(
        f"{method} {url}", response.status, message, _remedy(response, message), uncertain=uncertain
    )


def _remedy(response: Response, message: str) -> str:
    said = message.lower()
    if "rate limit" in said:
        return "Wait until the limit is lifted, then run again."
    if "archived" in said:
        return "Unarchive the repository, or name another."
    needed = response.headers.get("x-accepted-github-permissions", "")
    remedies: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: _STORE_ANOTHER,
        HTTPStatus.FORBIDDEN: f"The token may not do this: it needs {needed or 'more permissions'}.",
        HTTPStatus.NOT_FOUND: _NO_REPOSITORY,
    }
    return remedies.get(
        response.status, "Run again later." if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    )
