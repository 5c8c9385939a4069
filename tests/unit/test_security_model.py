"""The security model names tests: they exist, and every barrier has one."""

import re
from pathlib import Path

NAMED = re.compile(r"\[(?P<name>test_\w+)\]\((?P<file>[^)]+)\)")


def test_every_test_that_it_names_is_in_the_file_that_it_links(root: Path) -> None:
    model = root / "docs/security.md"
    named = NAMED.findall(model.read_text(encoding="utf-8"))
    assert named
    missing = [
        name
        for name, file in named
        if not re.search(rf"^def {name}\(", (model.parent / file).resolve().read_text(), re.MULTILINE)
    ]
    assert missing == []


def test_every_barrier_has_a_test(root: Path) -> None:
    table = (root / "docs/security.md").read_text(encoding="utf-8").partition("## Who can reach what")[2]
    rows = [line for line in table.partition("\n## ")[0].splitlines() if line.startswith("| ")][2:]
    assert rows
    assert [row for row in rows if not NAMED.search(row.split(" | ")[-1])] == []
