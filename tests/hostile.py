"""Texts that people who wish us ill, or unlucky ones, put where a text is read.

One corpus for every entry. `TEXTS` can be an input of an action or stand in a file. `WRITTEN` are also what a
program can write and an API can answer, which is more: no shell and no environment lies before them.
`VALUES` are what JSON can hold where a text, a number or a list is expected.
"""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cmarkgfm.cmark

from local_github.markdown import EXTENSIONS

TEXTS = {
    "quotes": "a\"b'c",
    "substitution": "a$(touch {canary})",
    "backticks": "a`touch {canary}`",
    "semicolon": "a; touch {canary}",
    "line break": "a\nb",
    "carriage return": "a\rb",
    "set-output": "x\n::set-output name=changed::forged",
    "command": "::set-output name=changed::forged",
    "old command": "##[set-output name=changed]forged",
    "delimiter": "a\nchanged<<x\nforged\nx",
    "percent": "a%0A::set-output name=changed::forged",
    "up": "../../etc/passwd",
    "dash": "--upload-pack=touch {canary}",
    "short option": "-o",
    "html": "<img src=x onerror=alert(1)>",
    "mention": "@alice",
    "markdown": "[click](http://evil.example) ![x](http://evil.example/x.png)",
    "table": "a | b",
    "null": "a\x07b",
    "line separator": "a\u2028b",
}
MARKER = "<!-- hub-image-actions"
WRITTEN = {
    **TEXTS,
    "mask": "::add-mask::e",
    "stop": "::stop-commands::x",
    "indented command": "\u2003\u00a0\t::error::forged",
    "command behind a bell": "\x07::error::forged",
    "command behind a cursor": "\x1b[2K::error::forged",
    "command behind a title": "\x1b]0;x\x07::error::forged",
    "split old command": "#\x07#[error]forged",
    "old command behind a cursor": "##\x1b[2K[error]forged",
    "overwritten": "harmless\r::error::forged",
    "form feed": "a\x0c::error::forged",
    "next line": "a\x85::error::forged",
    "terminal": "\x1b]52;c;cm0gLXJm\x07\x1b[2J\x1bc\x9b2J\x1b]8;;http://evil.example\x1b\\x",
    "reference": "#1 GH-1 o/r#1 https://evil.example/",
    "closed": "</summary></details></td></table><img src=x>",
    "fence": "```\n````\n~~~\n<img src=x> @alice\n```",
    "paragraph": "a\n\n<img src=x>\n\n# b",
    "comment": f"{MARKER} build-test r.io/x -->",
    "comment's end": "--> <img src=x> <!--",
    "address": "x)\n\n<img src=x> [a](http://evil.example",
    "entity": "&lt;img src=x&gt; &#64;alice",
    "script": "</script><script>alert(1)</script>",
    "template": "{{data}} ${{ secrets.X }} {x} %(x)s {0.__class__}",
    "half a character": "a\ud800b",
    "right to left": "\u202egnp.exe",
    "zero width": "a\u200b\ufeffb",
    "empty": "",
    "spaces": "   ",
    "long": "a" * 100_000,
    "long with markup": "`<@|" * 20_000,
    "digits": "9" * 5_000,
    "xml": "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
}
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 1e308, 10**30, "", "x", [], {}, [None], [[]], ["x"], [{}]),
    *({"": None}, {"x": []}, {"Labels": [1]}, [{"x": [[[]]]}], "\ud800", "a" * 10_000),
]


OUR_HOSTS = (
    "https://example.org/",
    "http://127.0.0.1:",
    "https://github.com/berkeley-dsep-infra/hub-image-actions/blob/v1/",
)


def hostile(kind: str, canary: Path) -> str:
    """Return a text that makes a file when a shell reads it."""
    return WRITTEN[kind].replace("{canary}", str(canary))


def assert_harmless(markdown: str) -> None:
    """Check that Markdown shows no picture, leads to no other host than ours, and notifies nobody."""
    seen = Seen(markdown)
    assert not seen.elements & {"img", "script", "picture", "source", "iframe", "h1"}, markdown
    assert [link for link in seen.links if not link.startswith(OUR_HOSTS)] == [], markdown
    assert [text for text in seen.texts if "@alice" in text] == [], markdown


class Seen(HTMLParser):
    """What GitHub makes of Markdown before it looks for people in it."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: list[str] = []
        # A comment parts a text in two; in code, GitHub looks for nobody.
        self.texts: list[str] = []
        self._code = 0
        options = cmarkgfm.cmark.Options
        flags = options.CMARK_OPT_UNSAFE | options.CMARK_OPT_GITHUB_PRE_LANG
        self.feed(cmarkgfm.cmark.markdown_to_html_with_extensions(markdown, flags, EXTENSIONS))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        self._code += tag in {"code", "pre"}

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in {"code", "pre"}

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.texts.append(data)
