"""The page as text: what a browser must not take for more than text, and what it is told to refuse."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from hostile import WRITTEN
from hub_image_actions.fleet.status.page import status_page
from hub_image_actions.fleet.status.table import Deployment, LinkedLine, OpenBump, Row, Status
from hub_image_actions.fleet.workflows.pipelines import Pipeline
from hub_image_actions.references import ImageName
from scenarios.status_example import NOW, example

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "{{data}}",
    "&lt;b&gt;",
    "\u2028\u2029",
    *(text[:1000] for text in WRITTEN.values() if text),
]


class Elements(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def hostile(text: str) -> Status:
    """Return a table in which a text stands wherever other people's texts can stand."""
    one = Deployment(text, text, (LinkedLine(text, 1, text),), holds=(text,), problems=(text,))
    row = Row(
        text,
        ImageName("a.org", text),
        text,
        text,
        {"staging": (one,), "prod": ()},
        (OpenBump(1, text, text),),
        Pipeline((text,), (text,), text),
        (text,),
    )
    return Status(text, text, ("staging", "prod"), (row,), NOW, (text,))


@pytest.fixture(scope="module")
def page() -> str:
    return status_page(example())


def data(text: str) -> Any:
    return json.loads(re.findall(r'<script type="application/json" id="status">(.*?)</script>', text)[0])


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_adds_no_element_and_no_attribute(text: str) -> None:
    harmless, found = (Elements(status_page(hostile(one))) for one in ("harmless", text))
    shape = [(tag, sorted(attributes)) for tag, attributes in found.found]
    assert shape == [(tag, sorted(attributes)) for tag, attributes in harmless.found]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_data_comes_out_as_it_went_in(text: str) -> None:
    assert data(status_page(hostile(text))) == json.loads(json.dumps(hostile(text).as_json()))


def test_the_data_holds_nothing_that_ends_its_element(page: str) -> None:
    block = page.partition('id="status">')[2].partition("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(block)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//example.org", "https://x/ y", ""]
)
def test_only_addresses_of_the_web_become_links(url: str) -> None:
    links = {link["href"] for link in Elements(status_page(hostile(url))).named("a")}
    assert links == set()


def test_the_policy_names_the_one_script_and_the_one_style(page: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    rules = dict(rule.strip().split(" ", 1) for rule in unescape(policy).split(";"))
    for kind in ("script", "style"):
        (text,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules.pop(f"{kind}-src") == f"'sha256-{digest}'"
    nothing = "'none'"
    assert rules == {
        "default-src": nothing,
        "img-src": "data:",
        "base-uri": nothing,
        "form-action": nothing,
    }


def test_no_attribute_runs_or_styles_anything(page: str) -> None:
    names = {name for _, attributes in Elements(page).found for name in attributes}
    assert [name for name in names if name.startswith("on") or name == "style"] == []


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    found = Elements(page)
    assert {tag for tag, attributes in found.found if "src" in attributes} == set()
    assert [link["href"] for link in found.named("link")] == ["data:,"]
    assert "@import" not in page
    assert "url(" not in page


def test_every_cell_has_the_name_of_its_column(page: str) -> None:
    rows = [row for row in page.split("<tr ") if "data-flags" in row]
    columns = [re.findall(r'<td [^>]*data-label="([^"]+)"', row) for row in rows]
    expected = ["Hub", "Image", "staging", "Age", "Behind", "prod", "Age", "Behind", "Registry", "Hold"]
    assert columns == [[*expected, "Pull requests", "Actions"]] * 31


def test_a_chip_is_there_only_for_what_there_is() -> None:
    row = replace(example().rows[1], bumps=())
    assert row.flags == ()
    page = status_page(replace(example(), rows=(row,)))
    assert "chip" not in {attributes.get("class") for attributes in Elements(page).named("button")}


def test_an_empty_table_is_a_page() -> None:
    assert "0 hubs" in status_page(replace(example(), rows=()))
