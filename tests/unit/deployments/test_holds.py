"""Holds: where one stands, what it says, and which comments are none."""

from datetime import date, datetime, timezone

import pytest

from hub_image_actions.deployments import holds
from hub_image_actions.deployments.holds import Hold, find_hold
from hub_image_actions.errors import MalformedHold

FINALS = Hold(date(2026, 12, 18), "finals week")


def found(text: str, *own_lines: int) -> Hold | None:
    return find_hold(text.split("\n"), own_lines, file="deployments/stat20/hubploy.yaml")


PLACES = {
    "on the line": ("a: r # image-hold until 2026-12-18: finals week", 1),
    "on the line above": ("# image-hold until 2026-12-18: finals week\na: r", 2),
    "above and indented": ("x:\n    # image-hold until 2026-12-18: finals week\n    a: r", 3),
    "without a space": ("a: r #image-hold until 2026-12-18:finals week", 1),
    "behind another comment": ("a: r # pinned # image-hold until 2026-12-18: finals week", 1),
    "with two hashes": ("## image-hold until 2026-12-18: finals week\na: r", 2),
    "before a carriage return": ("# image-hold until 2026-12-18: finals week\r\na: r\r", 2),
    "behind a byte order mark": ("\ufeff# image-hold until 2026-12-18: finals week\na: r", 2),
    "behind two slashes": ('// image-hold until 2026-12-18: finals week\n"a": "r"', 2),
    "behind two slashes and a comma": ('"a": "r",// image-hold until 2026-12-18: finals week', 1),
    "in a comment that ends": ("/* image-hold until 2026-12-18: finals week */\na = r", 2),
    "in a comment of Jinja": ("{# image-hold until 2026-12-18: finals week #}\na: r", 2),
    "in a trimming comment of Jinja": ("  {#- image-hold until 2026-12-18: finals week -#}\na: r", 2),
    "in a comment of Helm": ("{{- /* image-hold until 2026-12-18: finals week */ -}}\na: r", 2),
    "in a comment of Helm on the line": ("a: r {{/* image-hold until 2026-12-18: finals week */}}", 1),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_hold_is_found(place: str) -> None:
    text, line = PLACES[place]
    assert found(text, line) == FINALS


OTHER_PLACES = {
    "behind the reference above": ("a: r # image-hold until 2026-12-18\nb: r", 2),
    "two lines above": ("# image-hold until 2026-12-18\n\na: r", 3),
    "on the line below": ("a: r\n# image-hold until 2026-12-18", 1),
    "in a word": ("a: r#image-hold until 2026-12-18", 1),
    "in a comment about holds": ("a: r # see the image-hold below", 1),
    "nowhere": ("a: r", 1),
}


@pytest.mark.parametrize("place", OTHER_PLACES)
def test_what_stands_elsewhere_holds_nothing(place: str) -> None:
    text, line = OTHER_PLACES[place]
    assert found(text, line) is None


def test_a_hold_needs_no_reason() -> None:
    assert found("a: r # image-hold until 2026-12-18", 1) == Hold(date(2026, 12, 18), "")


def test_of_several_holds_the_longest_counts() -> None:
    text = "# image-hold until 2026-12-18: finals week\na: r # image-hold until 2026-11-01: midterms"
    assert found(text, 2) == FINALS


def test_each_line_of_a_reference_can_carry_the_hold() -> None:
    text = "# image-hold until 2026-12-18: finals week\nimage:\n  name: r\n  tag: t"
    assert found(text, 4, 3, 2) == FINALS


@pytest.mark.parametrize(
    ("hold", "text"),
    [(FINALS, "held until 2026-12-18: finals week"), (Hold(date(2026, 12, 18), ""), "held until 2026-12-18")],
)
def test_a_hold_says_until_when_and_why(hold: Hold, text: str) -> None:
    assert str(hold) == text


MALFORMED = [
    "image-hold",
    "image-hold: finals week",
    "image-hold until",
    "image-hold until Friday",
    "image-hold until 2026-02-30",
    "image-hold until 2026-13-01",
    "image-hold until 26-12-18",
    "image-hold until 20261218",
    "image-hold until 2026-12-18 finals week",
    "image-hold until 2026-12-18:",
    "image-hold until ٢٠٢٦-١٢-١٨",
    "image-hold 2026-12-18: finals week",
    "Image-Hold until 2026-12-18",
    "image_hold until 2026-12-18",
    "imagehold until 2026-12-18",
    "image-holds until 2026-12-18",
]


@pytest.mark.parametrize("comment", MALFORMED)
def test_a_malformed_hold_is_an_error_with_file_and_line(comment: str) -> None:
    with pytest.raises(MalformedHold) as error:
        found(f"x: y\n# {comment}\r\na: r", 3)
    assert (error.value.file, error.value.line) == ("deployments/stat20/hubploy.yaml", 2)
    assert str(error.value).startswith(f"deployments/stat20/hubploy.yaml:2: {comment!r}")
    assert "image-hold until 2026-12-18" in error.value.remedy


def test_a_malformed_hold_of_another_reference_is_none_of_ours() -> None:
    assert found("a: r # image-hold\nb: r", 2) is None


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 12, 19, 11, 59, tzinfo=timezone.utc), date(2026, 12, 18)),
        (datetime(2026, 12, 19, 12, 0, tzinfo=timezone.utc), date(2026, 12, 19)),
    ],
)
def test_a_day_lasts_until_it_is_over_everywhere(
    monkeypatch: pytest.MonkeyPatch, moment: datetime, day: date
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # always asked for a zone
            assert isinstance(tz, timezone)
            return moment.astimezone(tz)

    monkeypatch.setattr(holds, "datetime", Clock)
    assert holds.today() == day
