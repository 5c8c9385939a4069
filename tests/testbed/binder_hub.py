"""What stands for a BinderHub: it tells a build as `binderhub/builder.py` does, with what a test says of it.

Every answer has status 200, and a refusal is an event; without the right `Accept` there is nothing else.
"""

import json
import threading
import time
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Told = Mapping[str, Any] | bytes | float
KEEPALIVE = b":keepalive\n\n"
BUILT: tuple[Told, ...] = (
    {"phase": "waiting", "message": "Waiting for build to start...\n"},
    KEEPALIVE,
    {"phase": "fetching", "message": "Picked Git content provider.\n"},
    {"phase": "building", "message": "\x1b[2KStep 1/2 : FROM quay.io/a/b\r\n"},
    {"message": "a line of the log that names no phase\n"},
    {"phase": "pushing", "message": "", "progress": {"layers": {}}},
    {"phase": "built", "message": "Built image, launching...\n", "imageName": "r2d-1f"},
    {"phase": "launching", "message": "Launching server...\n"},
    {"phase": "ready", "message": "server running", "url": "https://hub/", "token": "of-a-server"},
)
FAILED: tuple[Told, ...] = (
    {"phase": "building", "message": "E: Unable to locate package gti\n"},
    {"phase": "failed", "message": "Build failed\n"},
)
TOO_MANY: tuple[Told, ...] = (
    {"phase": "failed", "status_code": 429, "message": "Rate limit exceeded. Try again in 3600 seconds.\n"},
)


class BinderHub:
    """A BinderHub for as long as a `with` block.

    Args:
        told: what it tells of each build, in order: events, bytes as they are, and seconds to wait.
        status: the status of its answers; a proxy before it may have one of its own.
        member: the BinderHub that it sends everybody on to, as mybinder.org does; empty where it is none.
    """

    def __init__(self, told: Iterable[Told] = BUILT, status: int = 200, member: str = "") -> None:
        self.told = list(told)
        self.status = status
        self.member = member
        self.asked: list[str] = []
        # How many of the events were sent before whoever asked went away.
        self.sent = 0

    def __enter__(self) -> "BinderHub":
        """Serve."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Tell a build."""
        self.asked.append(request.path)
        if self.member:
            request.send_response(307)
            request.send_header("location", f"{self.member}{request.path}")
            request.send_header("content-length", "0")
            request.end_headers()
            return
        request.send_response(self.status)
        request.send_header("content-type", "text/event-stream")
        request.end_headers()
        if request.headers["Accept"] != "text/event-stream":
            request.wfile.write(event({"phase": "failed", "status_code": 400, "message": "Missing Accept\n"}))
            return
        try:
            for told in self.told:
                if isinstance(told, float):
                    time.sleep(told)
                    continue
                request.wfile.write(told if isinstance(told, bytes) else event(told))
                request.wfile.flush()
                self.sent += 1
        except OSError:
            # Whoever asked has heard enough.
            return


def event(told: Mapping[str, Any]) -> bytes:
    """Return an event as it is sent."""
    return f"data: {json.dumps(told)}\n\n".encode()
