"""The status page in a real browser: sorting, filtering, a telephone's screen, and nothing from elsewhere."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request

from browser import running_browser
from hub_image_actions.fleet.status.page import status_page
from scenarios.status_example import HOSTILE, NOW, example

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("page") / "status.html"
    file.write_text(status_page(example()), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def heard() -> list[str]:
    """What pages complained of, and what they asked of anybody else; a test that provokes it clears it."""
    return []


@pytest.fixture
def open_page(browser: Browser, address: str, heard: list[str]) -> Iterator[OpenPage]:
    """Opens the page, an hour after it was made unless told otherwise."""
    contexts = []

    def dismissed(dialog: Dialog) -> None:
        heard.append(dialog.message)
        dialog.dismiss()

    def asked(request: Request) -> None:
        if not request.url.startswith("file:"):
            heard.append(request.url)

    def opened(fragment: str = "", after: timedelta = DAY / 24, **options: Any) -> Page:
        context = browser.new_context(viewport=options.pop("viewport", DESKTOP), **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", dismissed)
        page.on("request", asked)
        page.clock.install(time=NOW + after)
        page.goto(address + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert heard == []


def hubs(page: Page) -> list[str]:
    """Returns the hubs whose rows are seen, in their order."""
    return [text.strip() for text in page.locator("tbody tr:visible td.hub").all_inner_texts()]


def sort_of(page: Page, column: str) -> str | None:
    return page.locator(f'th:has(button:text-is("{column}"))').first.get_attribute("aria-sort")


def click_head(page: Page, column: str, index: int = 0) -> None:
    page.locator(f'th button:text-is("{column}")').nth(index).click()


def cells(page: Page, index: int) -> list[str]:
    return [
        str(cell.get_attribute("data-sort")) for cell in page.locator(f"tbody tr td:nth-child({index})").all()
    ]


def test_the_page_asks_nobody_for_anything(open_page: OpenPage, heard: list[str]) -> None:
    page = open_page()
    page.wait_for_load_state("networkidle")
    assert len(hubs(page)) == 31
    assert heard == []


def test_the_policy_stops_a_script_that_got_in(open_page: OpenPage, heard: list[str]) -> None:
    page = open_page()
    page.evaluate(
        "const added = document.createElement('script');"
        "added.textContent = 'window.owned = 1'; document.body.append(added)"
    )
    assert page.evaluate("window.owned") is None
    assert "Content Security Policy" in heard.pop()


def test_the_policy_stops_a_request(open_page: OpenPage, heard: list[str]) -> None:
    page = open_page()
    answer = page.evaluate("fetch('https://example.org/').then(() => 'sent', () => 'refused')")
    assert answer == "refused"
    assert all("example.org" in text or "Fetch API" in text for text in heard)
    heard.clear()


def test_hostile_texts_are_shown_as_they_are(open_page: OpenPage) -> None:
    page = open_page()
    row = page.locator("tbody tr", has_text="nature140")
    assert HOSTILE in row.inner_text().replace("\n", "")
    assert page.locator("img").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0
    assert page.locator("script").count() == 2


def test_rows_are_sorted_by_hub_at_first_with_numbers_as_people_count(open_page: OpenPage) -> None:
    page = open_page()
    seen = hubs(page)
    assert seen.index("data8") < seen.index("data100")
    assert seen[-1] == "on no hub"
    assert sort_of(page, "Hub") == "ascending"


def test_a_click_sorts_and_a_second_one_turns_it_round(open_page: OpenPage) -> None:
    page = open_page()
    click_head(page, "Image")
    first = hubs(page)
    assert (sort_of(page, "Image"), sort_of(page, "Hub")) == ("ascending", "none")
    click_head(page, "Image")
    assert hubs(page) == first[::-1]
    assert sort_of(page, "Image") == "descending"


@pytest.mark.parametrize(("title", "column"), [("Age", 4), ("Behind", 5)])
def test_the_largest_number_comes_first_and_the_unknown_last(
    open_page: OpenPage, title: str, column: int
) -> None:
    page = open_page()
    click_head(page, title)
    values = cells(page, column)
    known = [int(value) for value in values if value]
    assert known == sorted(known, reverse=True)
    assert values[len(known) :] == [""] * (len(values) - len(known))
    click_head(page, title)
    assert cells(page, column)[: len(known)] == sorted(map(str, known), key=int)


def test_every_column_can_be_sorted_by(open_page: OpenPage) -> None:
    page = open_page()
    heads = page.locator("th[data-column]")
    for index in range(heads.count()):
        heads.nth(index).locator("button").click()
        assert heads.nth(index).get_attribute("aria-sort") != "none"
        assert page.locator('th[aria-sort]:not([aria-sort="none"])').count() == 1


def test_the_keyboard_alone_is_enough(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("stat20")
    assert hubs(page) == ["stat20"]
    page.locator('th button:text-is("Image")').focus()
    page.keyboard.press("Enter")
    assert sort_of(page, "Image") == "ascending"
    page.locator(".chip").first.focus()
    page.keyboard.press("Space")
    assert page.locator(".chip").first.get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("STAT20", ["stat20"]),
        ("finals", ["stat20"]),
        ("PLACEHOLDER", ["logodev"]),
        ("base-images", ["on no hub"]),
        ("user-image  nature1", ["nature140"]),
        ("no such thing", []),
    ],
)
def test_the_filter_finds_words_wherever_they_stand(open_page: OpenPage, text: str, seen: list[str]) -> None:
    page = open_page()
    page.fill("#filter", text)
    assert hubs(page) == seen
    assert page.inner_text("#count") == f"{len(seen)} of 31 rows"
    assert page.locator("#none").is_visible() == (not seen)


@pytest.mark.parametrize(
    ("flag", "seen"),
    [
        ("missing", ["eecs", "logodev"]),
        ("held", ["nature140", "stat20"]),
        ("bump", ["data100", "nature140"]),
        ("foreign", ["highschool", "on no hub"]),
        ("idle", ["on no hub"]),
        ("problem", ["julia", "logodev"]),
    ],
)
def test_a_chip_shows_only_rows_of_its_kind(open_page: OpenPage, flag: str, seen: list[str]) -> None:
    page = open_page()
    chip = page.locator(f'.chip[data-flag="{flag}"]')
    assert chip.locator("b").inner_text() == str(len(seen))
    chip.click()
    assert hubs(page) == seen
    chip.click()
    assert len(hubs(page)) == 31


def test_chips_and_words_narrow_down_together(open_page: OpenPage) -> None:
    page = open_page()
    page.click('.chip[data-flag="missing"]')
    page.click('.chip[data-flag="problem"]')
    assert hubs(page) == ["logodev"]
    page.fill("#filter", "eecs")
    assert hubs(page) == []
    page.click("#clear")
    assert len(hubs(page)) == 31


def test_the_address_keeps_what_is_shown(open_page: OpenPage) -> None:
    page = open_page()
    page.fill("#filter", "e")
    page.click('.chip[data-flag="behind"]')
    click_head(page, "Behind", 1)
    seen, fragment = hubs(page), page.evaluate("location.hash")
    assert 1 < len(seen) < 31
    again = open_page(fragment)
    assert hubs(again) == seen
    assert again.input_value("#filter") == "e"


@pytest.mark.parametrize("fragment", ["#sort=99-&only=nonsense&q=", "#%E0%A4%A", "#sort=x"])
def test_an_address_that_makes_no_sense_shows_everything(open_page: OpenPage, fragment: str) -> None:
    assert len(hubs(open_page(fragment))) == 31


@pytest.mark.parametrize(("after", "told"), [(DAY, False), (3 * DAY, True)])
def test_a_page_that_is_no_longer_made_says_so(open_page: OpenPage, after: timedelta, told: bool) -> None:
    page = open_page(after=after)
    assert page.locator("#stale").is_visible() == told
    assert page.inner_text("#ago") == (" (3 days ago)" if told else " (24 hours ago)")


def test_the_data_can_be_saved(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / "saved.json")
    assert json.loads((tmp_path / "saved.json").read_bytes()) == json.loads(json.dumps(example().as_json()))


def test_without_scripts_the_table_is_there_and_nothing_that_would_not_work(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    assert len(hubs(page)) == 31
    assert not page.locator("#controls").is_visible()


@pytest.mark.parametrize("width", [320, 390, 820, 1280, 1300, 1440, 1920])
def test_no_width_makes_anybody_scroll_sideways(open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_telephone_each_row_is_a_card_with_the_columns_names(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    row = page.locator("tbody tr", has_text="stat20")
    box = row.bounding_box()
    assert box
    assert box["width"] > 340
    assert not page.locator("thead").is_visible()
    tag = row.locator('td[data-label="prod"]')
    assert tag.evaluate("cell => getComputedStyle(cell, '::before').content") == '"prod"'


def test_on_a_telephone_rows_are_sorted_with_a_list(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    page.select_option("#sort", label="prod, behind, largest first")
    assert hubs(page)[0] == "stat20"
    assert "sort=7-" in page.evaluate("location.hash")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_are_read_easily_in_light_and_dark(open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    selectors = ("td.hub", ".quiet", ".made", "a.warn", ".bad", "a:not(.warn)", ".notice", "td.same")
    ratios = {selector: page.locator(selector).first.evaluate(CONTRAST) for selector in selectors}
    assert {selector: ratio for selector, ratio in ratios.items() if ratio < 4.5} == {}


# Source: the contrast ratio of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
CONTRAST = """(element) => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(luminance);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
