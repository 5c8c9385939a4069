"""The limits on how often and how fast the local GitHub is asked."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from local_github import LocalGitHub, limits
from local_github.rest import Refused

NAME = "hubs/image"


class Time:
    """Stands still until it is moved."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Client:
    """Asks with one token."""

    def __init__(self, github: LocalGitHub) -> None:
        self.url = f"{github.api_url}/repos/{NAME}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {github.create_token()}"

    def __call__(self, method: str, path: str = "", **body: Any) -> requests.Response:
        return self.session.request(method, self.url + path, json=body or None, timeout=30)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def github(tmp_path: Path, time: Time) -> Iterator[LocalGitHub]:
    with LocalGitHub(tmp_path / "github", secondary_limits=True, clock=time, rate_limit=10_000) as running:
        running.create_repository(NAME, {"a": "b"})
        yield running


@pytest.fixture
def ask(github: LocalGitHub) -> Iterator[Client]:
    client = Client(github)
    yield client
    client.session.close()


def label(ask: Client, number: int) -> requests.Response:
    return ask("POST", "/labels", name=f"label {number}")


def test_the_eighty_first_change_of_a_minute_is_one_too_many(
    ask: Client, github: LocalGitHub, time: Time
) -> None:
    assert {label(ask, number).status_code for number in range(80)} == {201}
    time.now += 20
    refused = label(ask, 80)
    assert (refused.status_code, refused.headers["Retry-After"]) == (403, "40")
    assert "secondary rate limit" in refused.json()["message"]
    assert github.secondary.refused == 1
    assert ask("GET").status_code == 200
    time.now += 40
    assert label(ask, 81).status_code == 201
    assert github.problems == []


def test_the_points_of_a_minute_are_counted_for_each_token(
    ask: Client, github: LocalGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "READ_POINTS", 450)
    assert [ask("GET").status_code for _ in range(3)] == [200, 200, 403]
    assert Client(github)("GET").status_code == 200


def test_the_five_hundred_and_first_change_of_an_hour_is_one_too_many(time: Time) -> None:
    limit = limits.SecondaryLimits(time, enforced=True)
    for _ in range(500):
        limit.spend(None, "POST")
        time.now += 1
    with pytest.raises(Refused) as caught:
        limit.spend(None, "POST")
    assert caught.value.headers["Retry-After"] == str(3600 - 500)


def test_more_than_a_hundred_at_once_are_too_many(time: Time) -> None:
    limit = limits.SecondaryLimits(time, enforced=True)
    with ExitStack() as under_way:
        for _ in range(100):
            under_way.enter_context(limit.under_way())
        limit.spend(None, "GET")
        under_way.enter_context(limit.under_way())
        with pytest.raises(Refused):
            limit.spend(None, "GET")
    limit.spend(None, "GET")


def test_without_the_switch_nothing_is_too_fast(tmp_path: Path) -> None:
    with LocalGitHub(tmp_path / "github") as github:
        github.create_repository(NAME, {"a": "b"})
        ask = Client(github)
        assert {label(ask, number).status_code for number in range(90)} == {201}


def test_the_hour_ends(ask: Client, github: LocalGitHub, time: Time) -> None:
    github.limits.limit = 1
    assert [ask("GET").status_code for _ in range(2)] == [200, 403]
    time.now += 3600
    assert ask("GET").status_code == 200


def test_the_date_of_an_answer_is_the_time_of_its_limits(ask: Client) -> None:
    answer = ask("GET")
    assert answer.headers["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert answer.headers["x-ratelimit-reset"] == str(1_800_000_000 + 3600)
