"""What a local GitHub was asked for, and how much of it went over the wire."""

from collections.abc import Sequence
from dataclasses import dataclass

from local_github.calls import Call

REFUSED = {401, 403, 429}


@dataclass(frozen=True)
class Traffic:
    """The requests of one run.

    Args:
        api_calls: calls of the API; archives, which GitHub does not count, are not among them.
        writes: those of them that change something.
        git_requests: requests of git.
        size: the bytes of all bodies, there and back.
        refused: calls beyond a limit, or without the right to them.
    """

    api_calls: int
    writes: int
    git_requests: int
    size: int
    refused: int

    @classmethod
    def of(cls, calls: Sequence[Call]) -> "Traffic":
        """Return what calls amount to."""
        api = [call for call in calls if call.template.startswith("/")]
        git = [call for call in calls if call.template == "info/refs" or call.template.startswith("git-")]
        return cls(
            api_calls=len(api),
            writes=sum(call.method not in {"GET", "HEAD"} for call in api),
            git_requests=len(git),
            size=sum(call.bytes_in + call.bytes_out for call in calls),
            refused=sum(call.status in REFUSED for call in api),
        )
