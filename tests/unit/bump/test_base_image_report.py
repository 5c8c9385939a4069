"""The text of a pull request that moves a base image."""

from hub_image_actions.bump.base_image_report import BaseImageReport, BaseReference, short
from hub_image_actions.github.changes import ImageChange
from hub_image_actions.images.dockerfiles import BaseOutcome, BaseTarget
from hub_image_actions.references import parse_image_name
from local_github.markdown import render

DIGEST = "sha256:" + "a" * 64
FILES = "https://github.com/o/r/blob/main"
MOVED = BaseReference("Dockerfile", BaseOutcome(3, "base", "1", f"2@{DIGEST}"))
LEFT = BaseReference("gpu/Dockerfile", BaseOutcome(1, "0", "", "", "without a tag"))


def body(*references: BaseReference, changes: tuple[ImageChange, ...] = ()) -> str:
    target = BaseTarget(parse_image_name("r.io/p/base"), "2", DIGEST)
    return BaseImageReport(target, references, FILES, changes).body()


def test_a_table_shows_file_stage_and_both_tags() -> None:
    row = f"| [`Dockerfile:3`]({FILES}/Dockerfile#L3) | base | `1` | `2@sha256:aaaaaaaaaaaa…` |"
    assert row in body(MOVED).splitlines()


def test_what_is_left_has_its_reason() -> None:
    text = body(MOVED, LEFT)
    assert "<summary>Left as it is</summary>" in text
    assert "without a tag" in text.partition("<details>")[2]


def test_changes_are_told_with_their_number_and_a_link() -> None:
    change = ImageChange("1", "https://github.com/o/base/compare/1...2", 3, 1, ())
    text = body(MOVED, changes=(change,))
    assert "[since `1`](https://github.com/o/base/compare/1...2): 3 new commits, **1 commit undone**." in text


def test_names_of_files_and_stages_are_no_markup() -> None:
    file = "a|b`<img src=x>[c](d)/Dockerfile"
    shown = render(body(BaseReference(file, BaseOutcome(1, "@alice <b>x</b> #12", "1", "2"))))
    assert "<img" not in shown
    assert "<b>" not in shown
    assert shown.count("<td>") == 4


def test_a_long_table_is_cut() -> None:
    text = body(*[MOVED] * 150)
    assert text.count("#L3") == 100
    assert "… and 50 more." in text


def test_a_digest_is_shortened_and_a_tag_is_not() -> None:
    assert short(f"{'t' * 100}@{DIGEST}") == f"{'t' * 100}@sha256:aaaaaaaaaaaa…"
    assert short("t") == "t"
    assert short("") == ""
