"""How many calls a token may make, and how fast.

Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api.
"""

import contextlib
import math
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator

from . import rest
from .faults import SECONDARY
from .tokens import Token

MINUTE, HOUR = 60, 3600
READING = {"GET", "HEAD"}
READ_POINTS, WRITE_POINTS = 1, 5
MOST_AT_ONCE = 100


class RateLimits:
    """How many calls each token has made of those that it may make in an hour."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        """Begin an hour without calls."""
        self.limit = limit
        self._clock = clock
        self.reset = int(clock()) + HOUR
        self._used: Counter[str] = Counter()

    def of(self, token: Token | None) -> dict[str, int]:
        """Return what a token has left."""
        if self._clock() >= self.reset:
            self.reset = int(self._clock()) + HOUR
            self._used.clear()
        used = self._used[token.value if token else ""]
        left = max(self.limit - used, 0)
        return {"limit": self.limit, "used": used, "remaining": left, "reset": self.reset}

    def headers(self, token: Token | None) -> dict[str, str]:
        """Return the headers that every answer carries."""
        return {f"x-ratelimit-{name}": str(number) for name, number in self.of(token).items()}

    def spend(self, token: Token | None) -> None:
        """Count a call.

        Raises:
            Refused: There is none left.
        """
        if self.of(token)["remaining"] == 0:
            whose = f"user ID {token.user.id}" if token else "127.0.0.1"
            raise rest.Refused(403, f"API rate limit exceeded for {whose}.")
        self._used[token.value if token else ""] += 1


class Window:
    """What may be spent within so many seconds, whichever they are."""

    def __init__(self, most: int, seconds: int) -> None:
        """Begin with nothing spent."""
        self.most = most
        self.seconds = seconds
        self._spent: deque[tuple[float, int]] = deque()

    def wait(self, now: float, cost: int) -> float:
        """Return how long it takes until there is room for a cost; 0 where there is."""
        while self._spent and self._spent[0][0] <= now - self.seconds:
            self._spent.popleft()
        over = sum(spent for _, spent in self._spent) + cost - self.most
        for at, spent in self._spent:
            if over <= 0:
                break
            over -= spent
            if over <= 0:
                return at + self.seconds - now
        return 0.0

    def spend(self, now: float, cost: int) -> None:
        """Note what was spent."""
        self._spent.append((now, cost))


class SecondaryLimits:
    """How fast a token may call: points and changes in a minute, changes in an hour, calls at once.

    Every call that is no reading counts as one that creates content: GitHub does not say which do.
    """

    def __init__(self, clock: Callable[[], float], *, enforced: bool) -> None:
        """Begin with nothing spent."""
        self.enforced = enforced
        self.refused = 0
        self._clock = clock
        self._at_once = 0
        self._lock = threading.Lock()
        self._points: defaultdict[str, Window] = defaultdict(lambda: Window(900, MINUTE))
        self._changes: defaultdict[str, tuple[Window, Window]] = defaultdict(
            lambda: (Window(80, MINUTE), Window(500, HOUR))
        )

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a call as long as it takes."""
        with self._lock:
            self._at_once += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def spend(self, token: Token | None, method: str) -> None:
        """Count a call.

        Raises:
            Refused: It comes too fast; its header tells when to try again.
        """
        if not self.enforced:
            return
        now, whose = self._clock(), token.value if token else ""
        windows = [(self._points[whose], READ_POINTS if method in READING else WRITE_POINTS)]
        if method not in READING:
            windows += [(window, 1) for window in self._changes[whose]]
        wait = max(window.wait(now, cost) for window, cost in windows)
        if self._at_once > MOST_AT_ONCE:
            wait = max(wait, 1.0)
        if wait > 0:
            self.refused += 1
            refused = rest.Refused(403, SECONDARY)
            refused.headers["Retry-After"] = str(math.ceil(wait))
            raise refused
        for window, cost in windows:
            window.spend(now, cost)
