"""Texts made to be slow: what somebody else sends is read in time that grows with its length."""

from collections.abc import Callable

import pytest

from effort import TIMES, growth
from hub_image_actions.deployments.documents import sightings
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.dockerfiles import bases
from hub_image_actions.references import parse_image_name
from hub_image_actions.registry.authentication import parse_challenges

# Each took longer than five seconds once: sixteen times as long for a text four times as long.
MOST = 10
IMAGE = parse_image_name("quay.io/demo/stats-image")


def references_in_one_file(number: int) -> int:
    text = "images:\n" + "".join(f"  - name: {IMAGE}:{index}\n" for index in range(number))
    return len(sightings(text, IMAGE)[0])


def pairs_that_share_a_tag(number: int) -> int:
    text = "tag: &tag one\nhubs:\n" + "".join(f"  - {{name: {IMAGE}, tag: *tag}}\n" for _ in range(number))
    return number * len(sightings(text, IMAGE)[0])


def bases_of_a_dockerfile(number: int) -> int:
    return len(bases("".join(f"FROM {IMAGE}:{index}\n" for index in range(number)).encode()))


def mounts_of_an_instruction(number: int) -> int:
    flags = " --mount=," * number
    return len(bases(f"FROM scratch\nRUN {flags} true\n".encode())) * number


def quotes_of_a_challenge(number: int) -> int:
    return len(parse_challenges("Bearer " + '\\"' * number)) * number


@pytest.mark.parametrize(
    ("read", "number"),
    [
        (references_in_one_file, 2_000),
        (pairs_that_share_a_tag, 2_000),
        (bases_of_a_dockerfile, 2_000),
        (mounts_of_an_instruction, 50_000),
        (quotes_of_a_challenge, 8_000),
    ],
)
def test_a_text_of_any_length_is_read_in_time(read: Callable[[int], int], number: int) -> None:
    assert read(number) == number
    assert growth(read, number // TIMES) < MOST


def test_a_header_that_is_longer_than_any_registrys_is_refused() -> None:
    with pytest.raises(RegistryError, match="more than 16384 characters"):
        parse_challenges("Bearer " + '\\"' * 32_000)
