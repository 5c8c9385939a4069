"""Budgets for the size of an image."""

import pytest

from hub_image_actions.images.size_budget import Growth, InvalidSize, SizeBudget, parse_growth, parse_size

GIB = 1 << 30


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8 GiB", 8 * GIB),
        ("8", 8 * GIB),
        ("8gib", 8 * GIB),
        ("1.5 GiB", 3 * GIB // 2),
        ("500 MB", 500_000_000),
        ("500MB", 500_000_000),
        (" 2 KiB ", 2048),
        ("12 B", 12),
        ("1 tb", 10**12),
    ],
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "big", "8 G", "8 GiBs", "-1 GB", "1e9", "0", "0.0 GiB", "10%", "8,5 GB", "1 2 GB", "٣ GB"]
)
def test_what_is_no_size_is_told_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(InvalidSize, match=r"is no size\. Write a number and a unit"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "growth"),
    [
        ("10%", Growth(percent=10)),
        ("2.5 %", Growth(percent=2.5)),
        ("500 MB", Growth(size=500_000_000)),
        ("1", Growth(size=GIB)),
    ],
)
def test_growth_is_a_share_or_a_size(text: str, growth: Growth) -> None:
    assert parse_growth(text) == growth


@pytest.mark.parametrize("text", ["", "%", "0%", "ten%", "10%%", "-5%"])
def test_what_is_no_growth_is_told_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(InvalidSize, match=r"is no growth\. Write a share or a size"):
        parse_growth(text)


@pytest.mark.parametrize(
    ("budget", "size", "compared", "said"),
    [
        (SizeBudget(), 99 * GIB, GIB, ()),
        (SizeBudget(max_size=8 * GIB), 8 * GIB, None, ()),
        (
            SizeBudget(max_size=8 * GIB),
            9 * GIB,
            None,
            ("The image has 9.0 GiB, 1.0 GiB more than `max-size` allows.",),
        ),
        (SizeBudget(max_growth=Growth(percent=10)), 11 * GIB, 10 * GIB, ()),
        (SizeBudget(max_growth=Growth(percent=10)), 11 * GIB, None, ()),
        (SizeBudget(max_growth=Growth(percent=10)), 5 * GIB, 10 * GIB, ()),
        (
            SizeBudget(max_growth=Growth(percent=10)),
            12 * GIB,
            10 * GIB,
            ("The image has grown by 2.0 GiB (20.0%) since old, more than the 10 % of `max-growth`.",),
        ),
        (
            SizeBudget(max_growth=Growth(size=GIB)),
            12 * GIB,
            10 * GIB,
            ("The image has grown by 2.0 GiB (20.0%) since old, more than the 1.0 GiB of `max-growth`.",),
        ),
    ],
)
def test_what_is_beyond_the_budget_is_told(
    budget: SizeBudget, size: int, compared: int | None, said: tuple[str, ...]
) -> None:
    assert budget.exceeded(size, compared, "old") == said


def test_both_limits_are_told() -> None:
    budget = SizeBudget(8 * GIB, Growth(percent=1))
    assert len(budget.exceeded(9 * GIB, 8 * GIB)) == 2
