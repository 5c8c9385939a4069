"""The addresses of our own pages lead to pages that are there, and to headings of theirs."""

import re
from pathlib import Path

import pytest

from hub_image_actions import guide
from hub_image_actions.build.report import READY, WHEN_WRONG

PAGES = {name: text for name, text in vars(guide).items() if name.isupper() and not name.startswith("_")}
BEGINNING = "https://github.com/berkeley-dsep-infra/hub-image-actions/blob/v1/"


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_every_page_is_there(root: Path, address: str) -> None:
    assert address.startswith(BEGINNING)
    assert (root / address.removeprefix(BEGINNING)).is_file()


def test_every_heading_that_is_named_in_the_code_is_there(root: Path) -> None:
    named = re.findall(
        r"guide\.([A-Z_]+)\}?#([\w-]+)", "\n".join(map(Path.read_text, root.glob("src/**/*.py")))
    )
    assert len(named) > 4
    for name, heading in {*named, ("CHANGING", "5-review")}:
        page = (root / PAGES[name].removeprefix(BEGINNING)).read_text(encoding="utf-8")
        titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert heading in anchors


def test_a_result_leads_to_them() -> None:
    assert f"{guide.CHANGING}#5-review" in READY
    assert f"{guide.CHANGING}#when-something-is-wrong" in WHEN_WRONG
