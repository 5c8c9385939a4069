"""What was asked of the local GitHub, and what was found wrong with it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Call:
    """One request: what came, who asked, what was answered.

    The headers hold no token: `Authorization` is the scheme alone, and `login` says whose token it was.
    """

    method: str
    template: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    scheme: str | None = None
    login: str | None = None
    status: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    fault: str | None = None

    @property
    def name(self) -> str:
        """Return METHOD /template."""
        return f"{self.method} {self.template}"


@dataclass(frozen=True)
class Problem:
    """A request or an answer that GitHub's own description does not allow."""

    method: str
    path: str
    reason: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.method} {self.path}: {self.reason}"


def counts(calls: Iterable[Call]) -> Counter[str]:
    """Return how often each METHOD /template was called."""
    return Counter(call.name for call in calls)
