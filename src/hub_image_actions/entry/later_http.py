"""Requests by a client that is loaded with the first of them: not every command sends any."""

from collections.abc import Mapping
from contextlib import ExitStack
from threading import Lock
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub_image_actions.exchange import Response
    from hub_image_actions.http import HttpClient

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class LaterHttp:
    """What sends requests as `Http` does, which it opens for the first one, and closes at the end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened = ExitStack()
        self._client: HttpClient | None = None

    def __enter__(self) -> "LaterHttp":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        retry: bool = True,
        idempotent: bool | None = None,
    ) -> "Response":
        """Send a request and return the answer; see `HttpClient.request`."""
        # Several threads may ask at once.
        with self._lock:
            if self._client is None:
                from hub_image_actions.entry.command import open_http

                self._client = self._opened.enter_context(open_http())
        return self._client.request(
            method, url, headers=headers, body=body, retry=retry, idempotent=idempotent
        )
