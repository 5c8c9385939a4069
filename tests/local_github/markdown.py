"""Markdown as GitHub shows it: GitHub's own parser, then only the HTML that GitHub lets through."""

import html
import html.parser

import cmarkgfm.cmark

EXTENSIONS = ["table", "strikethrough", "autolink", "tagfilter", "tasklist"]
# The part of GitHub's list that the texts of this project can come near to
# (https://github.com/gjtorikian/html-pipeline, SanitizationFilter).
TAGS = frozenset(
    [
        "a",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "picture",
        "pre",
        "q",
        "s",
        "samp",
        "source",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "ul",
        "var",
    ]
)
EMPTY = frozenset(("br", "hr", "img", "input", "source"))
ATTRIBUTES = frozenset(
    ("align", "alt", "checked", "colspan", "disabled", "href", "open", "rowspan", "start", "title")
)
SCHEMES = ("http://", "https://", "mailto:", "#", "/")
DROPPED_WITH_TEXT = frozenset(("script", "style", "title", "textarea", "iframe"))


class Sanitizer(html.parser.HTMLParser):
    """Writes HTML anew with what is allowed; comments vanish, pictures become their text."""

    def __init__(self) -> None:
        """Begin with nothing written."""
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[str] = []
        self._dropping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an allowed tag with its allowed attributes."""
        given = dict(attrs)
        if tag in DROPPED_WITH_TEXT:
            self._dropping += 1
        elif tag == "img":
            # A page makes no request elsewhere: a picture shows its text, and its address on hovering.
            text, source = (html.escape(given.get(name) or "") for name in ("alt", "src"))
            self.parts.append(f'<span class="picture" title="{source}">{text or "picture"}</span>')
        elif tag == "input" and given.get("type") != "checkbox":
            return
        elif tag in TAGS:
            kept = [(name, value) for name, value in attrs if _allowed(name, value)]
            written = "".join(f' {name}="{html.escape(value or "")}"' for name, value in kept)
            box = ' type="checkbox" disabled' if tag == "input" else ""
            self.parts.append(f"<{tag}{box}{written}>")
            if tag not in EMPTY:
                self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close a tag that is open, and what was left open in it."""
        if tag in DROPPED_WITH_TEXT:
            self._dropping = max(self._dropping - 1, 0)
        if tag in self._open:
            while (last := self._open.pop()) != tag:
                self.parts.append(f"</{last}>")
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Write text."""
        if not self._dropping:
            self.parts.append(html.escape(data, quote=False))

    def result(self) -> str:
        """Return what was written, all tags closed."""
        return "".join(self.parts) + "".join(f"</{tag}>" for tag in reversed(self._open))


def _allowed(name: str, value: str | None) -> bool:
    safe = name != "href" or (value or "").lower().startswith(SCHEMES) or ":" not in (value or "")
    return name in ATTRIBUTES and safe


def render(text: str) -> str:
    """Return the HTML that a reader of GitHub sees for a text in Markdown."""
    options = cmarkgfm.cmark.Options
    flags = options.CMARK_OPT_UNSAFE | options.CMARK_OPT_GITHUB_PRE_LANG | options.CMARK_OPT_HARDBREAKS
    parsed = cmarkgfm.cmark.markdown_to_html_with_extensions(text, flags, EXTENSIONS)
    sanitizer = Sanitizer()
    sanitizer.feed(parsed)
    sanitizer.close()
    return sanitizer.result()
