"""Faults that are switched on for an endpoint and a call."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
PRIMARY = "API rate limit exceeded for installation ID 1."
HTML = "<html><head><title>{0} {1}</title></head><body><h1>{1}</h1><p>nginx</p></body></html>"


@dataclass(frozen=True)
class Refusal:
    """An answer given instead of the real one."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    html: bool = False


# The kinds that answer something; "reset", "truncate" and "silence" break the connection instead.
REFUSALS: dict[str, Callable[[int], Refusal]] = {
    "500": lambda _: Refusal(500, "Server Error"),
    "502": lambda _: Refusal(502, HTML.format(502, "Bad Gateway"), html=True),
    "503": lambda _: Refusal(503, "No server is currently available to service your request."),
    "429": lambda wait: Refusal(429, "Too many requests", {"Retry-After": str(wait)}),
    "secondary-rate-limit": lambda wait: Refusal(403, SECONDARY, {"Retry-After": str(wait)}),
    "rate-limit": lambda wait: Refusal(
        403, PRIMARY, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + wait)}
    ),
}
BREAKS = ("reset", "truncate", "silence", "refuse-push", "status")


@dataclass(eq=False)
class Fault:
    """One fault: where, on which of the matching calls, and what happens."""

    method: str
    path: str
    kind: str
    calls: range
    after: bool
    seconds: float
    retry_after: int
    status: int
    message: str
    headers: Mapping[str, str]
    seen: int = 0
    fired: int = 0

    def matches(self, method: str, template: str, target: str) -> bool:
        """Say whether a call is one that this fault counts."""
        there = self.path in ("*", template, target) or (self.path.startswith("/") and self.path == target)
        return there and self.method in ("*", method)

    @property
    def refusal(self) -> Refusal | None:
        """Return the answer to give, or None for a fault that breaks the connection."""
        if self.kind == "status":
            return Refusal(self.status, self.message, self.headers)
        make = REFUSALS.get(self.kind)
        return make(self.retry_after) if make else None


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        """Begin without any."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(
        self,
        kind: str,
        method: str = "*",
        path: str = "*",
        *,
        call: int | None = None,
        times: int = 1,
        after: bool = False,
        seconds: float = 30,
        retry_after: int = 1,
        status: int = 500,
        message: str = "Server Error",
        headers: Mapping[str, str] | None = None,
    ) -> Fault:
        """Switch a fault on.

        Args:
            kind: One of REFUSALS ("500", "502", "503", "429", "secondary-rate-limit", "rate-limit"), "status"
                (with `status`, `message`, `headers`), "reset", "truncate" (which always does the request),
                "silence" (for `seconds`, then closed), or "refuse-push" (the repository refuses the push,
                with `message`).
            method: The method, "*" for any.
            path: A template of the REST API, a concrete path without /api/v3, "git-upload-pack",
                "git-receive-pack", "info/refs", "info/refs?service=git-receive-pack", or "*".
            call: Which matching call is the first to fail, counted from 1 and from now on.
            times: How many matching calls fail from there on.
            after: Do what the request asks first, and fail then.
            seconds: How long a silence is.
            retry_after: The seconds that the rate-limit headers name.
            status: For kind "status".
            message: For kinds "status" and "refuse-push".
            headers: For kind "status".

        Returns:
            The fault, whose `seen` and `fired` count calls.

        Raises:
            ValueError: There is no such kind.
        """
        if kind not in REFUSALS and kind not in BREAKS:
            raise ValueError(f"unknown kind of fault: {kind}; known: {', '.join((*REFUSALS, *BREAKS))}")
        first = call or 1
        calls = range(first, first + times)
        fault = Fault(method, path, kind, calls, after, seconds, retry_after, status, message, headers or {})
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def due(self, method: str, template: str, target: str) -> Fault | None:
        """Count a call with each fault that it matches; return the first one that is due."""
        with self._lock:
            matching = [fault for fault in self._faults if fault.matches(method, template, target)]
            for fault in matching:
                fault.seen += 1
            found = next((fault for fault in matching if fault.seen in fault.calls), None)
            if found:
                found.fired += 1
            return found
