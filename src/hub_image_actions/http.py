"""HTTP with a time limit on every call, and retries that cannot do a thing twice.

What may be repeated follows RFC 9110, section 9.2.2 (idempotent methods), and GitHub's rules for its rate
limits (docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
"""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Protocol

from hub_image_actions import __version__
from hub_image_actions.addresses import InvalidAddress, joined, parse_address
from hub_image_actions.errors import ActionError

if TYPE_CHECKING:
    import requests

USER_AGENT = f"hub-image-actions/{__version__}"
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})
_READING = frozenset({"GET", "HEAD"})
_PASSING_ERRORS = frozenset({500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_VERBATIM_REDIRECTS = frozenset({307, 308})
_MOST_REDIRECTS = 5
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
_BLOCK = 1 << 16
_STREAM_BLOCK = 1 << 20
# What GitHub asks for where a secondary rate limit comes without a header.
_SECONDARY_LIMIT_WAIT = 60.0
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class NoAnswer(ActionError):
    """No usable answer came, whatever was tried.

    Args:
        request: the method and the URL without its query.
        reason: what happened, such as ``the connection was reset``.
        remedy: what the reader can do about it.
        uncertain: whether the request may have been carried out all the same.
    """

    def __init__(self, request: str, reason: str, remedy: str = "", *, uncertain: bool = False) -> None:
        super().__init__(f"{request} got no answer: {reason}.", remedy)
        self.request = request
        self.reason = reason
        self.uncertain = uncertain


class Headers(Mapping[str, str]):
    """The headers of an answer; the case of their names does not matter (RFC 9110, section 5.1)."""

    def __init__(self, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        self._values = {name.lower(): value for name, value in headers.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class Response:
    """What a server answered.

    Args:
        status: the HTTP status.
        headers: the headers, found in any case.
        body: the whole body, unpacked.
        url: where it came from, after redirects.
        attempts: how often the request was sent. A 404 for a DELETE that was sent twice can mean success.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)
    url: str = ""
    attempts: int = 1


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long it is tried.

    Args:
        attempts: how often a request is sent at most.
        first_delay: seconds before the second attempt; doubled for each further one, and spread by chance.
        longest_wait: seconds of waiting between attempts, all together.
    """

    attempts: int = 5
    first_delay: float = 0.5
    longest_wait: float = 120.0


@dataclass(frozen=True)
class Limits:
    """What a call may take: seconds for each part of it, and bytes for the answer's body.

    Args:
        connect: until there is a connection.
        read: until the server sends something, each time.
        exchange: for one attempt, body included.
        call: for all attempts, waits and redirects; none is begun later.
        body: the largest body that is taken.
        stream: until something moves, each time, while a body goes through in blocks: a registry may look
            at a layer of gigabytes for minutes before it says that it has it.
    """

    connect: float = 10.0
    read: float = 20.0
    exchange: float = 60.0
    call: float = 240.0
    body: int = 64 << 20
    stream: float = 300.0


@dataclass(frozen=True)
class StreamedBody:
    """A body that is sent block by block, of a size that is known before.

    Args:
        size: in bytes.
        blocks: its parts.
    """

    size: int
    blocks: Iterable[bytes] = field(repr=False)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.blocks)


@dataclass(frozen=True)
class OpenAnswer:
    """An answer whose body is still to come.

    Args:
        status: the HTTP status.
        headers: the headers, found in any case.
        blocks: the body as the server keeps it, packed where it is packed.
    """

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes] = field(repr=False)

    def beginning(self, most: int = _BLOCK) -> bytes:
        """Return the first bytes of the body, for an error."""
        found = bytearray()
        while len(found) < most and (block := next(self.blocks, b"")):
            found += block
        return bytes(found[:most])


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    repeatable: bool

    def __str__(self) -> str:
        # Signed addresses carry their secret in the query, others one before the host.
        return f"{self.method} {re.sub('//[^/]*@', '//', self.url.partition('?')[0])}"


@dataclass(frozen=True)
class _Breakdown:
    """An exchange without an answer: may the server have acted, and can another try help?"""

    reason: str
    remedy: str = ""
    sent: bool = True
    passing: bool = True
    cause: Exception | None = None


class HttpClient(Protocol):
    """What sends a request and returns the answer: `Http`, or what paces or records one."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        retry: bool = True,
        idempotent: bool | None = None,
    ) -> Response:
        """Send a request and return the answer, whatever its status.

        Raises:
            NoAnswer: there was none.
        """


class Streams(Protocol):
    """What sends and receives bodies that are too large to be held whole, as `Http` does."""

    def opened(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: StreamedBody | None = None,
    ) -> AbstractContextManager[OpenAnswer]:
        """Send a request once, and give the answer before its body is there.

        Raises:
            NoAnswer: there was none, or it broke off.
        """


class Http:
    """One session for all calls: no cookies, no .netrc, proxies and CA bundle from the environment."""

    def __init__(
        self,
        policy: RetryPolicy = RetryPolicy(),
        limits: Limits = Limits(),
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take the limits and what tells and passes the time; nothing is connected or imported yet."""
        self._policy = policy
        self._limits = limits
        self._sleep = sleep
        self._clock = clock
        self._chance = chance

    def __enter__(self) -> "Http":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections that are kept open."""
        if "_session" in self.__dict__:
            self._session.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        retry: bool = True,
        idempotent: bool | None = None,
    ) -> Response:
        """Send a request, again where that can help and does no harm, and return the last answer.

        Redirects are followed where the method allows it; credentials and bodies go to the first host alone.

        Args:
            method: the method.
            url: an http or https address.
            headers: headers to send.
            body: the body to send.
            retry: whether to send it more than once at all.
            idempotent: whether doing it twice is the same as once; the method tells by default (PATCH: yes).

        Returns:
            The answer, whatever its status.

        Raises:
            NoAnswer: there was none of use; `uncertain` if the request may have been carried out.
        """
        method = method.upper()
        repeatable = method in _IDEMPOTENT if idempotent is None else idempotent
        request = _Request(method, url, dict(headers), body, repeatable)
        until = self._clock() + self._limits.call
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._tried(request, self._policy.attempts if retry else 1, until)
            followed = _followed(request, response)
            if followed is None:
                return response
            request = followed
        raise NoAnswer(str(request), "the server redirects in a circle")

    @contextmanager
    def opened(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: StreamedBody | None = None,
    ) -> Iterator[OpenAnswer]:
        """Send a request once, and give the answer before its body is there: neither is held whole.

        Redirects of what has no body are followed; credentials go to the first host alone.

        Raises:
            NoAnswer: there was none, or it broke off while its blocks were read.
        """
        request = _Request(method, url, {"Accept-Encoding": "identity", **headers}, None, False)
        for _ in range(_MOST_REDIRECTS + 1):
            with self._begun(request, body) as answer:
                status, told = answer.status_code, Headers(answer.headers)
                followed = None if body else _followed(request, Response(status, told, url=request.url))
                if followed is None:
                    yield OpenAnswer(status, told, self._blocks(answer, request))
                    return
            request = followed
        raise NoAnswer(str(request), "the server redirects in a circle")

    def _begun(self, request: _Request, body: StreamedBody | None) -> "requests.Response":
        try:
            return self._session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=body,
                # While a body is sent, the time for the connection is that for each block.
                timeout=(self._limits.stream, self._limits.stream),
                allow_redirects=False,
                stream=True,
            )
        except ValueError:
            raise _malformed(request) from None
        except (OSError, self._transport_error) as error:
            broken = _breakdown(error, self._limits)
            raise NoAnswer(str(request), broken.reason, broken.remedy, uncertain=broken.sent) from error

    def _blocks(self, answer: "requests.Response", request: _Request) -> Iterator[bytes]:
        try:
            while block := answer.raw.read1(_STREAM_BLOCK, decode_content=False):
                yield block
        except (OSError, self._transport_error) as error:
            raise NoAnswer(str(request), _breakdown(error, self._limits).reason) from error

    def _tried(self, request: _Request, attempts: int, until: float) -> Response:
        attempt, waited, uncertain = 1, 0.0, False
        while True:
            outcome = self._exchange(request, until)
            uncertain = uncertain or (isinstance(outcome, _Breakdown) and outcome.sent)
            pause = self._pause(outcome, attempt)
            late = self._clock() + pause >= until or waited + pause > self._policy.longest_wait
            if late or attempt >= attempts or not _may_repeat(request, outcome):
                break
            self._sleep(pause)
            waited += pause
            attempt += 1
        if isinstance(outcome, Response):
            return replace(outcome, attempts=attempt)
        reason = f"{outcome.reason} ({attempt} attempts)" if attempt > 1 else outcome.reason
        uncertain = uncertain and request.method not in _READING
        raise NoAnswer(str(request), reason, outcome.remedy, uncertain=uncertain) from outcome.cause

    def _pause(self, outcome: Response | _Breakdown, attempt: int) -> float:
        # Spread by chance, since dozens of images are pushed and bumped in the same minute.
        backoff = self._policy.first_delay * 2 ** (attempt - 1) * (0.5 + self._chance() / 2)
        asked = wait_asked(outcome) if isinstance(outcome, Response) else None
        return backoff if asked is None else asked + self._policy.first_delay * self._chance()

    def _exchange(self, request: _Request, until: float) -> Response | _Breakdown:
        until = min(until, self._clock() + self._limits.exchange)
        try:
            return self._sent(request, until)
        except OSError as error:
            # requests' own errors are OSErrors; those about the request's form are ValueErrors besides.
            if isinstance(error, ValueError):
                raise _malformed(request) from None
            return _breakdown(error, self._limits)
        except ValueError:
            raise _malformed(request) from None
        except self._transport_error as error:
            return _breakdown(error, self._limits)

    def _sent(self, request: _Request, until: float) -> Response | _Breakdown:
        answer = self._session.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            data=request.body,
            timeout=(self._limits.connect, self._limits.read),
            allow_redirects=False,
            stream=True,
        )
        with answer:
            body = self._read(answer, until)
            if isinstance(body, _Breakdown):
                return body
            return Response(answer.status_code, Headers(answer.headers), body, request.url)

    def _read(self, answer: "requests.Response", until: float) -> "bytes | _Breakdown":
        blocks = bytearray()
        # read1, since read waits for a whole block, and a server that drips would not be noticed. urllib3
        # raises where the body is shorter than its Content-Length says.
        while block := answer.raw.read1(_BLOCK, decode_content=True):
            blocks += block
            if len(blocks) > self._limits.body:
                return _Breakdown(f"the answer is larger than {self._limits.body >> 20} MiB", passing=False)
            if self._clock() > until:
                return _Breakdown(f"the answer was not complete within {self._limits.exchange:g} seconds")
        return bytes(blocks)

    @cached_property
    def _session(self) -> "requests.Session":
        # Here, since requests costs more to import than all else that a light action does.
        from http.cookiejar import DefaultCookiePolicy

        import requests

        class Session(requests.Session):
            def get_redirect_target(self, resp: requests.Response) -> None:
                """Find none: redirects are ours, and requests would read their bodies without a limit."""

        session = Session()
        session.headers["User-Agent"] = USER_AGENT
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Without an `auth`, requests would take credentials from ~/.netrc or the URL.
        session.auth = _as_it_is
        return session

    @cached_property
    def _transport_error(self) -> type[Exception]:
        from urllib3.exceptions import HTTPError

        return HTTPError


def wait_asked(response: Response) -> float | None:
    """Return the seconds that a server asks to wait before the next request, None where it asks for nothing.

    Dates are compared with the answer's own `Date`, so that the clock of this machine does not matter.

    Source: RFC 9110, section 10.2.3 (`Retry-After`), and GitHub's `x-ratelimit-*` headers.
    """
    now = _date(response.headers.get("date", "")) or time.time()
    asked = response.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked)
    until = _date(asked)
    reset = response.headers.get("x-ratelimit-reset", "")
    if until is None and response.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        until = float(reset)
    if until is not None:
        return max(0.0, until - now)
    secondary = is_rate_limited(response) and b"secondary rate limit" in response.body.lower()
    return _SECONDARY_LIMIT_WAIT if secondary else None


def is_rate_limited(response: Response) -> bool:
    """Say whether the request was turned away as one too many: by 429, or by 403 as GitHub does it."""
    if response.status != HTTPStatus.FORBIDDEN:
        return response.status == HTTPStatus.TOO_MANY_REQUESTS
    return (
        "retry-after" in response.headers
        or response.headers.get("x-ratelimit-remaining") == "0"
        or b"rate limit" in response.body.lower()
    )


def _date(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _as_it_is(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
    return request


def _may_repeat(request: _Request, outcome: Response | _Breakdown) -> bool:
    if isinstance(outcome, Response):
        passing = request.repeatable and outcome.status in _PASSING_ERRORS
        return passing or is_rate_limited(outcome)
    return outcome.passing and (request.repeatable or not outcome.sent)


def _followed(request: _Request, response: Response) -> _Request | None:
    location = response.headers.get("location", "")
    if response.status not in _REDIRECTS or not location:
        return None
    try:
        return _redirected(request, response, location)
    except InvalidAddress:
        raise NoAnswer(str(request), "the server redirects to a malformed address") from None


def _redirected(request: _Request, response: Response, location: str) -> _Request | None:
    url = joined(request.url, location)
    here, there = parse_address(request.url), parse_address(url)
    if here.scheme == "https" and there.scheme != "https":
        raise NoAnswer(str(request), "the server redirects to an address that is not https")
    if request.method not in _READING and response.status not in _VERBATIM_REDIRECTS:
        return None
    if here.origin == there.origin:
        return replace(request, url=url)
    if request.method not in _READING:
        return None
    kept = {name: value for name, value in request.headers.items() if name.lower() not in _CREDENTIALS}
    return replace(request, url=url, headers=kept)


def _malformed(request: _Request) -> NoAnswer:
    # The cause is not shown: its text can hold the header, and with it the token.
    return NoAnswer(
        str(request),
        "the address or a header is malformed",
        "Look for line breaks or characters that are not ASCII in the address, token or password.",
    )


def _breakdown(error: Exception, limits: Limits) -> _Breakdown:
    import ssl

    from urllib3 import exceptions as urllib3

    # From the most to the least telling: requests wraps urllib3's errors, and those wrap the socket's.
    chain = list(_causes(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in chain)

    untrusted = next((cause for cause in chain if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if untrusted is not None:
        return _Breakdown(
            f"its certificate is not trusted ({untrusted.verify_message})",
            "For a certificate authority of your own, set REQUESTS_CA_BUNDLE to its bundle.",
            sent=False, passing=False, cause=error,
        )  # fmt: skip
    if has(urllib3.NameResolutionError):
        return _Breakdown("the host's name is not known", "Check the name.", sent=False, cause=error)
    if has(urllib3.ProxyError):
        return _Breakdown("the proxy cannot be used", "Check HTTPS_PROXY.", sent=False, cause=error)
    if has(urllib3.NewConnectionError):
        return _Breakdown("the connection was refused", sent=False, cause=error)
    if has(urllib3.ConnectTimeoutError):
        reason = f"there was no connection within {limits.connect:g} seconds"
        return _Breakdown(reason, sent=False, cause=error)
    return _Breakdown(_lost_answer(has, limits), cause=error)


def _lost_answer(has: Callable[..., bool], limits: Limits) -> str:
    import ssl
    from http.client import IncompleteRead

    from urllib3 import exceptions as urllib3

    if has(urllib3.ReadTimeoutError, TimeoutError):
        return f"the server said nothing for {limits.read:g} seconds"
    if has(IncompleteRead, urllib3.IncompleteRead):
        return "the answer was cut off"
    if has(urllib3.DecodeError):
        return "the answer's compression is damaged"
    if has(ssl.SSLError):
        return "the encrypted connection broke"
    return "the connection was reset"


def _causes(error: BaseException) -> Iterator[BaseException]:
    # Some of these errors carry their cause as an argument or a `reason`, others as Python does. Their
    # context does not count: it may be an earlier call's failure, which the caller is just handling.
    seen: list[BaseException] = []
    left: list[object] = [error]
    while left:
        cause = left.pop()
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            left += [*cause.args, getattr(cause, "reason", None), cause.__cause__]
    yield from seen
