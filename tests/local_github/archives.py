"""Archives of commits: the API leads to another host, which gives them to whoever has the link."""

import secrets
import urllib.parse
from typing import TYPE_CHECKING

from .calls import Problem
from .exchange import Exchange
from .faults import Fault
from .git import git
from .repository import Repository

if TYPE_CHECKING:
    from .server import LocalGitHub

PATH = "/_codeload/"
ACTION = "codeload"
SHORT = 7
HEADERS = {"Content-Type": "application/x-gzip"}


def link(github: "LocalGitHub", repository: Repository, ref: str) -> str:
    """Return the address of a commit's archive; for a private repository it holds what lets one in.

    Its host is not the API's, as GitHub's is not, so that a client that sends its token there is noticed.
    """
    path = f"{PATH}{repository.full_name}/legacy.tar.gz/{urllib.parse.quote(ref)}"
    address = f"http://localhost:{github.port}{path}"
    if not repository.private:
        return address
    key = secrets.token_hex(16)
    github.archive_keys[key] = path
    return f"{address}?token={key}"


def serve(github: "LocalGitHub", exchange: Exchange, path: str, query: str, fault: Fault | None) -> None:
    """Answer a request for an archive, with the fault that is due."""
    if exchange.call.scheme:
        github.problems.append(Problem("GET", path, "the API's token was sent to the host of the archives"))
    if fault and not fault.after and fault.kind != "truncate":
        exchange.fail(fault, {})
        return
    exchange.body()
    owner, name, _, ref = urllib.parse.unquote(path).removeprefix(PATH).split("/", 3)
    repository = github.find(f"{owner}/{name}")
    key = dict(urllib.parse.parse_qsl(query)).get("token", "")
    sha = repository.commit_sha(ref.removeprefix("refs/heads/")) if repository else None
    if repository is None or sha is None or (repository.private and github.archive_keys.get(key) != path):
        exchange.answer(404, {"Content-Type": "text/plain"}, b"404: Not Found")
        return
    content = tarball(repository, sha)
    if fault and fault.kind != "truncate":
        exchange.fail(fault, HEADERS)
    else:
        exchange.answer(200, HEADERS, content, truncated=fault is not None)


def tarball(repository: Repository, sha: str) -> bytes:
    """Return the archive of a commit, in a folder named as GitHub names it."""
    prefix = f"{repository.owner.login}-{repository.name}-{sha[:SHORT]}/"
    return git(repository.git_dir, "archive", "--format=tar.gz", f"--prefix={prefix}", sha)
