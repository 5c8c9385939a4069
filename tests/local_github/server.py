"""The server: REST API, git and pages on one loopback port, with the state of all repositories."""

import contextlib
import http.server
import itertools
import socket
import subprocess
import threading
import time
import traceback
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from . import archives, git_http, openapi, pages, rest, storage
from .api import Api
from .calls import Call, Problem, counts
from .exchange import Exchange
from .faults import Fault, Faults
from .git import git
from .limits import RateLimits, SecondaryLimits
from .objects import Objects
from .pulls import follow_base, follow_head
from .repository import Content, Repository, now
from .runs import Artifact
from .shared import Organisation, Shared
from .tokens import EVERYTHING, Kind, Token, User, new_value

API_PATH = "/api/v3"
METHODS = {"do_GET", "do_HEAD", "do_POST", "do_PATCH", "do_PUT", "do_DELETE"}
PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


class Server(http.server.ThreadingHTTPServer):
    """A threaded server that can close its connections."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, github: "LocalGitHub") -> None:
        """Listen on loopback."""
        self.github = github
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def close_connections(self) -> None:
        """End the connections that clients keep alive."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep a client that went away apart from a bug of ours, which is a problem."""
        text = traceback.format_exc()
        if not any(
            name in text for name in ("ConnectionResetError", "BrokenPipeError", "ValueError: I/O operation")
        ):
            self.github.problems.append(Problem("?", "?", text))


