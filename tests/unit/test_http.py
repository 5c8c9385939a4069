"""Requests over HTTP: what is repeated, how long it takes, and what is sent to whom."""

import gzip
import socket
import struct
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import ClassVar

import pytest

from hub_image_actions.exchange import USER_AGENT, Headers, Limits, NoAnswer, Response, StreamedBody
from hub_image_actions.http import Http, RetryPolicy, is_rate_limited, wait_asked
from testbed.certificates import Authority
from testbed.loopback import LoopbackServer, QuietHandler

NOW = 1_800_000_000
Act = Callable[["_Handler"], None]


class _Handler(QuietHandler):
    owner: ClassVar["Server"]

    def handle(self) -> None:
        # A client that hangs up is what some tests are about.
        with suppress(OSError):
            super().handle()

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.owner.seen.append(Seen(self.command, self.path, headers, body))
        acts = self.owner.acts
        (acts.pop(0) if acts else answers(200, b"fine"))(self)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815  # the base class's names


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Server(LoopbackServer):
    """Does what it is told with each request, and answers `fine` when there is nothing left to do."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[Act] = []
        self.seen: list[Seen] = []


def answers(status: int, body: bytes = b"", **headers: str) -> Act:
    return lambda handler: handler.answer(
        status, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def answers_that_no_more_are_left(handler: _Handler) -> None:
    reset = str(int(time.time()) + 5)
    answers(403, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)(handler)


def resets(handler: _Handler) -> None:
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def keeps_silent(handler: _Handler) -> None:
    handler.close_connection = True
    handler.owner.closing.wait(2)


def writes(content: bytes) -> Act:
    def act(handler: _Handler) -> None:
        handler.close_connection = True
        handler.wfile.write(content)

    return act


cuts_off = writes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
cuts_off_a_chunk = writes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this")
damages = writes(
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"
)


def drips(handler: _Handler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(40):
        if handler.owner.closing.wait(0.05):
            return
        handler.wfile.write(b".")


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http(clock: Clock) -> Iterator[Http]:
    limits = Limits(connect=1, read=0.3)
    with Http(RetryPolicy(), limits, sleep=clock.sleep, clock=clock, chance=lambda: 1.0) as http:
        yield http


def methods(server: Server) -> list[str]:
    return [request.method for request in server.seen]


def test_an_answer_has_status_headers_and_body(server: Server, http: Http) -> None:
    server.acts = [answers(201, b"made", X_Thing="1")]
    response = http.request("POST", f"{server.url}/things?a=b", headers={"Accept": "text/plain"}, body=b"{}")
    assert (response.status, response.body, response.headers["x-thing"]) == (201, b"made", "1")
    assert (response.attempts, response.url) == (1, f"{server.url}/things?a=b")
    seen = server.seen[0]
    assert (seen.path, seen.body, seen.headers["accept"]) == ("/things?a=b", b"{}", "text/plain")
    assert seen.headers["user-agent"] == USER_AGENT


def test_a_packed_body_is_unpacked(server: Server, http: Http) -> None:
    server.acts = [answers(200, gzip.compress(b"x" * 200_000), Content_Encoding="gzip")]
    assert http.request("GET", server.url).body == b"x" * 200_000


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_passing_error_is_tried_again(server: Server, http: Http, method: str, status: int) -> None:
    server.acts = [answers(status), answers(status)]
    response = http.request(method, server.url)
    assert (response.status, response.attempts) == (200, 3)


def test_an_error_that_stays_is_returned_after_five_attempts(
    server: Server, http: Http, clock: Clock
) -> None:
    server.acts = [answers(503)] * 9
    response = http.request("GET", server.url)
    assert (response.status, response.attempts) == (503, 5)
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]


def test_delays_are_spread_by_chance(server: Server, clock: Clock) -> None:
    server.acts = [answers(503)] * 2
    with Http(sleep=clock.sleep, clock=clock, chance=lambda: 0.0) as http:
        http.request("GET", server.url)
    assert clock.slept == [0.25, 0.5]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_an_error_that_will_not_pass_is_returned_at_once(server: Server, http: Http, status: int) -> None:
    server.acts = [answers(status)]
    assert http.request("GET", server.url).status == status
    assert len(server.seen) == 1


def test_a_post_that_failed_on_the_server_is_not_repeated(server: Server, http: Http) -> None:
    server.acts = [answers(502)]
    assert http.request("POST", server.url).status == 502
    assert len(server.seen) == 1


def test_a_post_that_can_be_done_twice_is_repeated(server: Server, http: Http) -> None:
    server.acts = [answers(502), resets]
    assert http.request("POST", server.url, idempotent=True).attempts == 3


def test_a_put_that_cannot_be_done_twice_is_not_repeated(server: Server, http: Http) -> None:
    server.acts = [answers(502)]
    assert http.request("PUT", server.url, idempotent=False).status == 502


def test_without_retry_there_is_one_attempt(server: Server, http: Http) -> None:
    server.acts = [answers(503)]
    assert http.request("GET", server.url, retry=False).status == 503


LOST = {
    "reset": (resets, "the connection was reset"),
    "silence": (keeps_silent, "the server said nothing for 0.3 seconds"),
    "cut off": (cuts_off, "the answer was cut off"),
    "cut off in a chunk": (cuts_off_a_chunk, "the answer was cut off"),
    "damaged": (damages, "the answer's compression is damaged"),
}


@pytest.mark.parametrize("act", [act for act, _ in LOST.values()], ids=LOST)
def test_a_lost_answer_is_asked_for_again(server: Server, http: Http, act: Act) -> None:
    server.acts = [act]
    response = http.request("GET", server.url)
    assert (response.body, response.attempts) == (b"fine", 2)


@pytest.mark.parametrize(("act", "reason"), LOST.values(), ids=LOST)
def test_a_post_whose_answer_is_lost_is_uncertain_and_not_repeated(
    server: Server, http: Http, act: Act, reason: str
) -> None:
    server.acts = [act]
    with pytest.raises(NoAnswer) as caught:
        http.request("POST", f"{server.url}/things?token=secret")
    assert caught.value.uncertain
    assert str(caught.value) == f"POST {server.url}/things got no answer: {reason}."
    assert len(server.seen) == 1


@pytest.mark.parametrize(("method", "uncertain"), [("GET", False), ("HEAD", False), ("PUT", True)])
def test_only_a_request_that_changes_something_is_uncertain(
    server: Server, http: Http, method: str, uncertain: bool
) -> None:
    server.acts = [resets] * 9
    with pytest.raises(NoAnswer, match=r"reset \(5 attempts\)") as caught:
        http.request(method, server.url)
    assert caught.value.uncertain is uncertain


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again_and_certain(http: Http, clock: Clock, method: str) -> None:
    with Server() as gone:
        url = gone.url
    with pytest.raises(NoAnswer, match=r"the connection was refused \(5 attempts\)") as caught:
        http.request(method, url)
    assert not caught.value.uncertain
    assert len(clock.slept) == 4


def test_an_earlier_failure_does_not_make_a_lost_answer_certain(server: Server, http: Http) -> None:
    with Server() as gone:
        url = gone.url
    server.acts = [resets]

    def fails_and_asks_another() -> None:
        try:
            http.request("POST", url)
        except NoAnswer:
            http.request("POST", server.url)

    with pytest.raises(NoAnswer) as caught:
        fails_and_asks_another()
    assert caught.value.uncertain
    assert len(server.seen) == 1


def test_a_certificate_that_is_not_trusted_is_named_at_once(
    server: Server, http: Http, clock: Clock, tmp_path: Path
) -> None:
    server.encrypt(Authority(tmp_path).server_context())
    with pytest.raises(NoAnswer, match="its certificate is not trusted") as caught:
        http.request("POST", server.url.replace("http:", "https:"))
    assert "REQUESTS_CA_BUNDLE" in caught.value.remedy
    assert (caught.value.uncertain, clock.slept) == (False, [])


def test_an_unknown_host_is_named_as_such(http: Http) -> None:
    with pytest.raises(NoAnswer, match="name is not known") as caught:
        http.request("POST", "http://nobody.invalid/")
    assert not caught.value.uncertain


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(answers(429, Retry_After="3"), id="429"),
        pytest.param(answers(403, Retry_After="3"), id="403 with Retry-After"),
        pytest.param(
            answers_that_no_more_are_left,
            id="403 with GitHub's headers",
        ),
    ],
)
def test_a_request_that_was_one_too_many_waits_as_told(
    server: Server, http: Http, clock: Clock, act: Act, method: str
) -> None:
    server.acts = [act]
    assert http.request(method, server.url).status == 200
    assert clock.slept[0] >= 3


def test_a_secondary_rate_limit_without_headers_waits_a_minute(
    server: Server, http: Http, clock: Clock
) -> None:
    server.acts = [answers(403, b'{"message": "You have exceeded a secondary rate limit."}')]
    assert http.request("POST", server.url).status == 200
    assert clock.slept == [60.5]


def test_an_error_with_retry_after_waits_as_told(server: Server, http: Http, clock: Clock) -> None:
    server.acts = [answers(503, Retry_After="7")]
    assert http.request("GET", server.url).status == 200
    assert clock.slept == [7.5]


@pytest.mark.parametrize("first", [[], [answers(429, Retry_After="100")]])
def test_a_wait_longer_than_what_is_left_is_not_begun(
    server: Server, http: Http, clock: Clock, first: list[Act]
) -> None:
    server.acts = [*first, answers(429, Retry_After="121")]
    response = http.request("GET", server.url)
    assert (response.status, wait_asked(response)) == (429, 121)
    assert len(clock.slept) == len(first)


def test_no_attempt_begins_after_the_time_for_the_call(server: Server, clock: Clock) -> None:
    server.acts = [answers(503, Retry_After="30")] * 9
    with Http(RetryPolicy(longest_wait=999), Limits(call=70), sleep=clock.sleep, clock=clock) as http:
        assert http.request("GET", server.url).attempts == 3


def test_a_server_that_drips_is_left(server: Server) -> None:
    server.acts = [drips]
    limits = Limits(read=1, exchange=0.3)
    with Http(limits=limits) as http, pytest.raises(NoAnswer, match=r"not complete within 0\.3 seconds"):
        http.request("GET", server.url, retry=False)


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_is_too_large_is_not_taken(server: Server, packed: bool) -> None:
    body = bytes(3 << 20)
    server.acts = [
        answers(200, gzip.compress(body), Content_Encoding="gzip") if packed else answers(200, body)
    ]
    with Http(limits=Limits(body=2 << 20)) as http, pytest.raises(NoAnswer, match="larger than 2 MiB"):
        http.request("GET", server.url)
    assert len(server.seen) == 1


def test_a_redirect_to_the_same_host_keeps_the_credentials(server: Server, http: Http) -> None:
    server.acts = [answers(307, Location="/there")]
    response = http.request("GET", f"{server.url}/here", headers={"Authorization": "Bearer s"})
    assert response.url == f"{server.url}/there"
    assert [request.headers.get("authorization") for request in server.seen] == ["Bearer s", "Bearer s"]


def test_a_redirect_to_another_host_loses_the_credentials(server: Server, http: Http) -> None:
    with Server() as other:
        server.acts = [answers(307, Location=f"{other.url}/blob")]
        headers = {"authorization": "Bearer s", "Cookie": "c", "Accept": "a"}
        assert http.request("GET", server.url, headers=headers).body == b"fine"
        received = other.seen[0].headers
    assert received["accept"] == "a"
    assert not {"authorization", "cookie"} & set(received)


def test_a_body_is_redirected_on_the_same_host_as_it_is(server: Server, http: Http) -> None:
    server.acts = [answers(307, Location="/renamed")]
    assert http.request("POST", f"{server.url}/old", body=b"x").status == 200
    assert [(request.method, request.path, request.body) for request in server.seen] == [
        ("POST", "/old", b"x"),
        ("POST", "/renamed", b"x"),
    ]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_body_is_not_redirected_where_the_method_would_change(
    server: Server, http: Http, status: int
) -> None:
    server.acts = [answers(status, Location="/there")]
    assert http.request("POST", server.url, body=b"x").status == status


def test_a_body_is_not_redirected_to_another_host(server: Server, http: Http) -> None:
    with Server() as other:
        server.acts = [answers(307, Location=other.url)]
        assert http.request("POST", server.url, body=b"secret").status == 307
    assert other.seen == []


def test_redirects_end(server: Server, http: Http) -> None:
    server.acts = [answers(302, Location="/again")] * 20
    with pytest.raises(NoAnswer, match="in a circle"):
        http.request("GET", server.url)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.org/", "http://[::1", "//h:x/"])
def test_a_redirect_out_of_http_is_not_followed(server: Server, http: Http, location: str) -> None:
    server.acts = [answers(302, Location=location)]
    with pytest.raises(NoAnswer, match="redirects to a"):
        http.request("GET", server.url)


@pytest.mark.parametrize("at", ["\\@", "@", "\t@", "%5C@", "\u00a0@"])
def test_a_redirect_that_can_be_read_as_two_hosts_is_not_followed(
    server: Server, http: Http, at: str
) -> None:
    with Server() as other:
        # One parser sees a user's name before the first server here, another the second server before a path.
        location = f"{other.url}{at}{server.url.removeprefix('http://')}/x"
        server.acts = [answers(307, Location=location)]
        with pytest.raises(NoAnswer, match="redirects to a malformed address"):
            http.request("GET", server.url, headers={"Authorization": "Bearer s"})
    assert other.seen == []
    assert len(server.seen) == 1


def test_cookies_are_not_kept(server: Server, http: Http) -> None:
    server.acts = [answers(200, Set_Cookie="a=b")]
    http.request("GET", server.url)
    http.request("GET", server.url)
    assert "cookie" not in server.seen[1].headers


def test_credentials_of_netrc_and_url_are_not_sent(
    server: Server, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    http.request("GET", server.url)
    http.request("GET", server.url.replace("//", "//somebody:s3cret@"))
    assert not any("authorization" in request.headers for request in server.seen)


@pytest.fixture
def proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that answers for every host, which the environment names as the proxy."""
    for name in ("no_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", "//somebody:s3cret@"))
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//somebody:s3cret@"))
    return server


