"""HTTP with a time limit on every call, and retries that cannot do a thing twice.

What may be repeated follows RFC 9110, section 9.2.2 (idempotent methods), and GitHub's rules for its rate
limits (docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Protocol

from hub_image_actions.addresses import InvalidAddress, joined, parse_address
from hub_image_actions.breakdown import Breakdown
from hub_image_actions.exchange import (
    DEFAULT_LIMITS,
    NO_HEADERS,
    Exchanges,
    Headers,
    Limits,
    NoAnswer,
    OpenAnswer,
    Request,
    Response,
    StreamedBody,
)

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "PATCH"})
_READING = frozenset({"GET", "HEAD"})
_PASSING_ERRORS = frozenset({500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_VERBATIM_REDIRECTS = frozenset({307, 308})
_MOST_REDIRECTS = 5
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
# What GitHub asks for where a secondary rate limit comes without a header.
_SECONDARY_LIMIT_WAIT = 60.0


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


class HttpClient(Protocol):
    """What sends a request and returns the answer: `Http`, or what paces or records one."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
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
        headers: Mapping[str, str] = NO_HEADERS,
        body: StreamedBody | None = None,
    ) -> AbstractContextManager[OpenAnswer]:
        """Send a request once, and give the answer before its body is there.

        Raises:
            NoAnswer: there was none, or it broke off.
        """


class Http:
    """One session for all calls, with retries and redirects."""

    def __init__(
        self,
        policy: RetryPolicy = RetryPolicy(),
        limits: Limits = DEFAULT_LIMITS,
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
        self._exchanges = Exchanges(limits, clock)

    def __enter__(self) -> "Http":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections that are kept open."""
        self._exchanges.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
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
        request = Request(method, url, dict(headers), body, repeatable)
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
        headers: Mapping[str, str] = NO_HEADERS,
        body: StreamedBody | None = None,
    ) -> Iterator[OpenAnswer]:
        """Send a request once, and give the answer before its body is there: neither is held whole.

        Redirects of what has no body are followed; credentials go to the first host alone.

        Raises:
            NoAnswer: there was none, or it broke off while its blocks were read.
        """
        request = Request(method, url, {"Accept-Encoding": "identity", **headers}, None, False)
        for _ in range(_MOST_REDIRECTS + 1):
            with self._exchanges.begin(request, body) as answer:
                status, told = answer.status_code, Headers(answer.headers)
                followed = None if body else _followed(request, Response(status, told, url=request.url))
                if followed is None:
                    yield OpenAnswer(status, told, self._exchanges.blocks(answer, request))
                    return
            request = followed
        raise NoAnswer(str(request), "the server redirects in a circle")

    def _tried(self, request: Request, attempts: int, until: float) -> Response:
        attempt, waited, uncertain, connected = 1, 0.0, False, False
        while True:
            outcome = self._exchanges.send(request, until)
            uncertain = uncertain or (isinstance(outcome, Breakdown) and outcome.sent)
            connected = connected or uncertain or isinstance(outcome, Response)
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
        raise NoAnswer(
            str(request), reason, outcome.remedy, uncertain=uncertain, connected=connected
        ) from outcome.cause

    def _pause(self, outcome: Response | Breakdown, attempt: int) -> float:
        # Spread by chance, since dozens of images are pushed and bumped in the same minute.
        backoff = self._policy.first_delay * 2 ** (attempt - 1) * (0.5 + self._chance() / 2)
        asked = wait_asked(outcome) if isinstance(outcome, Response) else None
        return backoff if asked is None else asked + self._policy.first_delay * self._chance()


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


def _may_repeat(request: Request, outcome: Response | Breakdown) -> bool:
    if isinstance(outcome, Response):
        passing = request.repeatable and outcome.status in _PASSING_ERRORS
        return passing or is_rate_limited(outcome)
    return outcome.passing and (request.repeatable or not outcome.sent)


def _followed(request: Request, response: Response) -> Request | None:
    location = response.headers.get("location", "")
    if response.status not in _REDIRECTS or not location:
        return None
    try:
        return _redirected(request, response, location)
    except InvalidAddress:
        raise NoAnswer(str(request), "the server redirects to a malformed address") from None


def _redirected(request: Request, response: Response, location: str) -> Request | None:
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
