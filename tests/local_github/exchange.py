"""One HTTP exchange: the request's body, the answer, and the ways in which a fault breaks it."""

import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any, BinaryIO, Protocol

from .calls import Call
from .faults import Fault, Refusal
from .objects import error

CHUNK = 65536


class Connection(Protocol):
    """What an exchange needs of http.server's handler."""

    headers: Message
    rfile: Any
    wfile: Any
    connection: socket.socket
    close_connection: bool

    def send_response(self, code: int, message: str | None = None) -> None:
        """Begin an answer."""

    def send_header(self, keyword: str, value: str) -> None:
        """Add a header."""

    def end_headers(self) -> None:
        """Send the headers."""


class Exchange:
    """A request that came in and the answer that goes out; it fills in the call's record."""

    def __init__(self, handler: Connection, call: Call, closing: threading.Event) -> None:
        """Begin with nothing read and nothing sent."""
        self.handler = handler
        self.call = call
        self.headers = handler.headers
        self._closing = closing
        self._chunks = self._body_chunks()

    # ---- reading

    @property
    def length(self) -> int | None:
        """Return the length of the body where the request names it."""
        return None if self._chunked else int(self.headers.get("Content-Length", 0))

    @property
    def _chunked(self) -> bool:
        return "chunked" in str(self.headers.get("Transfer-Encoding", "")).lower()

    def chunks(self) -> Iterator[bytes]:
        """Return the body, piece by piece, without its transfer coding."""
        for chunk in self._chunks:
            self.call.bytes_in += len(chunk)
            yield chunk

    def body(self) -> bytes:
        """Return what is left of the body."""
        return b"".join(self.chunks())

    def _body_chunks(self) -> Iterator[bytes]:
        reader: BinaryIO = self.handler.rfile
        if not self._chunked:
            yield from _exactly(reader, self.length or 0)
            return
        while size := int(reader.readline().split(b";")[0] or b"0", 16):
            yield from _exactly(reader, size)
            reader.readline()
        while reader.readline().strip():
            pass

    # ---- answering

    def answer(
        self, status: int, headers: Mapping[str, str], body: bytes = b"", truncated: bool = False
    ) -> None:
        """Send a whole answer; a truncated one promises all of it, sends half and closes."""
        sent = body[: len(body) // 2] if truncated else body
        self.call.status = status
        self.call.bytes_out += len(sent)
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name, value)
        if status != 204:
            self.handler.send_header("Content-Length", str(len(body)))
        self._send_with_headers(sent)
        if truncated:
            self.handler.close_connection = True

    def stream(self, status: int, headers: Mapping[str, str], reader: BinaryIO) -> None:
        """Send an answer as it is read, in chunks."""
        self.call.status = status
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name, value)
        self.handler.send_header("Transfer-Encoding", "chunked")
        self.handler.end_headers()
        while chunk := reader.read1(CHUNK):  # type: ignore[attr-defined]  # a pipe's reader is buffered
            self.call.bytes_out += len(chunk)
            self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.handler.wfile.write(b"0\r\n\r\n")

    def json(self, status: int, headers: Mapping[str, str], value: Any, truncated: bool = False) -> None:
        """Send an answer of the REST API."""
        if value is None:
            self.answer(status, headers)
            return
        kind = {"Content-Type": "application/json; charset=utf-8"}
        self.answer(status, {**kind, **headers}, json.dumps(value).encode(), truncated)

    def _send_with_headers(self, body: bytes) -> None:
        # One write for headers and body: in two, the second would wait for a delayed acknowledgement.
        buffer: list[bytes] = self.handler._headers_buffer  # type: ignore[attr-defined]  # http.server's own
        buffer.append(b"\r\n")
        self.handler.wfile.write(b"".join(buffer) + body)
        buffer.clear()

    # ---- breaking it

    def fail(self, fault: Fault, headers: Mapping[str, str]) -> None:
        """Give the fault instead of an answer."""
        refusal = fault.refusal
        # Read to the end first: a client that is still sending might see something else than the fault.
        for _ in self.chunks():
            pass
        if refusal:
            self.refuse(refusal, headers)
        elif fault.kind == "silence":
            self.silence(fault.seconds)
        else:
            self.reset()

    def refuse(self, refusal: Refusal, headers: Mapping[str, str]) -> None:
        """Answer with a refusal."""
        together = {**headers, **refusal.headers}
        if refusal.html:
            self.answer(refusal.status, {**together, "Content-Type": "text/html"}, refusal.message.encode())
        else:
            self.json(refusal.status, together, error(refusal.message, refusal.status))

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        linger = struct.pack("ii", 1, 0)
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.handler.close_connection = True
        self.handler.rfile.close()
        self.handler.connection.close()

    def silence(self, seconds: float) -> None:
        """Say nothing for a while, then close; ends early when the server stops."""
        self._closing.wait(seconds)
        self.handler.close_connection = True


def _exactly(reader: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        chunk = reader.read(min(size, CHUNK))
        if not chunk:
            return
        size -= len(chunk)
        yield chunk
