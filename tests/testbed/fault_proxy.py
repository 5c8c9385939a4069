"""A proxy in front of a registry that fails on request and records what it saw."""

import http.client
import re
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from testbed.loopback import LoopbackServer, QuietHandler

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"})
BODILESS = frozenset({204, 304})
BLOCK = 1 << 16


@dataclass(frozen=True)
class Answer:
    """The proxy answers itself, and the registry hears nothing.

    Attributes:
        status: the answer's status.
        retry_after: the value of the `Retry-After` header, if any.
        body: the answer's body.
    """

    status: int
    retry_after: str | None = None
    body: bytes = b'{"errors":[{"code":"UNKNOWN","message":"a fault of the test bed"}]}'


@dataclass(frozen=True)
class Silence:
    """The proxy hears the request, says nothing, and hangs up after a while."""

    seconds: float = 30.0


@dataclass(frozen=True)
class Reset:
    """The connection is reset, before or after the registry was given the request."""

    forwarded: bool = False


@dataclass(frozen=True)
class Truncated:
    """The registry's answer is cut off after its headers and the given number of bytes."""

    after: int = 10


Failure = Answer | Silence | Reset | Truncated


@dataclass
class Fault:
    """A failure and the requests that meet it.

    Attributes:
        failure: what happens.
        method: the requests' method, or `*`.
        path: a regular expression that is searched for in path and query.
        times: how many requests meet the failure; those after them pass.
    """

    failure: Failure
    method: str = "*"
    path: str = ""
    times: int = 1

    def matches(self, method: str, path: str) -> bool:
        """Say whether a request meets the failure."""
        return self.times > 0 and self.method in {"*", method} and re.search(self.path, path) is not None


@dataclass(frozen=True)
class SeenRequest:
    """A request that came through the proxy; no status means that none was sent.

    Attributes:
        method: the request's method.
        path: path and query.
        status: the status sent to the client, if any.
        source: who made the answer.
        headers: the request's headers, names in lower case.
    """

    method: str
    path: str
    status: int | None
    source: Literal["registry", "fault"]
    headers: dict[str, str] = field(repr=False)


class _Handler(QuietHandler):
    owner: ClassVar["FaultProxy"]

    def handle_any(self) -> None:
        failure = self.owner.failure_for(self.command, self.path)
        if isinstance(failure, Answer):
            self._drain()
            self._record(failure.status, "fault")
            extra = {"Retry-After": failure.retry_after} if failure.retry_after is not None else {}
            self.answer(failure.status, failure.body, {"Content-Type": "application/json", **extra})
        elif isinstance(failure, Silence):
            self._drain()
            self._record(None, "fault")
            self.owner.closing.wait(failure.seconds)
            self.close_connection = True
        elif isinstance(failure, Reset) and not failure.forwarded:
            self._record(None, "fault")
            self._reset()
        else:
            self._forward(failure)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server wants these

    def _record(self, status: int | None, source: Literal["registry", "fault"]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.owner.requests.append(SeenRequest(self.command, self.path, status, source, headers))

    def _drain(self) -> None:
        for _ in self._body():
            pass

    def _body(self) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left > 0 and (block := self.rfile.read(min(left, BLOCK))):
            left -= len(block)
            yield block

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _forward(self, failure: Failure | None) -> None:
        upstream = http.client.HTTPConnection(self.owner.upstream, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP - {"transfer-encoding"}:
                    upstream.putheader(name, value)
            chunked = "Transfer-Encoding" in self.headers
            upstream.endheaders(self._body(), encode_chunked=chunked)
            response = upstream.getresponse()
            self._send_back(response, failure)
        finally:
            upstream.close()

    def _send_back(self, response: http.client.HTTPResponse, failure: Failure | None) -> None:
        if isinstance(failure, Reset):
            response.read()
            self._record(None, "fault")
            self._reset()
            return
        self._record(response.status, "fault" if failure else "registry")
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        bodiless = self.command == "HEAD" or response.status in BODILESS
        if not bodiless and response.getheader("Content-Length") is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if isinstance(failure, Truncated):
            self.wfile.write(response.read(failure.after))
            self.close_connection = True
            return
        while block := response.read(BLOCK):
            self.wfile.write(block)


class FaultProxy(LoopbackServer):
    """Passes requests on to a registry, except those that meet a fault."""

    handler = _Handler

    def __init__(self, upstream: str, port: int = 0) -> None:
        """Stand in front of a registry.

        Args:
            upstream: the registry's address or host with port.
            port: the proxy's port; a free one by default.
        """
        super().__init__(port)
        self.upstream = urlsplit(upstream).netloc or upstream
        self.requests: list[SeenRequest] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def fail(self, failure: Failure, *, method: str = "*", path: str = "", times: int = 1) -> None:
        """Let the next matching requests fail; faults are met in the order in which they were given."""
        with self._lock:
            self._faults.append(Fault(failure, method, path, times))

    def heal(self) -> None:
        """Forget the faults that are left."""
        with self._lock:
            self._faults.clear()

    def failure_for(self, method: str, path: str) -> Failure | None:
        """Return the failure that a request meets, which then counts as met."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.times -= 1
                    return fault.failure
        return None

    def seen(self, method: str = "*", path: str = "") -> list[SeenRequest]:
        """Return the requests of a method whose path and query hold a regular expression."""
        chosen = Fault(Silence(), method, path)
        return [request for request in list(self.requests) if chosen.matches(request.method, request.path)]
