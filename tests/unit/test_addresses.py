"""Addresses that others give: one reading, or none."""

import pytest

from hub_image_actions.addresses import Address, InvalidAddress, is_loopback, joined, parse_address

BASE = "https://registry.example/v2/a/tags/list"
AMBIGUOUS = [
    "http://evil:80\\@registry.example/x",
    "https://evil\\@registry.example/x",
    "https://evil\\.registry.example/x",
    "https://registry.example\\@evil/x",
    "\\\\evil/x",
    "/\\evil/x",
    "https://user@registry.example/x",
    "https://user:secret@registry.example/x",
    "https://@registry.example/x",
    "https://registry.example@evil/x",
    "//user@registry.example/x",
    "https://registry.example\t/x",
    "https://registry.example/\nx",
    "https://registry.example /x",
    " https://registry.example/x",
    "\x01https://registry.example/x",
    "https://registry\u3002example/x",
    "https://registry.ex\u00e4mple/x",
    "https://registry%2eexample/x",
    "https://registry.example:0/x",
    "https://registry.example:port/x",
    "https://registry.example:99999/x",
    "https://[::1/x",
    "https:///x",
    "https:x",
    "ftp://registry.example/x",
    "file:///etc/passwd",
    "javascript:x",
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_an_address_that_can_be_read_in_two_ways_is_none(text: str) -> None:
    with pytest.raises(InvalidAddress):
        parse_address(text) if text.startswith("https:") else joined(BASE, text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://Registry.Example", Address("https", "registry.example", 443, "/")),
        ("http://127.0.0.1:5000/v2/?n=1", Address("http", "127.0.0.1", 5000, "/v2/?n=1")),
        ("https://[::1]:5000/", Address("https", "[::1]", 5000, "/")),
        ("HTTPS://a.b:443/x?sig=a%2Fb|c", Address("https", "a.b", 443, "/x?sig=a%2Fb%7Cc")),
    ],
)
def test_an_address_has_one_origin(text: str, parts: Address) -> None:
    assert parse_address(text) == parts


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("/v2/x?last=1", "https://registry.example/v2/x?last=1"),
        ("list?last=1", "https://registry.example/v2/a/tags/list?last=1"),
        ("//other.example/x", "https://other.example/x"),
        ("http://other.example:8080/x", "http://other.example:8080/x"),
        ("", BASE),
    ],
)
def test_a_reference_is_seen_from_where_it_was_given(reference: str, address: str) -> None:
    assert joined(BASE, reference) == address


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST:5000", True),
        ("127.0.0.1", True),
        ("127.9.9.9:80", True),
        ("[::1]:5000", True),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("10.0.0.1", False),
        ("me@localhost", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback
