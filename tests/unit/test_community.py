"""The files by which GitHub lets people report, propose, review and cite."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import hub_image_actions

FOLDER = Path(__file__).resolve().parents[2] / ".github/ISSUE_TEMPLATE"
FORMS = sorted(path for path in FOLDER.iterdir() if path.name != "config.yml")
# Source: "Syntax for issue forms" and "Syntax for GitHub's form schema" in GitHub's documentation.
FORM = {"name", "description", "body", "assignees", "labels", "title", "type", "projects"}
ATTRIBUTES = {
    "markdown": {"value"},
    "input": {"label", "description", "placeholder", "value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}
ELEMENT = {"type", "id", "attributes", "validations"}
# Source: the Citation File Format 1.2.0, of which this is all that is needed or used here.
CITATION = {
    "abstract",
    "authors",
    "cff-version",
    "keywords",
    "license",
    "message",
    "repository-code",
    "title",
    "type",
    "version",
}
OWNED = re.compile(r"(?P<path>\S+)(?P<owners>(?: +@[\w-]+(?:/[\w-]+)?)+)")


def load(path: Path) -> Any:
    """Return what a file in YAML holds."""
    return YAML(typ="safe", pure=True).load(path)


def problems(form: dict[str, Any]) -> list[str]:
    """Return what GitHub would not take of an issue form."""
    found = [f"unknown key {key}" for key in form.keys() - FORM]
    found += [f"no {key}" for key in ("name", "description", "body") if not form.get(key)]
    elements = form.get("body", [])
    asked = [element for element in elements if element.get("type") != "markdown"]
    found += [] if asked else ["it asks nothing"]
    for place in ("id", "label"):
        values = [element.get("attributes", {}).get(place) or element.get(place) for element in asked]
        found += [
            f"{place} {value} twice" for value in {each for each in values if each} if values.count(value) > 1
        ]
    return found + [problem for element in elements for problem in element_problems(element)]


def element_problems(element: dict[str, Any]) -> list[str]:
    """Return what GitHub would not take of an element of a form."""
    kind, attributes = element.get("type"), element.get("attributes", {})
    if kind not in ATTRIBUTES:
        return [f"unknown type {kind}"]
    found = [f"unknown key {key}" for key in element.keys() - ELEMENT]
    found += [f"unknown attribute {key} of {kind}" for key in attributes.keys() - ATTRIBUTES[kind]]
    needed = {"markdown": ("value",), "dropdown": ("label", "options"), "checkboxes": ("label", "options")}
    found += [f"{kind} has no {key}" for key in needed.get(str(kind), ("label",)) if not attributes.get(key)]
    found += [f"unknown validation {key}" for key in element.get("validations", {}).keys() - {"required"}]
    if "id" in element and not re.fullmatch(r"[A-Za-z0-9_-]+", element["id"]):
        found.append(f"no id: {element['id']}")
    if kind == "dropdown":
        # YAML's yes, no and numbers are no texts, and GitHub takes each option but once.
        options = attributes.get("options", [])
        found += [f"no text: {option}" for option in options if not isinstance(option, str)]
        found += ["an option twice"] if len(set(map(str, options))) < len(options) else []
    return found


@pytest.mark.parametrize("form", FORMS, ids=lambda path: str(path.stem))
def test_github_takes_the_issue_form(form: Path) -> None:
    assert problems(load(form)) == []


def test_there_is_a_form_for_each_kind_of_report() -> None:
    assert [form.name for form in FORMS] == [
        "bug.yaml",
        "deployment-not-moved.yaml",
        "failure-not-recognised.yaml",
    ]


def test_the_names_of_forms_differ() -> None:
    assert len({load(form)["name"] for form in FORMS}) == len(FORMS)


def test_every_action_can_be_reported(root: Path) -> None:
    options = load(FOLDER / "bug.yaml")["body"][0]["attributes"]["options"]
    assert {path.parent.name for path in root.glob("actions/*/action.yml")} <= set(options)


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ({"type": "text"}, "unknown type text"),
        ({"type": "input", "attributes": {}}, "input has no label"),
        ({"type": "input", "label": "x", "attributes": {"label": "a"}}, "unknown key label"),
        (
            {"type": "input", "attributes": {"label": "a", "options": []}},
            "unknown attribute options of input",
        ),
        ({"type": "dropdown", "attributes": {"label": "a", "options": [True]}}, "no text: True"),
        ({"type": "dropdown", "attributes": {"label": "a", "options": ["b", "b"]}}, "an option twice"),
        (
            {"type": "input", "attributes": {"label": "a"}, "validations": {"needed": True}},
            "unknown validation needed",
        ),
        ({"type": "input", "id": "a b", "attributes": {"label": "a"}}, "no id: a b"),
    ],
)
def test_what_github_does_not_take_is_found(element: dict[str, Any], problem: str) -> None:
    asked = {"type": "input", "attributes": {"label": "asked"}}
    assert problems({"name": "n", "description": "d", "body": [asked, element]}) == [problem]


def test_the_chooser_has_the_keys_that_github_knows() -> None:
    config = load(FOLDER / "config.yml")
    assert set(config) == {"blank_issues_enabled", "contact_links"}
    assert isinstance(config["blank_issues_enabled"], bool)
    assert all(set(link) == {"name", "url", "about"} for link in config["contact_links"])


def test_links_of_the_chooser_into_this_repository_lead_somewhere(root: Path) -> None:
    urls = [link["url"] for link in load(FOLDER / "config.yml")["contact_links"]]
    paths = [found[1] for url in urls if (found := re.search(r"/blob/main/(.*)", url))]
    assert paths
    assert [path for path in paths if not (root / path).exists()] == []


def test_every_line_of_the_code_owners_names_a_path_that_is_there_and_owners(root: Path) -> None:
    lines = [
        line for line in (root / ".github/CODEOWNERS").read_text().splitlines() if line and line[0] != "#"
    ]
    owned = [OWNED.fullmatch(line) for line in lines]
    assert owned
    assert [line for line, found in zip(lines, owned, strict=True) if not found] == []
    paths = [found["path"] for found in owned if found and found["path"] != "*"]
    assert [path for path in paths if not (root / path.lstrip("/")).exists()] == []


def test_the_citation_has_what_its_format_asks_for_and_nothing_unknown(root: Path) -> None:
    citation = load(root / "CITATION.cff")
    assert set(citation) == CITATION
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert all(set(author) == {"name"} for author in citation["authors"])
    assert [key for key in CITATION - {"authors", "keywords"} if not isinstance(citation[key], str)] == []


def test_the_citation_has_version_and_licence_of_the_project(root: Path) -> None:
    citation = load(root / "CITATION.cff")
    assert citation["version"] == hub_image_actions.__version__
    assert f'license = "{citation["license"]}"' in (root / "pyproject.toml").read_text()
