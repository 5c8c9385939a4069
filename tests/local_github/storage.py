"""The storage of artifacts: the API leads to another host, which gives them to whoever has the link."""

import secrets
import urllib.parse
from typing import TYPE_CHECKING

from .calls import Problem
from .exchange import Exchange
from .faults import Fault

if TYPE_CHECKING:
    from .runs import Artifact
    from .server import LocalGitHub

PATH = "/_storage/"
ACTION = "storage"
HEADERS = {"Content-Type": "application/zip"}


def link(github: "LocalGitHub", artifact: "Artifact") -> str:
    """Return the address of an artifact, with what lets one in.

    Its host is not the API's, as GitHub's is not, so that a client that sends its token there is noticed.
    """
    key = secrets.token_hex(16)
    github.stored[key] = artifact
    return f"http://localhost:{github.port}{PATH}{artifact.id}.zip?sig={key}"


def serve(github: "LocalGitHub", exchange: Exchange, path: str, query: str, fault: Fault | None) -> None:
    """Answer a request for an artifact, with the fault that is due."""
    if exchange.call.scheme:
        github.problems.append(Problem("GET", path, "the API's token was sent to the host of the storage"))
    if fault and not fault.after and fault.kind != "truncate":
        exchange.fail(fault, {})
        return
    exchange.body()
    artifact = github.stored.get(dict(urllib.parse.parse_qsl(query)).get("sig", ""))
    if artifact is None or path != f"{PATH}{artifact.id}.zip":
        exchange.answer(403, {"Content-Type": "application/xml"}, b"<Error/>")
        return
    exchange.answer(200, HEADERS, artifact.content, truncated=fault is not None)
