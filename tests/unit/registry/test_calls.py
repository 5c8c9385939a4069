"""What a request to a registry is made of, where it goes, and what its answers hold."""

from collections.abc import Mapping
from typing import Any

import pytest

from hub_image_actions.errors import RegistryError, RegistryUnreachable
from hub_image_actions.exchange import NoAnswer, Response
from hub_image_actions.http import Http
from hub_image_actions.registry.calls import (
    MANIFEST_TYPES,
    Call,
    Connection,
    Manifest,
    image_of,
    joined,
    without_secrets,
)

HOST = "registry.example.org"
REALM = "https://auth.example.org/token?account=me"


class Wire(Http):
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, answer: Response | NoAnswer) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[tuple[str, str, Mapping[str, str], Any]] = []

    def request(self, method: str, url: str, **given: Any) -> Response:
        self.asked.append((method, url, given["headers"], given["idempotent"]))
        if isinstance(self.answer, NoAnswer):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("manifests/1", "/v2/demo/x/manifests/1"),
        ("blobs/uploads/?mount=a", "/v2/demo/x/blobs/uploads/?mount=a"),
        ("/uploads/1?state=a", "/uploads/1?state=a"),
    ],
)
def test_a_call_is_below_its_repository_unless_the_registry_gave_the_address(path: str, url: str) -> None:
    assert Call("GET", "demo/x", path).url == url


def test_a_call_has_only_the_headers_that_say_something() -> None:
    assert Call("GET", "demo/x", "blobs/1").headers == {}
    call = Call("PUT", "demo/x", "manifests/1", accept=MANIFEST_TYPES[:2], media_type="a/b")
    assert call.headers == {"Accept": ", ".join(MANIFEST_TYPES[:2]), "Content-Type": "a/b"}


@pytest.mark.parametrize(("authorization", "more"), [("", {}), ("Bearer t", {"Authorization": "Bearer t"})])
def test_a_call_is_sent_with_the_authorization_that_was_granted(
    authorization: str, more: Mapping[str, str]
) -> None:
    wire = Wire(Response(200))
    call = Call("POST", "demo/x", "blobs/uploads/", idempotent=True)
    assert Connection(wire, HOST).send(call, authorization).status == 200
    assert wire.asked == [("POST", f"https://{HOST}/v2/demo/x/blobs/uploads/", more, True)]


@pytest.mark.parametrize(
    ("host", "url", "serves"),
    [
        (HOST, f"https://{HOST.upper()}:443/uploads/1", True),
        (HOST, f"http://{HOST}/uploads/1", False),
        (HOST, f"https://{HOST}:8443/uploads/1", False),
        (HOST, "https://storage.example.org/1", False),
        ("docker.io", "https://registry-1.docker.io/v2/", True),
        ("docker.io", "https://docker.io/v2/", False),
        ("localhost:5000", "http://localhost:5000/1", True),
    ],
)
def test_an_address_is_the_registrys_by_scheme_host_and_port(host: str, url: str, *, serves: bool) -> None:
    assert Connection(Wire(Response(200)), host).serves(url) is serves


@pytest.mark.parametrize(
    ("url", "remedy", "told"),
    [
        (
            f"https://{HOST}/v2/",
            "",
            f"{HOST} gave no answer: it broke. Check the registry's name, or run this again later.",
        ),
        (
            REALM,
            "Ask them.",
            f"{HOST} (its token service https://auth.example.org/token) gave no answer: it broke. Ask them.",
        ),
    ],
)
def test_who_gave_no_answer_is_named_without_what_may_be_secret(url: str, remedy: str, told: str) -> None:
    wire = Wire(NoAnswer("GET x", "it broke", remedy))
    with pytest.raises(RegistryError) as raised:
        Connection(wire, HOST).request("GET", url, {})
    assert str(raised.value) == f"The registry {told}"


def test_a_registry_without_a_connection_is_not_tried_again_for_a_while() -> None:
    now = [0.0]
    wire = Wire(NoAnswer("GET x", "the connection was refused", connected=False))
    connection = Connection(wire, HOST, clock=lambda: now[0])
    for seconds, asked in ((0, 1), (59, 1), (61, 2), (100, 2)):
        now[0] = seconds
        with pytest.raises(RegistryUnreachable, match="the connection was refused"):
            connection.request("GET", f"https://{HOST}/v2/", {})
        assert len(wire.asked) == asked
    with pytest.raises(RegistryUnreachable):
        connection.request("GET", REALM, {})
    assert len(wire.asked) == 3


def test_a_registry_whose_answer_was_lost_is_asked_again() -> None:
    connection = Connection(wire := Wire(NoAnswer("GET x", "the connection was reset")), HOST)
    for _ in range(2):
        with pytest.raises(RegistryUnreachable, match="reset"):
            connection.request("GET", f"https://{HOST}/v2/", {})
    assert len(wire.asked) == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"text"', b"\xff"])
def test_an_answer_that_is_no_object_comes_from_something_else_than_a_registry(body: bytes) -> None:
    with pytest.raises(RegistryError, match=f"What the registry {HOST} answered is not JSON") as raised:
        Connection(Wire(Response(200)), HOST).parsed(Response(200, body=body))
    assert raised.value.remedy.startswith("Check the registry's name")


def test_an_answer_that_is_an_object_is_returned() -> None:
    assert Connection(Wire(Response(200)), HOST).parsed(Response(200, body=b'{"a": 1}')) == {"a": 1}


@pytest.mark.parametrize(
    ("reference", "name"),
    [("1.0", f"{HOST}/demo/x:1.0"), ("sha256:abc", f"{HOST}/demo/x@sha256:abc")],
)
def test_an_image_is_named_as_people_write_it(reference: str, name: str) -> None:
    assert image_of(HOST, "demo/x", reference) == name


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("/uploads/1", f"https://{HOST}/uploads/1"),
        ("1?a=b", f"https://{HOST}/v2/1?a=b"),
        ("https://storage.example.org/1", "https://storage.example.org/1"),
    ],
)
def test_an_address_is_read_as_seen_from_where_it_was_given(url: str, address: str) -> None:
    assert joined(f"https://{HOST}/v2/x", url) == address


@pytest.mark.parametrize("url", ["https://a@b/", "https://[x", "a b", "ftp://x/"])
def test_an_address_to_which_nothing_may_be_sent_is_an_error(url: str) -> None:
    with pytest.raises(RegistryError, match="The registry gave a malformed address"):
        joined(f"https://{HOST}/v2/x", url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/token?secret=x", "https://a.example/token"),
        ("https://a.example:443/token", "https://a.example/token"),
        ("http://a.example:8080/", "http://a.example:8080/"),
    ],
)
def test_an_address_is_shown_without_its_query(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


def test_a_manifest_has_the_size_of_what_the_registry_keeps() -> None:
    manifest = Manifest("sha256:a", MANIFEST_TYPES[0], b"12345")
    assert (manifest.size, "12345" in repr(manifest)) == (5, False)
