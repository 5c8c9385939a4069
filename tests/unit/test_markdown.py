"""Markdown: whatever a text holds, GitHub's own parser shows it as it is."""

import html.parser
import re
from collections.abc import Callable

import cmarkgfm.cmark
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_image_actions import markdown

EXTENSIONS = ["table", "strikethrough", "autolink", "tagfilter", "tasklist"]
# What has a meaning in Markdown, in HTML, for GitHub, or in the middle of words.
ALPHABET = st.sampled_from(
    [*"\\`*_{}[]()#+-.!|~<>&:/@=\"'$^%; ab1\t\n", "www.", "http://", "  \n", "é", "🎉", "&amp;", "<b>"]
)
TEXTS = st.lists(ALPHABET, max_size=20).map("".join)
LIMITS = settings(max_examples=300, deadline=None)


class Shown(html.parser.HTMLParser):
    """What a reader sees of HTML: its text, and the elements around it."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.cells: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.cells += [""] * (tag == "td")
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cells:
            self.cells[-1] += data


def shown(source: str) -> Shown:
    options = cmarkgfm.cmark.Options
    flags = options.CMARK_OPT_UNSAFE | options.CMARK_OPT_GITHUB_PRE_LANG | options.CMARK_OPT_HARDBREAKS
    return Shown(cmarkgfm.cmark.markdown_to_html_with_extensions(source, flags, EXTENSIONS))


def line(text: str) -> str:
    return " ".join(text.split())


TRICKS = [
    "*a* _b_ ~~c~~ **d**",
    "# a",
    "- a",
    "+ a",
    "1. a",
    "1) a",
    "> a",
    "---",
    "===",
    "[a](https://example.org)",
    "![a](https://example.org/x.png)",
    "https://example.org www.example.org a@example.org",
    "<script>alert(1)</script> <!-- a --> &amp; &#65;",
    "`a` ``b``",
    "| a | b |",
    "[ ] a [x] b [^1]",
    "\\*a\\* \\",
    "$(id) %0A ::error::a",
    "    a",
    "a  \nb",
]


@pytest.mark.parametrize("text", TRICKS)
def test_a_text_with_markup_shows_as_it_is(text: str) -> None:
    seen = shown(markdown.escape(text))
    assert (seen.text.strip("\n"), seen.elements) == (line(text), ["p"])


@LIMITS
@given(TEXTS)
def test_any_text_shows_as_it_is(text: str) -> None:
    seen = shown(f"a {markdown.escape(text)} b")
    assert (line(seen.text), seen.elements) == (line(f"a {text} b"), ["p"])


@LIMITS
@given(TEXTS)
def test_any_text_opens_a_paragraph_and_nothing_else(text: str) -> None:
    seen = shown(markdown.escape(text))
    assert set(seen.elements) <= {"p"}


@pytest.mark.parametrize("text", ["@octocat", "thanks to @berkeley-dsep-infra/datahub"])
def test_nobody_is_notified(text: str) -> None:
    assert not re.search(r"@\w", markdown.escape(text))


@pytest.mark.parametrize("text", ["fixes #12", "GH-12", "see gh-7.", "(GH-12)", "o/r#12", "GH-1GH-2"])
@pytest.mark.parametrize("escaped", [markdown.escape, markdown.html, markdown.prose])
def test_a_number_is_not_taken_for_another_pull_request(text: str, escaped: Callable[[str], str]) -> None:
    assert not re.search(r"#\\?\d|\bGH\\?-\d", escaped(text), re.IGNORECASE)


@LIMITS
@given(st.lists(TEXTS.filter(str.strip), min_size=1, max_size=4))
def test_any_text_stays_in_its_cell_of_a_table(texts: list[str]) -> None:
    source = markdown.table(["x"] * len(texts), [[markdown.escape(text) for text in texts]])
    assert [line(cell) for cell in shown(source).cells] == [line(text) for text in texts]


@LIMITS
@given(st.lists(TEXTS.filter(str.strip), min_size=1, max_size=4))
def test_any_code_stays_in_its_cell_of_a_table(texts: list[str]) -> None:
    # A backslash before a bar cannot be written in a cell: GitHub takes both for one bar.
    plain = [text.replace("\\", "") for text in texts if text.replace("\\", "").strip()]
    seen = shown(markdown.table(["x"] * len(plain), [[markdown.code(text) for text in plain]] * bool(plain)))
    assert [line(cell) for cell in seen.cells] == [line(text) for text in plain]


@LIMITS
@given(TEXTS.filter(str.strip))
def test_any_code_shows_as_it_is(text: str) -> None:
    seen = shown(f"a {markdown.code(text)} b")
    assert (line(seen.text), seen.elements) == (line(f"a {text} b"), ["p", "code"])


def test_no_code_is_nothing() -> None:
    assert markdown.code(" ") == ""


@pytest.mark.parametrize(
    "url", ["https://example.org/a(b)c", "https://example.org/a b", "https://example.org/compare/a...b?c=d#e"]
)
def test_a_link_leads_where_it_says(url: str) -> None:
    seen = shown(markdown.link(markdown.escape("[a](b)"), url))
    assert seen.text.strip() == "[a](b)"
    assert seen.links == [url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")]


def test_columns_that_are_empty_throughout_are_left_out() -> None:
    table = markdown.table(["a", "b", "c"], [["1", "", "3"], ["4", "", ""]])
    assert table == "| a | c |\n| --- | --- |\n| 1 | 3 |\n| 4 |  |"


def test_what_is_folded_away_is_markdown() -> None:
    seen = shown(markdown.details("More", "*a*"))
    assert seen.elements == ["details", "summary", "p", "em"]


@pytest.mark.parametrize("body", ["a", "```", "````text\n```", "`", ""])
def test_a_block_holds_any_lines(body: str) -> None:
    seen = shown(markdown.block(body.split("\n")))
    assert (seen.text.strip("\n"), seen.elements) == (body, ["pre", "code"])


def test_prose_of_ours_has_code_between_backticks() -> None:
    seen = shown(markdown.prose("Set `a_b` to *c*."))
    assert (seen.text.strip(), seen.elements) == ("Set a_b to *c*.", ["p", "code"])


@LIMITS
@given(TEXTS)
def test_html_of_a_text_is_that_text(text: str) -> None:
    assert Shown(markdown.html(text)).text == line(text)


def test_the_address_of_a_line_survives_a_name_with_spaces() -> None:
    url = markdown.file_url("https://example.org/o/r/blob/main", "a b/{{c}}#.yaml", 3)
    assert url == "https://example.org/o/r/blob/main/a%20b/%7B%7Bc%7D%7D%23.yaml#L3"


@pytest.mark.parametrize(
    ("most", "shown"),
    [(9, "long text"), (8, "shorter"), (7, "shorter"), (6, "last"), (4, "last"), (3, "las")],
)
def test_of_several_texts_the_first_that_fits_is_shown(most: int, shown: str) -> None:
    assert markdown.first_that_fits(["long text", "shorter", "last"], most) == shown


def test_texts_behind_the_first_that_fits_are_not_made() -> None:
    made = iter(["short", "shorter"])
    assert markdown.first_that_fits(made) == "short"
    assert next(made) == "shorter"


def test_what_a_marker_tells_is_read_again_from_the_text_that_holds_it() -> None:
    pattern = markdown.marker_pattern(r"bump (?P<image>\S+)")
    read = pattern.search(f"A report.\n\n{markdown.marker('bump quay.io/hubs/image')}")
    assert read is not None
    assert read["image"] == "quay.io/hubs/image"


@pytest.mark.parametrize("text", ["", "bump image", "<!-- bump image -->", markdown.marker("upgrade")])
def test_a_text_without_such_a_marker_tells_nothing(text: str) -> None:
    assert markdown.marker_pattern(r"bump (?P<image>\S+)").search(text) is None
