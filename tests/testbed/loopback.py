"""A web server on the loopback interface that lives as long as a `with` block."""

import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, TypeVar

Server = TypeVar("Server", bound="LoopbackServer")


class QuietHandler(BaseHTTPRequestHandler):
    """A request handler that logs nothing and keeps connections open."""

    protocol_version = "HTTP/1.1"
    # Whoever tries TLS first, as containerd does, knows by a status line that it is not spoken here.
    default_request_version = "HTTP/1.0"
    timeout = 60

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the servers record what the tests need."""

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send a whole response."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of faults of ours, and not of clients that hang up or trust nobody."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class LoopbackServer:
    """A threaded server on 127.0.0.1; subclasses say which handler answers."""

    handler: type[BaseHTTPRequestHandler]

    def __init__(self, port: int = 0) -> None:
        """Take the port (a free one by default); requests are answered once the server is entered."""
        bound = type(f"Bound{self.handler.__name__}", (self.handler,), {"owner": self})
        self._server = _Server(("127.0.0.1", port), bound)
        self.closing = threading.Event()

    @property
    def host(self) -> str:
        """The server's host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return f"http://{self.host}"

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Answer in https from now on."""
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    def __enter__(self: Server) -> Server:
        """Begin to answer."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering and give the port back."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
