"""The documents: their tables and links, the errors that they quote, the workflows that people copy."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from hub_image_actions.checks.diagnosis import catalogue
from hub_image_actions.checks.hub_check import CATALOGUE as HUB_CHECK_FAILURES

OURS = re.compile(r"berkeley-dsep-infra/hub-image-actions/(?P<name>[\w-]+)@v1")
PINNED = re.compile(r"(?P<action>[\w-]+/[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)")
# What people build with today, and what is to be replaced by whatever they have.
UNPINNED = {"jupyterhub/repo2docker-action@master"}
ACTION_YML = """\
name: Greet
description: Says a word.
inputs:
  word:
    description: >-
      The word, `yes|no`,
      in one line.
    required: true
  loud:
    description: Whether it is loud.
    default: 'false'
  api-url:
    description: The API.
    default: ${{ github.api_url }}
outputs:
  heard:
    description: Who heard it.
    value: ${{ steps.greet.outputs.heard }}
"""
README = """\
# greet

<!-- inputs -->
<!-- /inputs -->

between

<!-- outputs -->
old
<!-- /outputs -->
"""
TROUBLESHOOTING = """\
# Troubleshooting

<!-- build-failures -->
<!-- /build-failures -->

<!-- hub-check-failures -->
<!-- /hub-check-failures -->
"""
# What differs from one error to another: what is left out, numbers of HTTP, words in capitals for names.
DIFFERS = re.compile(r"…|\b\d{3}\b|\b[A-Z]{4,}\b|[`'\"]")


def documents(root: Path) -> list[Path]:
    """Returns the texts in Markdown that readers find: at the top, beside actions, and in docs."""
    found = [path for pattern in ("*.md", "actions/*/*.md", "docs/**/*.md") for path in root.glob(pattern)]
    return sorted(found)


def prose(document: Path) -> str:
    """Returns a document without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)


