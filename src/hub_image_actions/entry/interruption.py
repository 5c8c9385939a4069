"""A cancelled job: the runner sends SIGINT, then SIGTERM, and after ten seconds ends everything."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hub_image_actions import process
from hub_image_actions.entry.new_start import AGAIN, CANCELLED
from hub_image_actions.errors import ActionError

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(ActionError):
    """The job was canceled."""


@contextmanager
def interruptible() -> Iterator[None]:
    """End the programs that were started, and leave the block by an error, when the job is cancelled.

    Raises:
        Interrupted: the job was canceled; what is cleaned up on the way is not interrupted again.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        process.end_running()
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in _SIGNALS}
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(CANCELLED, AGAIN) from None
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
