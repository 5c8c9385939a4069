"""Asking a BinderHub to build: its events, its refusals, and what it must not be able to do to us."""

from collections.abc import Iterable
from itertools import repeat

import pytest

from hub_image_actions.binder.launch import Launch, parse_repository
from hub_image_actions.binder.prebuild import BuildEvent, Prebuild, PrebuildFailed, read_events
from hub_image_actions.exchange import DEFAULT_LIMITS, Limits
from hub_image_actions.http import Http, RetryPolicy
from testbed.binder_hub import BUILT, FAILED, KEEPALIVE, TOO_MANY, BinderHub, Told, event

PATH = "/build/gh/o/r/binder%2Fmain"
BUILDING: Told = {"phase": "building", "message": "Step 1\n"}


def asked(hub: BinderHub, seconds: float = 30, limits: Limits = DEFAULT_LIMITS) -> tuple[bool, list[str]]:
    """Return whether an image is there, and the log."""
    lines: list[str] = []
    launch = Launch(hub.url, parse_repository("o/r"), "binder/main")
    with Http(RetryPolicy(attempts=1), limits) as http:
        return Prebuild(http, lines.append, seconds).ask(launch), lines


def failed(told: Iterable[Told], status: int = 200, limits: Limits = DEFAULT_LIMITS) -> PrebuildFailed:
    """Return how a build fails."""
    with BinderHub(told, status) as hub, pytest.raises(PrebuildFailed) as caught:
        asked(hub, limits=limits)
    return caught.value


def test_a_build_is_followed_until_the_image_is_there_and_no_server_is_waited_for() -> None:
    with BinderHub([*BUILT[:7], 20.0, *BUILT[7:]]) as hub:
        is_there, lines = asked(hub)
        assert hub.asked == [PATH]
        assert hub.sent == 7
    assert is_there
    assert lines == [
        *("Binder: waiting", "Waiting for build to start..."),
        *("Binder: fetching", "Picked Git content provider."),
        *("Binder: building", "Step 1/2 : FROM quay.io/a/b"),
        "a line of the log that names no phase",
        *("Binder: pushing", "Binder: built", "Built image, launching..."),
    ]


def test_an_image_that_is_there_already_is_seen_at_once() -> None:
    with BinderHub([{"phase": "built", "message": "Found built image, launching...\n"}, 20.0]) as hub:
        assert asked(hub)[0]


def test_a_federation_sends_on_to_one_of_its_members() -> None:
    with BinderHub() as member, BinderHub(member=member.url) as federation:
        assert asked(federation)[0]
        assert (federation.asked, member.asked) == ([PATH], [PATH])


def test_a_build_that_takes_longer_goes_on_without_us() -> None:
    with BinderHub([BUILDING, *(0.05, KEEPALIVE) * 200]) as hub:
        is_there, lines = asked(hub, seconds=0.5)
        assert hub.sent < 100
    assert not is_there
    assert lines == ["Binder: building", "Step 1"]


def test_a_failure_has_the_last_words_of_the_log() -> None:
    error = failed(FAILED)
    assert error.problem.endswith("failed: E: Unable to locate package gti Build failed")
    assert "/v2/gh/o/r/binder%2Fmain" in error.remedy


@pytest.mark.parametrize(("told", "status"), [(TOO_MANY, 200), ((), 429)])
def test_one_build_too_many_says_when_to_try_again(told: tuple[Told, ...], status: int) -> None:
    assert "Try again in an hour" in failed(told, status).remedy


@pytest.mark.parametrize("status", [404, 502, 503])
def test_another_answer_than_a_stream_is_told_by_its_status(status: int) -> None:
    assert f"answers {status}" in failed([b"<html>"], status).problem


def test_an_answer_that_ends_before_the_build_is_no_success() -> None:
    assert "ended its answer" in failed([BUILDING, KEEPALIVE]).problem


def test_a_binderhub_that_falls_silent_is_not_waited_for() -> None:
    limits = Limits(stream=0.3)
    assert "does not say how the build goes" in failed([BUILDING, 20.0], limits=limits).problem


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ([b"data: {\n\n"], "tells of no build"),
        ([b"data: " + b"[" * 90_000 + b"\n\n"], "tells of no build"),
        ([b"data: \xff\xfe\n\n"], "tells of no build"),
        ([b"data: " + b"x" * 200_000, 20.0], "a line that has no end"),
        (repeat(KEEPALIVE * 10_000, 700), "more of a build than there can be"),
    ],
)
def test_what_is_no_stream_of_events_ends_it(told: Iterable[Told], problem: str) -> None:
    assert problem in failed(told).problem


def test_a_log_without_end_is_told_to_its_largest_number_of_lines_only() -> None:
    with BinderHub([{"phase": "building", "message": "x\n" * 3_000}, *BUILT[6:]]) as hub:
        is_there, lines = asked(hub)
    assert is_there
    assert len(lines) == 2_000


def test_what_a_log_orders_a_terminal_is_not_told() -> None:
    hostile = "\x1b]0;title\x07\x1b[2J::error::no\x1b[31m red \x07" + "y" * 9_000
    with BinderHub([{"phase": "buil\x1b[2Jding\n::x", "message": hostile}, *BUILT[6:]]) as hub:
        _, lines = asked(hub)
    assert not any(char in line for line in lines for char in "\x1b\x07\n")
    assert max(map(len, lines)) <= 520


def test_events_of_other_shapes_are_not_stumbled_over() -> None:
    odd = b'data: {"phase": 7, "message": {"a": 1}, "status_code": "x"}\n\n'
    assert list(read_events([b"id: 1\r\nretry: 9\r\ndata: [1]\r\n\r\n", odd])) == [
        BuildEvent("building", "", 0)
    ]


def test_events_are_read_however_they_are_cut() -> None:
    stream = b"".join(event({"phase": "building", "message": "ü\n"}) for _ in range(3)) + KEEPALIVE
    whole = list(read_events([stream]))
    assert len(whole) == 3
    assert list(read_events(stream[at : at + 1] for at in range(len(stream)))) == whole
