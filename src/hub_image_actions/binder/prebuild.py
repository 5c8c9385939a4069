"""Asking a BinderHub to build beforehand, so that whoever comes first need not wait.

Source: BinderHub's API, https://binderhub.readthedocs.io/en/latest/api.html, and `binderhub/builder.py`: it
answers with status 200 and a stream of events, in which even a refusal is an event.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from hub_image_actions.binder.launch import Launch
from hub_image_actions.errors import ActionError
from hub_image_actions.exchange import NoAnswer
from hub_image_actions.http import Streams
from hub_image_actions.terminal_text import as_shown
from hub_image_actions.untrusted_json import InvalidJson, parse_json

# After these the image is there: what follows is the launch of a server that nobody asked for.
_THERE = {"built", "launching", "ready"}
_FAILED = {"failed", "failure"}
_LONGEST_EVENT = 64 << 10
_LARGEST_STREAM = 64 << 20
_LONGEST_LINE = 500
_MOST_LINES = 2_000
_LAST_WORDS = 5
_SLOWLY = "Try again in an hour: a BinderHub takes so many builds from one address."


class PrebuildFailed(ActionError):
    """What a BinderHub does not build, and its last words about it."""


@dataclass(frozen=True)
class BuildEvent:
    """One event of a build.

    Args:
        phase: what the build is at, as `building`.
        message: what the build's log says; often nothing.
        status: with a failure, the HTTP status that the BinderHub would have given it; else 0.
    """

    phase: str
    message: str
    status: int


@dataclass(frozen=True)
class Prebuild:
    """A request to a BinderHub to build, and its progress as long as one waits for it.

    Args:
        streams: what asks.
        tell: gets the log, line by line.
        seconds: how long one waits; the build goes on without.
        clock: tells the time, in seconds.
    """

    streams: Streams
    tell: Callable[[str], None]
    seconds: float
    clock: Callable[[], float] = time.monotonic

    def ask(self, launch: Launch) -> bool:
        """Have it build what a link launches; return whether the image is there, or still being built.

        Raises:
            PrebuildFailed: it refuses, it fails, or it speaks another language.
        """
        until = self.clock() + self.seconds
        # Without the header it refuses.
        headers = {"Accept": "text/event-stream", "User-Agent": "hub-image-actions"}
        try:
            with self.streams.opened("GET", launch.build_url, headers=headers) as answer:
                if answer.status != HTTPStatus.OK:
                    raise _refused(launch, answer.status)
                timely = _until(answer.blocks, lambda: self.clock() < until)
                return self._followed(launch, read_events(timely), until)
        except NoAnswer as error:
            raise PrebuildFailed(f"{launch.binder_url} does not say how the build goes: {error}") from error

    def _followed(self, launch: Launch, events: Iterable[BuildEvent], until: float) -> bool:
        last: deque[str] = deque(maxlen=_LAST_WORDS)
        phase, told = "", 0
        for event in events:
            lines = [f"Binder: {event.phase}"] if event.phase != phase else []
            phase = event.phase
            words = [as_shown(line)[:_LONGEST_LINE] for line in event.message.splitlines()]
            last += filter(None, words)
            for line in (lines + words)[: _MOST_LINES - told]:
                self.tell(line)
                told += 1
            if phase in _THERE:
                return True
            if phase in _FAILED:
                raise _failed(launch, event.status, list(last))
        if self.clock() < until:
            raise PrebuildFailed(f"{launch.binder_url} ended its answer before the build did.")
        return False


def _refused(launch: Launch, status: int) -> PrebuildFailed:
    remedy = _SLOWLY if status == HTTPStatus.TOO_MANY_REQUESTS else "Check `binder-url`."
    return PrebuildFailed(f"{launch.binder_url} answers {status} to a build.", remedy)


def _failed(launch: Launch, status: int, last: list[str]) -> PrebuildFailed:
    words = " ".join(last) or "it does not say why."
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return PrebuildFailed(f"{launch.binder_url} takes no build now: {words}", _SLOWLY)
    return PrebuildFailed(f"The build on {launch.binder_url} failed: {words}", f"See {launch.url}.")


def _until(blocks: Iterable[bytes], is_time: Callable[[], bool]) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > _LARGEST_STREAM:
            raise PrebuildFailed("The BinderHub tells more of a build than there can be to tell.")
        # Comments keep the connection alive, so that there is always a next block before long.
        if not is_time():
            return
        yield block


def read_events(blocks: Iterable[bytes]) -> Iterator[BuildEvent]:
    """Yield the events of a stream.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html.

    Raises:
        PrebuildFailed: it is no stream of such events.
    """
    for line in _lines(blocks):
        field, _, value = line.partition(b":")
        # Comments have no field; BinderHub sends them to keep the connection alive.
        if field != b"data":
            continue
        try:
            told = parse_json(value)
        except InvalidJson as error:
            raise PrebuildFailed(f"The BinderHub tells of no build: {error.reason}.") from error
        if isinstance(told, dict):
            yield _event(told)


def _event(told: dict[str, Any]) -> BuildEvent:
    phase, message, status = told.get("phase"), told.get("message"), told.get("status_code")
    return BuildEvent(
        # repo2docker's own lines bear none now and then: the build goes on.
        " ".join(as_shown(phase).split())[:_LONGEST_LINE] if isinstance(phase, str) else "building",
        message if isinstance(message, str) else "",
        status if isinstance(status, int) else 0,
    )


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from (line.rstrip(b"\r") for line in lines)
        if len(rest) > _LONGEST_EVENT:
            raise PrebuildFailed("The BinderHub sends a line that has no end.")
