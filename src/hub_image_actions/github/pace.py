"""The pace at which GitHub wants to be asked by somebody who asks for many repositories.

Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api for the limits; beside
it, best-practices-for-using-the-rest-api for the second between two changes.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub_image_actions.exchange import Response
from hub_image_actions.http import HttpClient, is_rate_limited, wait_asked

_MINUTE, _HOUR = 60.0, 3600.0
# GitHub counts when a request comes in, which is not quite when it is sent.
_SLACK = 1.0
_READING = frozenset({"GET", "HEAD"})
_WORTH_TELLING = 10.0
_ATTEMPTS = 3
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Allowance:
    """What may be asked of GitHub.

    Args:
        between_changes: seconds between two requests that change something.
        points: points a minute; a request that reads costs one, one that changes something five.
        changes_a_minute: requests a minute that change something.
        changes_an_hour: requests an hour that change something.
    """

    between_changes: float = 1.0
    points: int = 900
    changes_a_minute: int = 80
    changes_an_hour: int = 500


GITHUBS_ALLOWANCE = Allowance()
NO_LIMITS = Allowance(0.0, sys.maxsize, sys.maxsize, sys.maxsize)


class Pace:
    """Waits before a request as long as GitHub's limits and its last answer ask for.

    Args:
        allowance: the limits.
        tell: told of waits that are long enough to wonder about.
        sleep: passes the time.
        clock: tells the time, in seconds.
    """

    def __init__(
        self,
        allowance: Allowance = GITHUBS_ALLOWANCE,
        tell: Callable[[str], None] = lambda _: None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._between_changes = allowance.between_changes
        self._points = _Window(allowance.points, _MINUTE)
        self._changes = (
            _Window(allowance.changes_a_minute, _MINUTE),
            _Window(allowance.changes_an_hour, _HOUR),
        )
        self._tell = tell
        self._sleep = sleep
        self._clock = clock
        self._next_change = self._not_before = float("-inf")
        self._lock = threading.Lock()

    def wait(self, method: str) -> None:
        """Wait until a request may be sent, and count it."""
        changes = method.upper() not in _READING
        while (pause := self._reserve(changes=changes)) > 0:
            if pause >= _WORTH_TELLING:
                self._tell(f"Waiting {_duration(pause)}: GitHub limits how fast it is asked.")
            self._sleep(pause)

    def heed(self, response: Response) -> None:
        """Note what an answer asks for: no request before its limit is lifted."""
        asked = wait_asked(response)
        if asked is not None:
            with self._lock:
                self._not_before = max(self._not_before, self._clock() + asked + _SLACK)

    def _reserve(self, *, changes: bool) -> float:
        """Count the request if it may be sent now and return 0, else the seconds until it may."""
        with self._lock:
            now = self._clock()
            costs = [(self._points, 5 if changes else 1)]
            until = [self._not_before]
            if changes:
                costs += [(window, 1) for window in self._changes]
                until.append(self._next_change)
            until += [window.room(now, cost) for window, cost in costs]
            if (pause := max(until) - now) > 0:
                return pause
            for window, cost in costs:
                window.count(now, cost)
            if changes:
                self._next_change = now + self._between_changes
            return 0.0


class PacedHttp:
    """Sends requests as another does, at a pace.

    Args:
        http: what sends them; whoever made it closes it.
        pace: when.
    """

    def __init__(self, http: HttpClient, pace: Pace) -> None:
        self._http = http
        self._pace = pace

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
        """Wait for its turn, then send a request; see :meth:`HttpClient.request`.

        One that was turned away as one too many was not carried out: it is sent again when GitHub says so.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            self._pace.wait(method)
            response = self._http.request(
                method, url, headers=headers, body=body, retry=retry, idempotent=idempotent
            )
            self._pace.heed(response)
            if attempt == _ATTEMPTS or not is_rate_limited(response):
                return response
        raise AssertionError("the loop returns")


class _Window:
    """What was spent in the last so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds + _SLACK
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def room(self, now: float, cost: int) -> float:
        """Return the moment from which there is room for a cost."""
        while self._spent and self._spent[0][0] + self._seconds <= now:
            self._sum -= self._spent.popleft()[1]
        over = self._sum + cost - self._most
        for at, spent in self._spent:
            if over <= 0:
                break
            over -= spent
            if over <= 0:
                return at + self._seconds
        return now

    def count(self, now: float, cost: int) -> None:
        self._spent.append((now, cost))
        self._sum += cost


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} seconds" if whole < 2 * _MINUTE else f"{round(whole / _MINUTE)} minutes"