def snippets(root: Path) -> Iterator[tuple[Path, str]]:
    """Yields the blocks of YAML in the documents."""
    for document in documents(root):
        for block in re.findall(r"^```yaml\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE):
            yield document, block


def steps(node: object) -> Iterator[dict[str, Any]]:
    """Yields every step of a snippet, however much of the workflow around it is shown."""
    children: list[object] = []
    if isinstance(node, dict):
        if "uses" in node:
            yield node
        children = list(node.values())
    elif isinstance(node, list):
        children = node
    for child in children:
        yield from steps(child)


def anchors(document: Path) -> set[str]:
    """Returns the anchors that GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture
def house(tmp_path: Path, root: Path) -> Path:
    """Returns a repository with one action and scripts/docs."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(root / "scripts/docs", tmp_path / "scripts/docs")
    for shared in ("src", "dependencies.zip"):
        (tmp_path / shared).symlink_to(root / shared)
    action = tmp_path / "actions/greet"
    action.mkdir(parents=True)
    (action / "action.yml").write_text(ACTION_YML)
    (action / "README.md").write_text(README)
    (tmp_path / "README.md").write_text("# top\n\n<!-- actions -->\n<!-- /actions -->\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/troubleshooting.md").write_text(TROUBLESHOOTING)
    return tmp_path


@pytest.fixture(scope="session")
def wordings(root: Path) -> list[str]:
    """Returns the texts in the code, without what is put into them and without quotes."""
    found = []
    for path in [*root.glob("src/**/*.py"), *root.glob("release/*.py"), *root.glob("actions/*/main.py")]:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        described = {node.value for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.JoinedStr):
                parts = [str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values]
                found.append(plain("".join(parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in described:
                found.append(plain(node.value))
    return found


def plain(text: str) -> str:
    """Returns a text without what marks code in it."""
    return re.sub(r"[`'\"]", "", text)


def quoted_errors(document: Path) -> list[str]:
    """Returns the errors that a document quotes: what is code in the columns "It says" and "Reason"."""
    found = []
    tables = re.findall(
        r"^\| (?:It says|Reason) \| Do \|\n\| --- .*\n((?:\|.*\n)+)", document.read_text(), re.MULTILINE
    )
    for table in tables:
        for row in table.splitlines():
            first = re.split(r"(?<!\\) \| ", row.removeprefix("| "))[0]
            found += [text for _, text in re.findall(r"(`+)(.+?)\1(?!`)", first)]
    return found


def docs(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs scripts/docs of a house."""
    command = [sys.executable, str(house / "scripts/docs"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_table_is_current(root: Path) -> None:
    done = docs(root, "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_tables_are_written_from_what_the_action_declares(house: Path) -> None:
    assert docs(house).returncode == 0
    written = (house / "actions/greet/README.md").read_text()
    assert r"| `word` | **required** | The word, `yes\|no`, in one line. |" in written
    assert "| `loud` | `false` | Whether it is loud. |" in written
    assert "| `api-url` | the runner's | The API. |" in written
    assert "| `heard` | Who heard it. |" in written
    assert "| [`greet`](actions/greet/README.md) | Says a word. |" in (house / "README.md").read_text()


def test_known_failures_are_listed_with_a_line_of_the_log_and_what_to_do(house: Path) -> None:
    assert docs(house).returncode == 0
    written = (house / "docs/troubleshooting.md").read_text()
    assert (
        "| apt finds no package … | `E: Unable to locate package libgeos-3.8` | Check the name in apt.txt"
        in written
    )
    assert "| The server ends instead of serving | `the server ended with status 0` | Look at" in written
    for failure in (*catalogue(), *catalogue(HUB_CHECK_FAILURES)):
        assert f"\n| {failure.name.replace('{what}', '…')} | " in written


def test_a_failure_that_its_own_example_does_not_tell_is_an_error(house: Path, root: Path) -> None:
    (house / "src").unlink()
    shutil.copytree(root / "src", house / "src", ignore=shutil.ignore_patterns("__pycache__"))
    known = house / "src/hub_image_actions/checks/build_failures.yaml"
    known.write_text("- {name: It rains, pattern: wet, remedy: Wait., example: dry}\n")
    assert "no line of its example tells 'It rains'" in docs(house).stderr


def test_what_stands_outside_the_markers_stays(house: Path) -> None:
    docs(house)
    written = (house / "actions/greet/README.md").read_text()
    outside = re.sub(r"(<!-- (\w+) -->\n).*?(<!-- /\2 -->)", r"\1\3", written, flags=re.DOTALL)
    assert outside == README.replace("old\n", "")


def test_a_second_run_changes_nothing(house: Path) -> None:
    docs(house)
    before = (house / "actions/greet/README.md").read_bytes()
    assert docs(house, "--check").returncode == 0
    docs(house)
    assert (house / "actions/greet/README.md").read_bytes() == before


def test_check_names_the_file_that_is_not_current_and_writes_nothing(house: Path) -> None:
    docs(house)
    action = house / "actions/greet/action.yml"
    action.write_text(action.read_text().replace("Who heard it.", "All who heard it."))
    before = (house / "actions/greet/README.md").read_bytes()
    done = docs(house, "--check")
    assert (done.returncode, done.stderr.partition(":")[0]) == (1, "actions/greet/README.md")
    assert (house / "actions/greet/README.md").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "it is missing"),
        (README.replace("<!-- /inputs -->", ""), "<!-- /inputs -->"),
        (README + README, "<!-- inputs -->"),
    ],
)
def test_a_readme_that_cannot_be_written_is_named(house: Path, text: str | None, problem: str) -> None:
    readme = house / "actions/greet/README.md"
    if text is None:
        readme.unlink()
    else:
        readme.write_text(text)
    done = docs(house)
    assert done.returncode == 1
    assert done.stderr.startswith("actions/greet/README.md: ")
    assert problem in done.stderr


def test_every_link_between_documents_leads_somewhere(root: Path) -> None:
    dead = []
    for document in documents(root):
        for link in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
            path, _, anchor = link.partition("#")
            target = document.parent / path if path else document
            if re.match(r"\w+:", link):
                continue
            if not target.exists() or (anchor and anchor not in anchors(target)):
                dead.append(f"{document.relative_to(root)}: {link}")
    assert dead == []


def test_every_page_of_the_docs_is_linked_from_the_readme(root: Path) -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)\)", prose(root / "README.md")))
    assert linked == {page.relative_to(root).as_posix() for page in root.glob("docs/**/*.md")}


def test_every_command_is_told_of_in_the_readme_or_in_contributing(root: Path) -> None:
    told = (root / "README.md").read_text() + (root / "CONTRIBUTING.md").read_text()
    commands = {path.name for path in root.glob("scripts/*")} - {"setup-tests"}  # scripts/test calls it
    assert [name for name in sorted(commands) if f"scripts/{name}" not in told] == []


def test_errors_are_quoted_as_the_code_words_them(root: Path, wordings: list[str]) -> None:
    quoted = [(path, text) for path in documents(root) for text in quoted_errors(path)]
    assert len(quoted) > 60
    wrong = []
    for path, text in quoted:
        fragments = [part for part in DIFFERS.split(plain(text)) if part.strip()]
        if not any(all(part.strip() in wording for part in fragments) for wording in wordings):
            wrong.append(f"{path.relative_to(root)}: {text}")
    assert wrong == []


def test_every_finding_of_the_doctor_is_explained(root: Path) -> None:
    page = (root / "docs/fleet.md").read_text()
    calls = (
        node.args[1]
        for path in root.glob("src/hub_image_actions/fleet/doctor/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "finding"
        and len(node.args) > 1
    )
    names = {str(name.value) for name in calls if isinstance(name, ast.Constant)}
    assert len(names) > 20
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_every_state_of_an_upgrade_is_explained(root: Path) -> None:
    from hub_image_actions.fleet.upgrade.waves import State

    page = (root / "docs/fleet.md").read_text()
    table = page.partition("| A repository is |")[2].partition("\n\n")[0]
    explained = {word for row in table.splitlines()[2:] for word in row.split("|")[1].strip().split(", ")}
    assert explained == set(get_args(State))


def test_the_documents_show_workflows(root: Path) -> None:
    shown = {
        document.relative_to(root).as_posix() for document, block in snippets(root) if OURS.search(block)
    }
    assert {"README.md", "actions/bump-datahub-tag/README.md"} <= shown


def test_every_snippet_gives_our_actions_the_inputs_that_they_have_and_need(root: Path) -> None:
    wrong = []
    for document, block in snippets(root):
        for step in steps(YAML(typ="safe", pure=True).load(block)):
            ours = OURS.fullmatch(step["uses"])
            if not ours:
                continue
            declared = YAML(typ="safe", pure=True).load(root / "actions" / ours["name"] / "action.yml")[
                "inputs"
            ]
            given = set(step.get("with", {}))
            needed = {name for name, about in declared.items() if about.get("required")}
            if given - set(declared) or needed - given:
                wrong.append(f"{document.relative_to(root)}: {step['uses']}: {sorted(given)}")
    assert wrong == []


def test_every_action_of_others_is_pinned_by_commit_with_its_version(root: Path) -> None:
    texts = [(document, block) for document, block in snippets(root)]
    texts += [(path, path.read_text()) for path in root.glob(".github/workflows/*.yaml")]
    used = [
        (path.relative_to(root).as_posix(), used.strip())
        for path, text in texts
        for used in re.findall(r"uses: (.*)", text)
    ]
    others = [(path, used) for path, used in used if not OURS.match(used) and used.split()[0] not in UNPINNED]
    assert [entry for entry in others if not PINNED.fullmatch(entry[1])] == []


def test_an_action_of_others_has_the_same_commit_everywhere(root: Path) -> None:
    paths = [*documents(root), *root.glob(".github/workflows/*.yaml")]
    pins = {
        (pin["action"], pin["commit"], pin["version"])
        for path in paths
        for pin in PINNED.finditer(path.read_text())
    }
    names = [action for action, _, _ in pins]
    assert sorted(names) == sorted(set(names))


def test_the_changelog_begins_with_what_is_not_released(root: Path) -> None:
    headings = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    released = re.compile(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}")
    assert [heading for heading in headings[1:] if not released.fullmatch(heading)] == []
