"""A name server to which every name has the same address (RFC 1035)."""

import socket
import socketserver
import struct
from collections.abc import Callable
from typing import ClassVar

HEADER = 12
ADDRESS, INTERNET, SECONDS = 1, 1, 5
ANSWERED, NO_SUCH_NAME = 0x8180, 0x8183
# The name of the question, by its place in the message.
SAME_NAME = b"\xc0\x0c"


def answer(question: bytes, address: str, knows: Callable[[str], bool]) -> bytes:
    """Return the answer to a message that asks for one name.

    Args:
        question: the message.
        address: what every name leads to, in IPv4; there is no other kind of address.
        knows: says whether a name exists.
    """
    end, labels = HEADER, []
    while question[end]:
        labels.append(question[end + 1 : end + 1 + question[end]].decode("ascii", "replace"))
        end += question[end] + 1
    (kind,) = struct.unpack("!H", question[end + 1 : end + 3])
    known = knows(".".join(labels).lower())
    record = b""
    if known and kind == ADDRESS:
        record = SAME_NAME + struct.pack("!HHIH", ADDRESS, INTERNET, SECONDS, 4) + socket.inet_aton(address)
    head = struct.pack("!HHHHH", ANSWERED if known else NO_SUCH_NAME, 1, 1 if record else 0, 0, 0)
    return question[:2] + head + question[HEADER : end + 5] + record


class _Question(socketserver.BaseRequestHandler):
    owner: ClassVar["NameServer"]

    def handle(self) -> None:
        message, connection = self.request
        connection.sendto(answer(message, self.owner.address, self.owner.knows), self.client_address)


class NameServer(socketserver.ThreadingUDPServer):
    """Answers at port 53 of an address, and gives everybody that address.

    Args:
        address: one that this machine has.
        knows: says whether a name exists.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: str, knows: Callable[[str], bool]) -> None:
        self.address = address
        self.knows = knows
        super().__init__((address, 53), type("BoundQuestion", (_Question,), {"owner": self}))