def test_proxies_come_from_the_environment(proxy: Server, http: Http) -> None:
    assert http.request("GET", "http://nobody.invalid/x").body == b"fine"
    assert proxy.seen[0].path == "http://nobody.invalid/x"
    assert proxy.seen[0].headers["proxy-authorization"] == f"Basic {b64encode(b'somebody:s3cret').decode()}"


def test_redirects_and_streams_take_the_proxy_as_well(proxy: Server, http: Http) -> None:
    proxy.acts = [answers(307, Location="http://blobs.invalid/b"), answers(200, b"layer")]
    with http.opened("GET", "http://nobody.invalid/x") as answer:
        assert b"".join(answer.blocks) == b"layer"
    with http.opened("PUT", "http://nobody.invalid/y", body=StreamedBody(2, [b"a", b"b"])) as answer:
        assert answer.status == 200
    assert [(seen.path, seen.body) for seen in proxy.seen] == [
        ("http://nobody.invalid/x", b""),
        ("http://blobs.invalid/b", b""),
        ("http://nobody.invalid/y", b"ab"),
    ]


@pytest.mark.parametrize(
    "left_out", ["nobody.invalid", ".invalid", "invalid", "a.example, nobody.invalid:80", "*"]
)
def test_what_no_proxy_names_is_asked_without_the_proxy(
    proxy: Server, http: Http, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    monkeypatch.setenv("NO_PROXY", left_out)
    with pytest.raises(NoAnswer, match="the host's name is not known"):
        http.request("GET", "http://nobody.invalid:80/x")
    assert proxy.seen == []


@pytest.mark.parametrize("left_out", ["body.invalid", "nobody.invalid:81", "a.example"])
def test_what_no_proxy_does_not_name_goes_through_the_proxy(
    proxy: Server, http: Http, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    monkeypatch.setenv("NO_PROXY", left_out)
    assert http.request("GET", "http://nobody.invalid:80/x").status == 200
    assert len(proxy.seen) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_asked_without_the_proxy(proxy: Server, http: Http, host: str) -> None:
    with Server() as local:
        assert http.request("GET", local.url.replace("127.0.0.1", host)).body == b"fine"
        assert [seen.path for seen in local.seen] == ["/"]
    assert proxy.seen == []


def test_a_header_with_a_line_break_is_an_error_without_the_secret(server: Server, http: Http) -> None:
    with pytest.raises(NoAnswer, match="malformed") as caught:
        http.request("GET", server.url, headers={"Authorization": "Bearer s3cret\n"})
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert server.seen == []


@pytest.mark.parametrize("url", ["no address", "http://", "ftp://example.org/", "http://[::1"])
def test_an_address_that_is_none_is_an_error(http: Http, url: str) -> None:
    with pytest.raises(NoAnswer, match="malformed"):
        http.request("GET", url)


def test_an_error_shows_neither_query_nor_password(http: Http) -> None:
    with Server() as gone:
        url = gone.url.replace("//", "//somebody:s3cret@")
    with pytest.raises(NoAnswer) as caught:
        http.request("GET", f"{url}/x?signature=s3cret", retry=False)
    assert "s3cret" not in str(caught.value)


def test_importing_the_module_does_not_import_requests(root: Path) -> None:
    code = "import sys, hub_image_actions.http; print('requests' in sys.modules or 'urllib3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(root / "src")}, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"False"


@pytest.mark.parametrize(
    ("status", "headers", "body", "limited"),
    [
        (429, {}, b"", True),
        (403, {"Retry-After": "1"}, b"", True),
        (403, {"X-RateLimit-Remaining": "0"}, b"", True),
        (403, {"X-RateLimit-Remaining": "1"}, b"", False),
        (403, {}, b"You have exceeded a secondary rate limit", True),
        (403, {}, b"Resource not accessible by integration", False),
        (200, {"X-RateLimit-Remaining": "0"}, b"", False),
        (503, {"Retry-After": "1"}, b"", False),
    ],
)
def test_a_rate_limit_is_told_from_a_refusal(
    status: int, headers: dict[str, str], body: bytes, limited: bool
) -> None:
    assert is_rate_limited(Response(status, Headers(headers), body)) is limited


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "12"}, 12),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": formatdate(NOW + 30, usegmt=True)}, 30),
        ({"Retry-After": formatdate(NOW - 30, usegmt=True)}, 0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW + 40)}, 40),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": str(NOW + 40)}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, None),
        ({"Retry-After": "2", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW + 40)}, 2),
    ],
)
def test_the_wait_is_the_one_that_the_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    dated = Headers({"Date": formatdate(NOW, usegmt=True), **headers})
    assert wait_asked(Response(429, dated)) == seconds
