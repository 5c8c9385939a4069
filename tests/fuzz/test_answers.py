"""What registries and GitHub answer: headers, addresses, and JSON that nearly are what they should be."""

import json
from contextlib import suppress
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from fuzz.limits import LIMITS, mutated
from hub_image_actions.addresses import InvalidAddress, joined, parse_address
from hub_image_actions.exchange import Headers, Response
from hub_image_actions.http import is_rate_limited, wait_asked
from hub_image_actions.registry.authentication import parse_challenges
from hub_image_actions.untrusted_json import InvalidJson, parse_json

TEXTS = st.text(max_size=4)
HEADERS = mutated(
    st.sampled_from(
        [
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"',
            'Basic realm="a \\"b\\", c", Bearer realm=x , error=insufficient_scope',
            'Negotiate, Basic realm="x"',
        ]
    ),
    st.one_of(st.sampled_from(['"', "\\", ",", "=", " ", "\t", '\\"', "Bearer ", "\x00", "\u00e9"]), TEXTS),
)
ADDRESSES = mutated(
    st.sampled_from(
        [
            "https://registry.example.edu/v2/a/blobs/uploads/1?state=x",
            "http://127.0.0.1:5000/token",
            "https://[::1]:443/next?page=2",
            "//other.example.edu/x",
            "/v2/a?n=1",
        ]
    ),
    st.one_of(st.sampled_from(["@", "\\", ":", "/", "//", "%40", "#", "?", "\t", "[", "]", "\u3002"]), TEXTS),
)
DATES = mutated(
    st.sampled_from(["Wed, 21 Oct 2026 07:28:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "120"]),
    st.one_of(st.sampled_from([",", ":", "-", "+", "99999999", " ", "("]), TEXTS),
)
ANSWERS = mutated(
    st.sampled_from(
        [
            '{"errors": [{"code": "NAME_UNKNOWN", "message": "x", "detail": null}]}',
            '{"schemaVersion": 2, "layers": [{"size": 1e3, "digest": "sha256:00"}]}',
        ]
    ),
    st.one_of(st.sampled_from(["[" * 5000, "9" * 5000, "NaN", "\\ud800", "{", '"', "\ufeff"]), TEXTS),
)


@LIMITS
@given(HEADERS)
def test_any_challenge_is_read_and_its_names_are_in_lower_case(header: str) -> None:
    for challenge in parse_challenges(header):
        names = [challenge.scheme, *challenge.parameters]
        assert names == [name.lower() for name in names]
        assert all(names)


@LIMITS
@given(
    st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True), st.text(max_size=8), max_size=4)
)
def test_a_challenge_that_is_well_formed_is_read_as_it_was_meant(parameters: dict[str, str]) -> None:
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in parameters.values())
    header = ",".join(f'{name}="{value}"' for name, value in zip(parameters, quoted, strict=True))
    (challenge,) = parse_challenges(f"Bearer {header}")
    assert (challenge.scheme, challenge.parameters) == ("bearer", parameters)


@LIMITS
@given(ADDRESSES)
def test_an_address_that_is_taken_has_the_same_host_for_both_parsers(text: str) -> None:
    with suppress(InvalidAddress):
        address = parse_address(joined("https://registry.example.edu/v2/", text))
        other = urlsplit(joined("https://registry.example.edu/v2/", text))
        assert other.username is None
        assert (other.hostname or "") == address.host.strip("[]")
        assert (other.port or {"http": 80, "https": 443}[other.scheme]) == address.port


@LIMITS
@given(DATES, DATES, DATES, st.sampled_from([403, 429, 503]))
def test_a_wait_is_never_negative_whatever_is_asked(after: str, date: str, reset: str, status: int) -> None:
    headers = {
        "Retry-After": after,
        "Date": date,
        "X-RateLimit-Reset": reset,
        "X-RateLimit-Remaining": "0",
    }
    response = Response(status, Headers(headers))
    wait = wait_asked(response)
    assert wait is None or wait >= 0
    assert is_rate_limited(response) == (status in {403, 429})


@LIMITS
@given(ANSWERS)
def test_json_is_read_or_refused_without_its_text(text: str) -> None:
    refusals = []
    try:
        assert json.dumps(parse_json(text)) == json.dumps(json.loads(text))
    except InvalidJson as error:
        refusals.append(str(error))
    assert all(len(refusal) < 100 for refusal in refusals)
