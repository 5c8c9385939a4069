"""A small internet for the containers of an engine: every name leads to one address, in http and https.

Which service is meant is told by the path of a request alone, so that nothing here names a host of the
world's. What goes wrong on the way, and what was asked for, is here too.
"""

import re
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from testbed.certificates import Authority
from testbed.fault_proxy import Answer, Truncated
from testbed.loopback import QuietHandler
from testbed.name_server import NameServer


class Site(Protocol):
    """A service of the internet."""

    def content(self, path: str) -> bytes | None:
        """Return what a path leads to, or None where the site has no such path."""


@dataclass(frozen=True)
class UnknownName:
    """The host has no address: nobody finds it."""


@dataclass(frozen=True)
class Slow:
    """The answer begins only after a while."""

    seconds: float


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with some requests.

    Attributes:
        failure: what happens.
        host: a regular expression that the whole name of the host meets.
        path: a regular expression that is searched for in the path.
    """

    failure: Answer | Truncated | Slow | UnknownName
    host: str = ".*"
    path: str = ""

    def meets(self, host: str, path: str) -> bool:
        """Say whether a request meets it."""
        return re.fullmatch(self.host, host) is not None and re.search(self.path, path) is not None


@dataclass(frozen=True)
class AskedFor:
    """A request, and the status of its answer."""

    host: str
    path: str
    status: int


class _Handler(QuietHandler):
    owner: ClassVar["Internet"]

    def do_GET(self) -> None:  # noqa: N802 - http.server wants this name
        host = (self.headers.get("Host") or "").partition(":")[0]
        path = unquote(urlsplit(self.path).path)
        failure = self.owner.failure_for(host, path)
        content = self.owner.content(path)
        if isinstance(failure, Slow):
            time.sleep(failure.seconds)
        if isinstance(failure, Answer):
            self._record(host, path, failure.status)
            self.answer(failure.status, failure.body)
        elif content is None:
            self._record(host, path, 404)
            self.answer(404, b"nothing is here\n")
        elif isinstance(failure, Truncated):
            self._record(host, path, 200)
            self._cut(content, failure.after)
        else:
            self._record(host, path, 200)
            self.answer(
                200,
                content,
                {"Content-Type": "text/html" if path.endswith("/") else "application/octet-stream"},
            )

    do_HEAD = do_GET  # noqa: N815 - http.server wants this name

    def do_POST(self) -> None:  # noqa: N802 - http.server wants this name
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def _record(self, host: str, path: str, status: int) -> None:
        self.owner.requests.append(AskedFor(host, path, status))

    def _cut(self, content: bytes, after: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: min(after, len(content) - 1)])
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up, as those do that a canceled build leaves."""


class Internet:
    """All hosts of the world, as far as images are made of what they have.

    Args:
        authority: signs the hosts' certificates; images that are built here trust it.
        sites: the services; the first that knows a path answers.
    """

    def __init__(self, authority: Authority, sites: Sequence[Site]) -> None:
        self.requests: list[AskedFor] = []
        self.authority = authority
        self._sites = tuple(sites)
        self._troubles: list[Trouble] = []
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    @contextmanager
    def at(self, address: str) -> Iterator[None]:
        """Be the internet of those who take an address for their name server, as long as the block lasts.

        Args:
            address: one that this machine has, as that of a bridge; its ports 53, 80 and 443 are taken.
        """
        handler = type("BoundHandler", (_Handler,), {"owner": self})
        with ExitStack() as stack:
            plain = _Server((address, 80), handler)
            stack.enter_context(_serving(plain))
            secure = _Server((address, 443), handler)
            secure.socket = self._by_name().wrap_socket(
                secure.socket, server_side=True, do_handshake_on_connect=False
            )
            stack.enter_context(_serving(secure))
            stack.enter_context(_serving(NameServer(address, self.knows)))
            yield

    @contextmanager
    def trouble(
        self, failure: Answer | Truncated | Slow | UnknownName, *, host: str = ".*", path: str = ""
    ) -> Iterator[None]:
        """Let matching requests fail as long as the block lasts; of several troubles the first counts."""
        trouble = Trouble(failure, host, path)
        with self._lock:
            self._troubles.append(trouble)
        try:
            yield
        finally:
            with self._lock:
                self._troubles.remove(trouble)

    def knows(self, host: str) -> bool:
        """Say whether a name leads to an address."""
        troubles = [trouble for trouble in self._current() if isinstance(trouble.failure, UnknownName)]
        return not any(re.fullmatch(trouble.host, host) for trouble in troubles)

    def failure_for(self, host: str, path: str) -> Answer | Truncated | Slow | UnknownName | None:
        """Return what goes wrong with a request, if anything."""
        return next((trouble.failure for trouble in self._current() if trouble.meets(host, path)), None)

    def content(self, path: str) -> bytes | None:
        """Return what the first site that knows a path has there."""
        answers = (site.content(path) for site in self._sites)
        return next((content for content in answers if content is not None), None)

    def seen(self, path: str) -> list[AskedFor]:
        """Return the requests whose path holds a regular expression."""
        return [request for request in list(self.requests) if re.search(path, request.path)]

    def _current(self) -> list[Trouble]:
        with self._lock:
            return list(self._troubles)

    def _by_name(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def choose(connection: Any, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = self._context_of(name or "nobody.test")

        context.sni_callback = choose
        return context

    def _context_of(self, name: str) -> ssl.SSLContext:
        with self._lock:
            if name not in self._contexts:
                self._contexts[name] = self.authority.server_context(name)
            return self._contexts[name]


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
