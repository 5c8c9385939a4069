"""Git over smart HTTP: git's own CGI program behind a token check (https://git-scm.com/docs/git-http-backend)."""

import base64
import binascii
import contextlib
import io
import re
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO

from .exchange import Exchange
from .faults import Fault
from .git import environment, http_backend
from .repository import Repository
from .tokens import Token

if TYPE_CHECKING:
    from .server import LocalGitHub

PATH = re.compile(r"/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
CHALLENGE = {**PLAIN, "WWW-Authenticate": 'Basic realm="GitHub"'}
BAD_TOKEN = "Invalid username or token. Password authentication is not supported for Git operations."
SECONDS = 120


class GitRefused(Exception):
    """A git request that is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        """Keep status and message."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class GitRequest:
    """What a git client asks."""

    owner: str
    name: str
    action: str
    method: str
    query: str

    @property
    def writes(self) -> bool:
        """Say whether it is part of a push."""
        return "git-receive-pack" in (self.action, self.query.removeprefix("service="))

    @classmethod
    def parse(cls, method: str, path: str, query: str) -> "GitRequest | None":
        """Return the git request that a URL is, or None."""
        found = PATH.fullmatch(path)
        return cls(found[1], found[2], found[3], method, query) if found else None


def token_of(github: "LocalGitHub", authorization: str | None) -> Token | None:
    """Return the token that is the password of Basic authentication, None without authentication.

    Raises:
        GitRefused: It is no Basic authentication, or the token is not known.
    """
    if not authorization:
        return None
    scheme, _, value = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        password = user = ""
    found = github.tokens.get(password) or github.tokens.get(user)
    if scheme.lower() != "basic" or found is None:
        raise GitRefused(401, BAD_TOKEN)
    return found


def allowed(github: "LocalGitHub", asked: GitRequest, token: Token | None) -> Repository:
    """Return the repository when the token may do what is asked.

    Raises:
        GitRefused: In GitHub's words.
    """
    name = f"{asked.owner}/{asked.name}"
    # GitHub redirects git by an older name, which to git is the same.
    repository = github.find(name) or github.former_names.get(name.lower())
    if token is None and (asked.writes or repository is None or repository.private):
        raise GitRefused(401, "No anonymous write access." if asked.writes else BAD_TOKEN)
    if repository is None or not github.visible(repository, token):
        raise GitRefused(404, "Repository not found.")
    if token is None:
        return repository
    if repository.private and not token.may(repository.full_name, "contents", "read"):
        raise GitRefused(403, "Read access to repository not granted.")
    if asked.writes and not token.may(repository.full_name, "contents", "write"):
        whole = f"Permission to {repository.full_name}.git denied to {token.user.login}."
        raise GitRefused(
            403, whole if token.covers(repository.full_name) else "Write access to repository not granted."
        )
    if asked.writes and repository.archived:
        raise GitRefused(403, "This repository was archived so it is read-only.")
    return repository


def serve(github: "LocalGitHub", exchange: Exchange, asked: GitRequest, fault: Fault | None) -> None:
    """Answer one git request, with the fault that is due."""
    if fault and not fault.after and fault.kind not in ("truncate", "refuse-push"):
        exchange.fail(fault, PLAIN)
        return
    try:
        token = token_of(github, exchange.headers.get("Authorization"))
        exchange.call.login = token.user.login if token else None
        repository = allowed(github, asked, token)
    except GitRefused as refused:
        for _ in exchange.chunks():
            pass
        headers = CHALLENGE if refused.status == 401 else PLAIN
        exchange.answer(refused.status, headers, refused.message.encode())
        return
    refusal = fault.message if fault and fault.kind == "refuse-push" else ""
    settings = _cgi(asked, exchange, repository, token, refusal)
    if asked.action == "git-upload-pack" and fault is None:
        _stream(exchange, settings, github)
    else:
        _whole(github, exchange, asked, settings, repository, fault)


def _cgi(
    asked: GitRequest, exchange: Exchange, repository: Repository, token: Token | None, refusal: str
) -> dict[str, str]:
    headers, length = exchange.headers, exchange.length
    protected = (f"refs/heads/{branch}" for branch in sorted(repository.protected))
    settings = {
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_TRANSLATED": f"{repository.git_dir}/{asked.action}",
        "REQUEST_METHOD": asked.method,
        "QUERY_STRING": asked.query,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": "" if length is None else str(length),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "REMOTE_USER": token.user.login if token else "",
        "REMOTE_ADDR": "127.0.0.1",
        "LOCAL_GITHUB_PROTECTED": " ".join(protected),
        "LOCAL_GITHUB_REFUSE": refusal,
    }
    # An empty CONTENT_LENGTH means 0 to git-http-backend; without one it reads to the end.
    return {name: value for name, value in settings.items() if value}


def _start(settings: dict[str, str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [http_backend()],
        env=environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
    )


def _feed(exchange: Exchange, backend: subprocess.Popen[bytes]) -> None:
    stdin = backend.stdin
    if stdin is None:
        raise ValueError("the backend was started without an input")
    # The backend may have seen enough before the body ends; what it does not read is read past here.
    writing = True
    for chunk in exchange.chunks():
        try:
            if writing:
                stdin.write(chunk)
        except BrokenPipeError:
            writing = False
    with contextlib.suppress(BrokenPipeError):
        stdin.close()


def _feed_or_kill(exchange: Exchange, backend: subprocess.Popen[bytes]) -> None:
    try:
        _feed(exchange, backend)
    except OSError:
        # The client is gone. Nothing of an unfinished push may be taken over.
        backend.kill()


def _stream(exchange: Exchange, settings: dict[str, str], github: "LocalGitHub") -> None:
    with tempfile.TemporaryFile() as errors, _start(settings, errors) as backend:
        stdout = backend.stdout
        if stdout is None:
            raise ValueError("the backend was started without an output")
        github.children.add(backend)
        try:
            # upload-pack reads its whole request before it writes, so nothing can block here.
            _feed(exchange, backend)
            status, headers = _cgi_headers(stdout)
            exchange.stream(status, headers, stdout)  # type: ignore[arg-type]  # IO[bytes] is what Popen declares
        except OSError:
            backend.kill()
            raise
        finally:
            github.children.discard(backend)


def _whole(
    github: "LocalGitHub",
    exchange: Exchange,
    asked: GitRequest,
    settings: dict[str, str],
    repository: Repository,
    fault: Fault | None,
) -> None:
    with tempfile.TemporaryFile() as errors, _start(settings, errors) as backend:
        github.children.add(backend)
        stdout = backend.stdout
        if stdout is None:
            raise ValueError("the backend was started without an output")
        # receive-pack may write while it reads (progress), so both sides move at once.
        feeder = threading.Thread(target=_feed_or_kill, args=(exchange, backend), daemon=True)
        feeder.start()
        out = io.BytesIO(stdout.read())
        feeder.join(SECONDS)
        github.children.discard(backend)
    if asked.action == "git-receive-pack":
        github.pushed(repository)
    status, headers = _cgi_headers(out)
    if fault and fault.after and fault.kind != "truncate":
        exchange.fail(fault, PLAIN)
        return
    exchange.answer(status, headers, out.read(), truncated=fault is not None and fault.kind == "truncate")


def _cgi_headers(reader: BinaryIO | IO[bytes]) -> tuple[int, dict[str, str]]:
    headers: dict[str, str] = {}
    while line := reader.readline().strip().decode():
        name, _, value = line.partition(":")
        headers[name] = value.strip()
    status = headers.pop("Status", "200" if headers else "500")
    return int(status.split()[0]), headers
