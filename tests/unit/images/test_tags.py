"""The tags that an image gets."""

from datetime import datetime, timedelta, timezone

import pytest

from hub_image_actions.errors import InvalidReference
from hub_image_actions.images.tags import TagValues, day_of

COMMIT = "511c4637d7021a2b3c4d5e6f708192a3b4c5d6e7"
VALUES = TagValues(COMMIT, "feature/new_plot+x", "2026-11-23")


def test_the_usual_tag_is_the_commits_first_twelve_characters() -> None:
    assert VALUES.all("", (), latest=False) == ("511c4637d702",)


def test_without_a_commit_there_is_a_tag_too() -> None:
    assert TagValues().default == "dev"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("{sha}", "511c4637d702"),
        ("{sha:7}", "511c463"),
        ("v1-{sha:4}-{date}", "v1-511c-2026-11-23"),
        ("{ref_name}", "feature-new_plot-x"),
        ("plain", "plain"),
    ],
)
def test_placeholders_are_filled_in(text: str, tag: str) -> None:
    assert VALUES.fill(text) == tag


@pytest.mark.parametrize("text", ["{branch}", "a b", "-x", "a:b", "x" * 129])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        VALUES.fill(text)


def test_every_tag_is_there_once_the_main_one_first() -> None:
    tags = VALUES.all("main", ("{date}", "main", "latest"), latest=True)
    assert tags == ("main", "2026-11-23", "latest")


def test_a_rebuild_is_named_by_the_commit_and_the_day() -> None:
    assert VALUES.rebuild == "511c4637d702-2026-11-23"
    assert TagValues().rebuild == "dev"


@pytest.mark.parametrize(
    ("tag", "extra", "latest", "fixed"),
    [
        ("", (), False, ("511c4637d702",)),
        ("1.4.0", ("{sha:7}", "{sha}-{date}"), True, ("1.4.0", "511c463", "511c4637d702-2026-11-23")),
        ("", ("stable", "{date}", "{ref_name}", "1.4", "latest"), True, ("511c4637d702",)),
        ("", ("v2.0.1", "2.0.1-rc.1"), False, ("511c4637d702", "v2.0.1", "2.0.1-rc.1")),
        ("latest", (), True, ()),
        ("latest", (), False, ("latest",)),
    ],
)
def test_what_names_one_image_for_good_does_not_move(
    tag: str, extra: tuple[str, ...], latest: bool, fixed: tuple[str, ...]
) -> None:
    assert VALUES.fixed(tag, extra, latest=latest) == fixed


def test_the_day_is_that_of_universal_time() -> None:
    west = timezone(timedelta(hours=-8))
    assert day_of(datetime(2026, 11, 22, 20, 0, tzinfo=west)) == "2026-11-23"
