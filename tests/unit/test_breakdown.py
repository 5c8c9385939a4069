"""Why no answer came: of each cause its words, its remedy, and whether another try can help."""

import ssl
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from requests.exceptions import SSLError

from hub_image_actions.breakdown import Breakdown, Proxy, breakdown_of
from hub_image_actions.exchange import Limits, NoAnswer
from hub_image_actions.http import Http
from testbed.certificates import Authority
from testbed.loopback import LoopbackServer, QuietHandler

TRUSTED = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY")


class _Handler(QuietHandler):
    owner: ClassVar["Server"]

    def do_GET(self) -> None:  # noqa: N802 - http.server wants this name
        self.answer(200, b"fine")

    def do_CONNECT(self) -> None:  # noqa: N802 - http.server wants this name
        self.owner.tunnels.append(self.path)
        self.close_connection = True
        self.answer(self.owner.status)


class Server(LoopbackServer):
    """Answers `fine`, and refuses to be a proxy with a status."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.status = 407
        self.tunnels: list[str] = []

    @property
    def https(self) -> str:
        """Its address in https, whether that is spoken or not."""
        return f"https://{self.host}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in (*TRUSTED, *PROXIES):
        monkeypatch.delenv(name, raising=False)
    with Server() as server:
        yield server


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def http(slept: list[float]) -> Iterator[Http]:
    with Http(limits=Limits(connect=1, read=0.5), sleep=slept.append) as http:
        yield http


def failure(http: Http, url: str) -> NoAnswer:
    with pytest.raises(NoAnswer) as raised:
        http.request("POST", url)
    return raised.value


def test_a_server_that_speaks_plain_http_is_named_at_once(
    server: Server, http: Http, slept: list[float]
) -> None:
    error = failure(http, server.https)
    assert error.reason == "it answers in plain http, not in https"
    assert "Have the server answer in https." in error.remedy
    assert (error.uncertain, slept) == (False, [])


def test_a_stream_from_a_server_that_speaks_plain_http_is_named_as_well(server: Server, http: Http) -> None:
    with pytest.raises(NoAnswer, match="plain http"), http.opened("GET", server.https):
        pytest.fail("there is no answer")


@pytest.mark.parametrize("reason", ["WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"])
def test_every_word_of_openssl_for_plain_http_is_known(reason: str) -> None:
    cause = ssl.SSLError(1, f"[SSL: {reason}]")
    cause.reason = reason
    at_first, later = (breakdown_of(error, connect=1, read=1) for error in (SSLError(cause), OSError(cause)))
    assert (at_first.passing, at_first.reason) == (False, "it answers in plain http, not in https")
    assert (later.passing, later.reason) == (True, "the encrypted connection broke")


def test_a_certificate_that_has_expired_is_no_matter_of_trust() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_code, cause.verify_message = 10, "certificate has expired"
    outcome = breakdown_of(SSLError(cause), connect=1, read=1)
    assert outcome.reason == "its certificate is not trusted (certificate has expired)"
    assert outcome.remedy == "Have the server's certificate renewed."


def test_a_certificate_that_is_for_another_host_is_no_matter_of_trust(
    server: Server, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    server.encrypt(authority.server_context("127.0.0.2"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    error = failure(http, server.https)
    assert "IP address mismatch" in error.reason
    assert error.remedy == "Use the name that the certificate is for."


def test_a_file_of_certificates_that_is_not_there_is_named_at_once(
    server: Server, http: Http, slept: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    error = failure(http, server.https)
    assert error.reason == f"there are no trusted certificates at {tmp_path / 'none.pem'}"
    assert "SSL_CERT_FILE" in error.remedy
    assert slept == []


def test_a_file_without_a_certificate_is_named_at_once(
    server: Server, http: Http, slept: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "empty.pem"))
    assert failure(http, server.https).reason == "the file of trusted certificates holds none"
    assert slept == []


@pytest.mark.parametrize(
    ("status", "reason", "remedy", "attempts"),
    [
        (407, "wants a name and a password, or others (407)", "http://NAME:PASSWORD@HOST:PORT", 1),
        (403, "answered 403", "let this host through, or name the host in NO_PROXY", 1),
        (502, "answered 502 (5 attempts)", "let this host through", 5),
    ],
)
def test_a_proxy_that_refuses_is_named_without_its_password(
    server: Server,
    http: Http,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    reason: str,
    remedy: str,
    attempts: int,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url.replace("//", "//somebody:s3cr@et@"))
    server.status = status
    error = failure(http, "https://registry.example/v2/")
    assert error.reason == f"the proxy {server.url} {reason}"
    assert remedy in error.remedy
    assert "HTTPS_PROXY" in error.remedy
    assert not error.uncertain
    assert server.tunnels == ["registry.example:443"] * attempts


def test_a_proxy_that_does_not_answer_is_named(
    server: Server, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as gone:
        address = gone.host
    monkeypatch.setenv("ALL_PROXY", f"http://somebody:s3cret@{address}")
    error = failure(http, "https://registry.example/v2/")
    assert error.reason == f"the proxy http://{address} refused the connection (5 attempts)"
    assert error.remedy == "Check ALL_PROXY, or name the host in NO_PROXY."


def test_a_proxy_whose_name_is_not_known_is_not_taken_for_the_host(
    server: Server, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://nobody.invalid:3128")
    assert failure(http, "https://registry.example/").reason.startswith(
        "the name of the proxy http://nobody.invalid:3128 is not known"
    )


def test_a_proxy_that_speaks_plain_http_is_not_taken_for_the_host(
    server: Server, http: Http, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.https)
    error = failure(http, "https://registry.example/")
    assert error.reason == f"the proxy {server.https} answers in plain http"
    assert error.remedy == "Begin its address in HTTPS_PROXY with `http://`."
    assert slept == []


def test_a_proxy_whose_certificate_is_not_trusted_is_not_taken_for_the_host(
    server: Server, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.encrypt(Authority(tmp_path).server_context())
    monkeypatch.setenv("HTTPS_PROXY", server.https)
    error = failure(http, "https://registry.example/")
    assert error.reason.startswith(f"the certificate of the proxy {server.https} is not trusted (")
    assert "SSL_CERT_FILE" in error.remedy


@pytest.mark.parametrize("address", ["socks5://me:s3cret@proxy:1", "me:s3cret@proxy:1"])
def test_a_proxy_of_which_nothing_can_be_made_is_named_without_its_password(
    server: Server, http: Http, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = failure(http, "https://registry.example/")
    assert error.reason.startswith("the proxy ")
    assert error.remedy == "Write HTTPS_PROXY as `http://HOST:PORT`."
    assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    "address",
    [
        "http://me:s3cret@",
        "http://",
        "me:s3cret@",
        "http://me:s3cret@:80",
        "http://me:s3cret@proxy:port",
        "http://[::1",
    ],
)
def test_a_proxy_without_a_host_or_with_a_wrong_port_is_told_without_its_password(
    server: Server, http: Http, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = failure(http, "https://registry.example/")
    assert error.reason == "the proxy in HTTPS_PROXY has no host, or a port that is not a number"
    assert error.remedy == "Write HTTPS_PROXY as `http://HOST:PORT`."
    assert "s3cret" not in str(error)
    with pytest.raises(NoAnswer, match="has no host"), http.opened("GET", "https://registry.example/"):
        pytest.fail("there is no answer")


def test_an_error_that_says_nothing_is_a_lost_connection() -> None:
    outcome = breakdown_of(OSError(struct.error("x")), connect=1, read=1)
    assert isinstance(outcome, Breakdown)
    assert (outcome.reason, outcome.sent, outcome.passing) == ("the connection was reset", True, True)


@pytest.mark.parametrize("address", ["http://me:p@ss@proxy:1", "http://proxy:1"])
def test_the_address_of_a_proxy_is_shown_without_name_and_password(address: str) -> None:
    assert str(Proxy("HTTPS_PROXY", address)) == "http://proxy:1"