class Handler(http.server.BaseHTTPRequestHandler):
    """Takes one connection's requests."""

    protocol_version = "HTTP/1.1"
    server_version = "github.com"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        """Note the connection, so that the server can end it."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: calls are kept as data."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the `Date` of an answer: the server's own time."""
        return super().date_time_string(self.server.github.clock() if timestamp is None else timestamp)

    def handle_any(self) -> None:
        """Take a request of any method."""
        self.server.github.handle(self)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Give the one method that takes requests for each do_METHOD that http.server looks for."""
        if name in METHODS:
            return self.handle_any
        raise AttributeError(name)


class LocalGitHub:
    """A GitHub on loopback; a context manager that serves while it is open."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        description: Path = openapi.DESCRIPTION,
        rate_limit: int = 5000,
        secondary_limits: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare a server that keeps its repositories in a folder.

        Args:
            folder: Where the bare repositories go; made where it is missing.
            port: The port, 0 for any that is free.
            description: GitHub's OpenAPI document.
            rate_limit: How many calls an hour each token has.
            secondary_limits: Whether calls that come too fast are refused, as GitHub does it.
            clock: What tells the time for the limits and the `Date` of answers.

        Raises:
            FileNotFoundError: The description is not there.
        """
        self.folder = folder
        self.description = openapi.load(description)
        self.clock = clock
        self.limits = RateLimits(rate_limit, clock)
        self.secondary = SecondaryLimits(clock, enforced=secondary_limits)
        self.repositories: dict[str, Repository] = {}
        self.former_names: dict[str, Repository] = {}
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.archive_keys: dict[str, str] = {}
        self.stored: dict[str, Artifact] = {}
        self.organisations: dict[str, Organisation] = {}
        self.calls: list[Call] = []
        self.problems: list[Problem] = []
        self.faults = Faults()
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self.children: set[subprocess.Popen[bytes]] = set()
        self._callbacks: list[Callable[[Call], object]] = []
        self._ids = itertools.count(1001)
        self._api = Api(self)
        self._server = Server(port, self)
        self.port: int = self._server.server_address[1]
        self.server_url = f"http://127.0.0.1:{self.port}"
        self.api_url = self.server_url + API_PATH
        self.objects = Objects(self.server_url, self.api_url)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    # ---- starting and stopping

    def __enter__(self) -> "LocalGitHub":
        """Begin to serve."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and end what is still running."""
        self.close()

    def close(self) -> None:
        """Stop serving, close all connections, end the git processes of the server."""
        self.closing.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        for child in list(self.children):
            child.kill()
        self._thread.join(5)

    # ---- setting up

    def next_id(self) -> int:
        """Return a new id."""
        return next(self._ids)

    def create_user(self, login: str, kind: str = "User") -> User:
        """Return the account of that name, made where it is missing; NAME[bot] is a bot."""
        kind = "Bot" if login.endswith("[bot]") else kind
        with self.lock:
            return self.users.setdefault(login.lower(), User(self.next_id(), login, kind))

    def create_repository(
        self,
        full_name: str,
        files: Mapping[str, Content] | None = None,
        *,
        default_branch: str = "main",
        private: bool = False,
        archived: bool = False,
        protected: Iterable[str] = (),
        description: str | None = None,
        message: str = "Initial commit",
        topics: Iterable[str] = (),
    ) -> Repository:
        """Create a repository; with files it gets one commit.

        Args:
            full_name: owner/name.
            files: Paths and contents: bytes, text, or (mode, bytes) for a program or link.
            default_branch: The default branch.
            private: Whether only tokens that cover it see it.
            archived: Whether it is read-only.
            protected: Branches that take no push.
            description: What it is for.
            message: The first commit's message.
            topics: The topics.

        Returns:
            The repository.
        """
        owner, name = full_name.split("/")
        repository = Repository(
            id=self.next_id(),
            owner=self.create_user(owner, "Organization"),
            name=name,
            git_dir=self.folder / owner / f"{name}.git",
            default_branch=default_branch,
            private=private,
            archived=archived,
            protected=set(protected),
            changed=self.changed,
            description=description,
            topics=list(topics),
        )
        repository.initialise()
        with self.lock:
            self.repositories[full_name.lower()] = repository
        if files is not None:
            repository.commit(files, message)
        return repository

    def rename(self, repository: Repository, full_name: str) -> None:
        """Give a repository another name, or another owner; who asks by the old one is redirected."""
        owner, name = full_name.split("/")
        with self.lock:
            former = repository.full_name.lower()
            del self.repositories[former]
            repository.owner, repository.name = self.create_user(owner, "Organization"), name
            self.former_names[former] = self.repositories[full_name.lower()] = repository

    def fork(self, repository: Repository, owner: str) -> Repository:
        """Return a fork of a repository under another owner."""
        self.create_user(owner)
        copy = self.create_repository(f"{owner}/{repository.name}", default_branch=repository.default_branch)
        git(copy.git_dir, "fetch", "--quiet", str(repository.git_dir), "refs/heads/*:refs/heads/*")
        copy.parent = repository
        return copy

    def create_token(
        self,
        login: str = "hub-bot[bot]",
        kind: str = "installation",
        permissions: Mapping[str, str] | None = None,
        repositories: Iterable[str] | None = None,
    ) -> str:
        """Return a new token.

        Args:
            login: Whose token it is; the user is made where it is missing.
            kind: "installation" or "personal".
            permissions: Permission and level ("read", "write"); None for all that a person's token has.
            repositories: Full names that it covers; None for all.

        Returns:
            The token.
        """
        covered = None if repositories is None else frozenset(name.lower() for name in repositories)
        granted = dict(EVERYTHING if permissions is None else permissions)
        token = Token(new_value(Kind(kind)), Kind(kind), self.create_user(login), granted, covered)
        self.tokens[token.value] = token
        return token.value

    def organisation(self, login: str) -> Organisation:
        """Return what an organisation shares with its repositories."""
        return self.organisations.setdefault(login.lower(), Organisation())

    def share(
        self,
        kind: Literal["secrets", "variables"],
        owner: str,
        name: str,
        value: str = "",
        *,
        visibility: Literal["all", "private", "selected"] = "all",
        repositories: Iterable[Repository] = (),
    ) -> Shared:
        """Give an organisation a secret or variable that its repositories see; return it."""
        self.create_user(owner, "Organization")
        shared = Shared(name.upper(), visibility, {one.id for one in repositories}, value)
        there: dict[str, Shared] = getattr(self.organisation(owner), kind)
        there[shared.name] = shared
        return shared

    def revoke_token(self, token: str) -> None:
        """Make a token unknown."""
        del self.tokens[token]

    def on_call(self, callback: Callable[[Call], object]) -> None:
        """Have a function called with each call before it is handled, on the thread that handles it."""
        self._callbacks.append(callback)

    # ---- looking

    def find(self, full_name: str) -> Repository | None:
        """Return a repository by its full name, or None."""
        return self.repositories.get(full_name.lower())

    def visible(self, repository: Repository, token: Token | None) -> bool:
        """Say whether a token, or nobody in particular, may know of a repository."""
        return not repository.private or (token is not None and token.covers(repository.full_name))

    def counts(self) -> Counter[str]:
        """Return how often each "METHOD /template" was called."""
        return counts(self.calls)

    # ---- following changes

    def changed(self, repository: Repository) -> None:
        """Bring the open pull requests that a repository is head or base of up to its branches."""
        with self.lock:
            branches = repository.branches()
            everywhere = (pull for one in self.repositories.values() for pull in one.pulls)
            for pull in [pull for pull in everywhere if pull.state == "open"]:
                if pull.head_repository is repository:
                    follow_head(pull, branches)
                if pull.repository is repository and pull.state == "open":
                    follow_base(pull, branches)

    def pushed(self, repository: Repository) -> None:
        """Note a push."""
        repository.pushed_at = now()
        self.changed(repository)

    # ---- serving

    def handle(self, handler: Handler) -> None:
        """Take one HTTP request: note it, then answer as REST API, git or page."""
        path, _, query = handler.path.partition("?")
        asked = git_http.GitRequest.parse(handler.command, path, query)
        call = self._note(handler, path, query, asked)
        exchange = Exchange(handler, call, self.closing)
        for callback in self._callbacks:
            callback(call)
        if asked:
            git_http.serve(self, exchange, asked, self._fault(call, f"{call.template}?{query}"))
        elif path.startswith(archives.PATH):
            archives.serve(self, exchange, path, query, self._fault(call, path))
        elif path.startswith(storage.PATH):
            storage.serve(self, exchange, path, query, self._fault(call, path))
        elif path.startswith(API_PATH + "/"):
            self._serve_rest(exchange, self._fault(call, call.path))
        else:
            self._serve_page(exchange, path)

    def _fault(self, call: Call, target: str) -> Fault | None:
        fault = self.faults.due(call.method, call.template, target)
        call.fault = fault.kind if fault else None
        return fault

    def _note(self, handler: Handler, path: str, query: str, asked: git_http.GitRequest | None) -> Call:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        scheme = headers.pop("authorization", "").partition(" ")[0] or None
        if scheme:
            headers["authorization"] = scheme
        template = asked.action if asked else path
        if path.startswith(archives.PATH):
            template = archives.ACTION
        if path.startswith(storage.PATH):
            template = storage.ACTION
        if path.startswith(API_PATH + "/"):
            path = path.removeprefix(API_PATH)
            found = rest.route(handler.command, path)
            template = found[0].template.text if found else path
        call = Call(handler.command, template, path, query, headers, scheme)
        self.calls.append(call)
        return call

    def _serve_page(self, exchange: Exchange, path: str) -> None:
        exchange.body()
        with self.lock:
            status, text = pages.page(self, urllib.parse.unquote(path))
        exchange.answer(status, PAGE_HEADERS, text.encode())

    def _serve_rest(self, exchange: Exchange, fault: Fault | None) -> None:
        headers = {"x-github-request-id": f"LOCAL:{self.next_id():X}", "x-ratelimit-resource": "core"}
        if fault and not fault.after and fault.kind != "truncate":
            exchange.fail(fault, {**headers, **self.limits.headers(None)})
            return
        content = exchange.body()
        # Counted before the wait for the lock: calls that wait are under way at the same time.
        with self.secondary.under_way(), self.lock:
            answer = self._api.answer(exchange.call, exchange.headers.get("Authorization"), content)
        headers |= answer.headers
        if fault and fault.kind != "truncate":
            exchange.fail(fault, headers)
        else:
            exchange.json(answer.status, headers, answer.body, truncated=fault is not None)
