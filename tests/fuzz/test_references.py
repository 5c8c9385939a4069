"""The parsers of references, names and challenges, given anything."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.limits import LIMITS, mutated
from hostile import WRITTEN
from hub_image_actions import names
from hub_image_actions.errors import ActionError
from hub_image_actions.images.size_budget import parse_growth, parse_size
from hub_image_actions.references import (
    find_reference,
    parse_digest,
    parse_image_name,
    parse_reference,
    parse_tag,
)
from hub_image_actions.registry.authentication import parse_challenges

GOOD = st.sampled_from(
    [
        "us-central1-docker.pkg.dev/p/user-images/data100-user-image:511c4637d702",
        "localhost:5000/a/b",
        "ubuntu",
        "[::1]:5000/a:b",
        f"quay.io/x/y:1.0@sha256:{'a' * 64}",
        "docker.io/library/x",
        "https://github.com",
        'Bearer realm="https://a/token",service="s",scope="repository:x:pull,push"',
        "user-image-{hub}",
        "10GB",
        "refs/heads/a/b",
    ]
)
PIECES = st.one_of(
    st.sampled_from(
        [*":/@.-_[]{}\"',=%~^\\ \t\n", "sha256:", "..", "//", "::", "A", "0" * 130, "é", "\u0661"]
    ),
    st.sampled_from([text[:300] for text in WRITTEN.values()]),
    st.text(max_size=5),
)
TEXTS = mutated(GOOD, PIECES)


@LIMITS
@given(TEXTS)
def test_a_reference_is_refused_or_written_as_it_was_read(text: str) -> None:
    found = find_reference(text)
    try:
        parsed = parse_reference(text)
    except ActionError:
        assert found is None or not (found.tag or found.digest)
        return
    assert parse_reference(str(parsed)) == parsed
    assert str(parsed).isascii()
    assert not any(char.isspace() for char in str(parsed))


@LIMITS
@given(TEXTS)
def test_a_name_is_refused_or_written_as_it_was_read(text: str) -> None:
    with suppress(ActionError):
        name = parse_image_name(text)
        assert parse_image_name(str(name)) == name
        assert name.covers(name)


@pytest.mark.parametrize(
    "parse",
    [
        *(parse_tag, parse_digest, parse_size, parse_growth),
        *(names.parse_full_name, names.parse_owner, names.parse_hub, names.parse_branch),
        *(names.parse_email, names.parse_author, names.parse_host, names.parse_server, names.parse_path),
    ],
)
@LIMITS
@given(text=TEXTS)
def test_a_parser_refuses_or_returns_what_it_takes_again(parse: Callable[[str], object], text: str) -> None:
    with suppress(ActionError):
        found = parse(text)
        if isinstance(found, str):
            assert parse(found) == found
            # What may begin so is never an argument of a program.
            assert parse is names.parse_author or parse is names.parse_email or not found.startswith("-")


@LIMITS
@given(TEXTS)
def test_a_challenge_is_read_or_left(text: str) -> None:
    assert all(challenge.scheme for challenge in parse_challenges(text))
