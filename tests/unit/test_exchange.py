"""One exchange: its values, and why no answer came."""

import socket
import time

import pytest

from hub_image_actions.breakdown import Breakdown
from hub_image_actions.exchange import (
    Exchanges,
    Headers,
    NoAnswer,
    OpenAnswer,
    Request,
    Response,
    StreamedBody,
)


def request(url: str, **headers: str) -> Request:
    return Request("GET", url, headers, None, True)


@pytest.fixture
def closed_port() -> int:
    """Returns a port of this machine on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def test_headers_are_found_in_any_case() -> None:
    headers = Headers({"Docker-Content-Digest": "d"})
    assert (headers["docker-content-digest"], headers.get("DOCKER-CONTENT-DIGEST")) == ("d", "d")
    assert (list(headers), len(headers)) == (["docker-content-digest"], 1)


def test_a_request_is_not_shown_with_its_secrets() -> None:
    assert "s3cret" not in repr(Response(200, body=b"s3cret"))


def test_a_body_in_blocks_tells_its_size_and_can_be_read_again() -> None:
    body = StreamedBody(4, [b"ab", b"cd"])
    assert (len(body), b"".join(body), b"".join(body)) == (4, b"abcd", b"abcd")


@pytest.mark.parametrize(("most", "beginning"), [(3, b"abc"), (4, b"abcd"), (99, b"abcdef")])
def test_the_beginning_of_an_answer_is_no_longer_than_asked_for(most: int, beginning: bytes) -> None:
    assert OpenAnswer(200, Headers(), iter([b"ab", b"cd", b"ef"])).beginning(most) == beginning


def test_a_refused_connection_is_a_breakdown_of_which_the_server_knows_nothing(closed_port: int) -> None:
    outcome = Exchanges().send(request(f"http://127.0.0.1:{closed_port}/"), time.monotonic() + 9)
    assert isinstance(outcome, Breakdown)
    assert (outcome.reason, outcome.sent, outcome.passing) == ("the connection was refused", False, True)


@pytest.mark.parametrize("url", ["ftp://example.org/", "http://[::1"])
def test_a_malformed_address_is_an_error_at_once(url: str) -> None:
    with pytest.raises(NoAnswer, match="malformed"):
        Exchanges().send(request(url), time.monotonic() + 9)


def test_a_streamed_exchange_that_is_refused_is_an_error(closed_port: int) -> None:
    with pytest.raises(NoAnswer, match="refused") as raised:
        Exchanges().begin(request(f"http://127.0.0.1:{closed_port}/"), None)
    assert not raised.value.uncertain
