"""Sizes, times and numbers of things, as people read them."""

import pytest

from hub_image_actions.quantities import counted, human_size, human_time

MIB, GIB = 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 MiB"),
        (300 * MIB, "300 MiB"),
        (GIB - MIB, "1023 MiB"),
        (GIB, "1.0 GiB"),
        (5 * GIB // 2, "2.5 GiB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_suits_it(size: int, text: str) -> None:
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.4, "59.4 s"), (59.6, "1 min 0 s"), (60, "1 min 0 s"), (3725, "62 min 5 s")],
)
def test_a_time_is_told_in_minutes_from_one_on(seconds: float, text: str) -> None:
    assert human_time(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 commits"), (1, "1 commit"), (2, "2 commits")])
def test_only_one_thing_is_singular(number: int, text: str) -> None:
    assert counted(number, "commit") == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 repositories"), (1, "1 repository"), (2, "2 repositories")]
)
def test_several_repositories_are_spelled_as_they_are(number: int, text: str) -> None:
    assert counted(number, "repository") == text
