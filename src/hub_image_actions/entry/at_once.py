"""Many questions at once, as many as GitHub likes."""

import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError

K = TypeVar("K")
T = TypeVar("T")
# GitHub limits how many calls may be under way at the same time, and asks not to come near that.
_AT_ONCE = 8
_REPORT_IT = "Report it: https://github.com/berkeley-dsep-infra/hub-image-actions/issues."


class AtOnce:
    """Makes calls in several threads, and shows on the console whose answer is awaited."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, what: str, calls: Mapping[K, Callable[[], T]]) -> Mapping[K, T | ActionError]:
        """Return what each call returned, or the error with which it failed; see `status.Reader`."""
        pool = ThreadPoolExecutor(_AT_ONCE)
        begun = [(key, pool.submit(_outcome, call)) for key, call in calls.items()]
        try:
            return dict(self._collected(what, begun))
        finally:
            # Whoever interrupts waits for no call that is under way; they only ask.
            pool.shutdown(wait=False, cancel_futures=True)

    def _collected(
        self, what: str, begun: list[tuple[K, "Future[T | ActionError]"]]
    ) -> "list[tuple[K, T | ActionError]]":
        steps = self._console.progress(begun, lambda step: f"{what} {_name(step[0])}")
        return [(key, future.result()) for key, future in steps]


def _outcome(call: Callable[[], T]) -> T | ActionError:
    try:
        return call()
    except ActionError as error:
        return error
    except Exception as error:  # noqa: BLE001  # what somebody wrote into one repository must not end the others
        # Where it happened is what whoever fixes it needs first.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        return ActionError(
            f"A bug of hub-image-actions, at {place}: {type(error).__name__}: {error}.", _REPORT_IT
        )


def _name(key: object) -> str:
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
