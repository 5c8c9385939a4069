"""A proxy for programs of this machine, to which some hosts of the world are servers of the test bed.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-connect
"""

import select
import socket
from collections.abc import Mapping
from typing import ClassVar

from testbed.loopback import LoopbackServer, QuietHandler

SECONDS = 60
BLOCK = 1 << 16


class _Handler(QuietHandler):
    owner: ClassVar["ConnectProxy"]

    def do_CONNECT(self) -> None:  # noqa: N802 - http.server wants this name
        host, _, port = self.owner.server_for(self.path).rpartition(":")
        self.close_connection = True
        try:
            other = socket.create_connection((host, int(port)), timeout=SECONDS)
        except OSError:
            self.answer(502)
            return
        with other:
            self.send_response(200)
            self.end_headers()
            self._join(other)

    def _join(self, other: socket.socket) -> None:
        sides = {self.connection: other, other: self.connection}
        while readable := select.select(list(sides), [], [], SECONDS)[0]:
            for side in readable:
                block = side.recv(BLOCK)
                if not block:
                    return
                sides[side].sendall(block)


class ConnectProxy(LoopbackServer):
    """Joins its clients with the hosts that they ask for, or with what these stand for here.

    Args:
        leads_to: host and port that are asked for, and host and port of the server that answers instead.
        otherwise: host and port of the server that answers for all others; they themselves by default.
    """

    handler = _Handler

    def __init__(self, leads_to: Mapping[str, str], otherwise: str = "") -> None:
        super().__init__()
        self._leads_to = leads_to
        self._otherwise = otherwise

    def server_for(self, asked: str) -> str:
        """Return host and port of the server that answers for a host."""
        return self._leads_to.get(asked, self._otherwise or asked)
