"""The pace at which GitHub is asked."""

from collections.abc import Mapping

import pytest

from hub_image_actions.exchange import Headers, Response
from hub_image_actions.github.pace import GITHUBS_ALLOWANCE, Allowance, Pace, PacedHttp
from hub_image_actions.http import Http


class Time:
    """Passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Answers(Http):
    """Gives prepared answers."""

    def __init__(self, *answers: Response) -> None:
        super().__init__()
        self.answers = list(answers)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        body: bytes | None = None,
        retry: bool = True,
        idempotent: bool | None = None,
    ) -> Response:
        return self.answers.pop(0)


@pytest.fixture
def time() -> Time:
    return Time()


def pace(time: Time, allowance: Allowance = GITHUBS_ALLOWANCE, said: list[str] | None = None) -> Pace:
    return Pace(allowance, (said if said is not None else []).append, sleep=time.sleep, clock=time)


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    return Response(status, Headers({name.replace("_", "-"): text for name, text in headers.items()}), body)


def test_between_two_changes_lies_a_second(time: Time) -> None:
    steady = pace(time)
    for method in ("POST", "GET", "PATCH", "GET", "PUT", "DELETE"):
        steady.wait(method)
    assert time.slept == [1.0, 1.0, 1.0]


def test_time_that_passed_anyway_is_not_waited_for(time: Time) -> None:
    steady = pace(time)
    steady.wait("POST")
    time.now += 0.75
    steady.wait("POST")
    assert time.slept == [0.25]


def test_reading_alone_waits_for_nothing_but_the_points_of_a_minute(time: Time) -> None:
    steady = pace(time)
    for _ in range(900):
        steady.wait("GET")
    assert time.slept == []
    steady.wait("GET")
    assert sum(time.slept) == pytest.approx(61)


@pytest.mark.parametrize(
    ("allowance", "requests", "seconds"),
    [
        (Allowance(between_changes=0), 81, 61),
        (Allowance(between_changes=0, changes_a_minute=1000), 181, 61),
        (Allowance(between_changes=0, changes_a_minute=1000, points=10_000), 501, 3601),
        (Allowance(), 500, 499),
        (Allowance(), 501, 3601),
    ],
    ids=["changes of a minute", "points of a minute", "changes of an hour", "a second apart", "an hour"],
)
def test_changes_keep_within_every_limit(
    time: Time, allowance: Allowance, requests: int, seconds: float
) -> None:
    steady = pace(time, allowance)
    for _ in range(requests):
        steady.wait("POST")
    assert sum(time.slept) == pytest.approx(seconds)


def test_when_no_call_is_left_it_waits_for_the_hour_to_end(time: Time) -> None:
    said: list[str] = []
    steady = pace(time, said=said)
    date = "Mon, 23 Nov 2026 04:00:00 GMT"
    steady.heed(answer(x_ratelimit_remaining="0", x_ratelimit_reset="1795407600", date=date))
    steady.wait("GET")
    assert time.slept == [1200 + 1]
    assert said == ["Waiting 20 minutes: GitHub limits how fast it is asked."]


def test_an_answer_that_asks_for_nothing_is_not_waited_for(time: Time) -> None:
    steady = pace(time)
    steady.heed(answer(x_ratelimit_remaining="10", x_ratelimit_reset="99999999999"))
    steady.wait("GET")
    assert time.slept == []


def test_short_waits_are_not_worth_a_word(time: Time) -> None:
    said: list[str] = []
    steady = pace(time, said=said)
    steady.wait("POST")
    steady.wait("POST")
    assert said == []


def test_a_request_that_was_turned_away_is_sent_again_in_time(time: Time) -> None:
    http = PacedHttp(Answers(answer(403, retry_after="30"), answer(201)), pace(time))
    assert http.request("POST", "https://api.example.org/x").status == 201
    assert time.now == 1031


def test_a_request_that_is_turned_away_again_and_again_is_given_back(time: Time) -> None:
    answers = Answers(*[answer(429, retry_after="30")] * 5)
    assert PacedHttp(answers, pace(time)).request("GET", "https://api.example.org/x").status == 429
    assert len(answers.answers) == 2


def test_a_refusal_for_another_reason_is_not_tried_again(time: Time) -> None:
    answers = Answers(answer(403, b"Resource not accessible"), answer(200))
    assert PacedHttp(answers, pace(time)).request("GET", "https://api.example.org/x").status == 403
    assert time.slept == []
