"""The template's files: known by what they hold, whatever they are called and wherever their pins are."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from hub_image_actions.fleet.workflows.pins import OURS, Target
from hub_image_actions.fleet.workflows.template_files import (
    HISTORY,
    Recognised,
    digest,
    normalised,
    read_history,
    read_history_text,
    recognise,
    with_newer_pins,
    with_pins_of,
    with_release,
)
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile

SHA, OTHER = "a" * 40, "b" * 40
PATH = ".github/workflows/ours.yaml"


@pytest.fixture
def template(root: Path) -> Mapping[str, bytes]:
    """Returns the template's workflow files by name."""
    return {path.name: path.read_bytes() for path in (root / "template/.github/workflows").iterdir()}


def found(
    content: bytes, template: Mapping[str, bytes], history: Mapping[str, Mapping[str, str]]
) -> Recognised | None:
    """Returns what a file is recognised as."""
    return recognise(WorkflowFile(PATH, content), template, history, OURS)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.rstrip(b"\n"),
        lambda text: text.replace(b"build-test@v1", b"build-test@v1.3.2"),
        lambda text: text.replace(b"build-test@v1", b"build-test@" + SHA.encode() + b" # v1.3.2"),
        lambda text: text.replace(b"vars.IMAGE || ''", b"vars.IMAGE || 'p/user-images/x'"),
        lambda text: text.replace(b"|| 'us-central1-docker.pkg.dev'", b"|| 'ghcr.io'"),
        lambda text: re.sub(rb"checkout@\w{40} # v7.0.1", b"checkout@" + SHA.encode() + b"  # v8", text),
    ],
)
def test_a_file_is_current_whatever_its_pins_and_line_ends(
    template: Mapping[str, bytes], change: object
) -> None:
    assert callable(change)
    assert found(change(template["test.yaml"]), template, {}) == Recognised(PATH, "test.yaml", "current")


@pytest.mark.parametrize("name", ["test.yaml", "rollback.yaml", "yaml-lint.yaml", "binder.yaml"])
def test_any_other_change_makes_it_an_edited_copy(template: Mapping[str, bytes], name: str) -> None:
    edited = found(template[name].replace(b"permissions: {}\n", b"permissions: {} # none\n", 1), template, {})
    assert edited is not None
    assert (edited.name, edited.state) == (name, "edited")
    assert "+permissions: {} # none" in edited.difference


def test_a_file_of_an_earlier_release_is_known_by_its_digest(template: Mapping[str, bytes]) -> None:
    old = b"# older\n" + template["test.yaml"]
    history = {"1.0.0": {"test.yaml": digest(old)}}
    assert found(old, template, history) == Recognised(PATH, "test.yaml", "older", "1.0.0")


def test_a_forks_file_of_an_earlier_release_is_known_too(template: Mapping[str, bytes]) -> None:
    history = {"1.0.0": {"test.yaml": digest(b"# older\n" + template["test.yaml"])}}
    fork = {name: text.replace(OURS.encode(), b"a/hub-image-actions") for name, text in template.items()}
    file = WorkflowFile(PATH, b"# older\n" + fork["test.yaml"])
    known = recognise(file, fork, history, "a/hub-image-actions")
    assert known == Recognised(PATH, "test.yaml", "older", "1.0.0")


def test_a_workflow_of_ones_own_that_uses_our_actions_is_not_the_templates(
    template: Mapping[str, bytes],
) -> None:
    own = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {OURS}/build@v1\n".encode()
    assert found(own, template, {}) is None


def test_new_text_keeps_the_repositorys_own_style_of_pins(template: Mapping[str, bytes]) -> None:
    pin = f"build-test@{SHA} # v1.2.0".encode()
    old = WorkflowFile(PATH, template["test.yaml"].replace(b"build-test@v1", pin))
    new = with_pins_of(template["test.yaml"], old, Target("1.3.2"))
    assert new == template["test.yaml"].replace(b"build-test@v1", pin)


def test_new_text_keeps_the_image_that_the_repository_wrote(template: Mapping[str, bytes]) -> None:
    written = template["test.yaml"].replace(b"vars.IMAGE || ''", b"vars.IMAGE || 'p/x'")
    written = written.replace(b"|| 'us-central1-docker.pkg.dev'", b"|| 'ghcr.io'")
    old = WorkflowFile(PATH, b"# older\n" + written)
    assert with_pins_of(template["test.yaml"], old, Target("1.3.2")) == written


@pytest.mark.parametrize(("theirs", "moves"), [("v6.0.0", True), ("v7.0.1", False), ("v8.0.0", False)])
def test_only_older_pins_of_other_actions_move(
    template: Mapping[str, bytes], theirs: str, moves: bool
) -> None:
    current = template["test.yaml"]
    own = re.sub(rb"checkout@\w{40} # v7.0.1", f"checkout@{SHA} # {theirs}".encode(), current)
    assert with_newer_pins(own, current, PATH) == (current if moves else own)


def test_the_history_says_with_a_command_what_the_digest_is(
    template: Mapping[str, bytes], tmp_path: Path
) -> None:
    comments = [line[2:] for line in HISTORY.read_text().splitlines() if line.startswith("#   ")]
    command = "\n".join(line.strip() for line in comments).replace("cd template/.github/workflows", "set -e")
    for name, content in template.items():
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True
    )
    printed = dict(line.strip().split(": ") for line in done.stdout.splitlines())
    assert printed == {name: digest(content) for name, content in template.items()}


def test_the_history_names_files_and_digests() -> None:
    for release, files in read_history().items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", release)
        assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in files.values())


def test_a_history_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.yaml"
    path.write_text(f"releases:\n  1.0.0:\n    test.yaml: {SHA}\n")
    assert read_history(path) == {"1.0.0": {"test.yaml": SHA}}


def test_normalising_twice_is_normalising_once(template: Mapping[str, bytes]) -> None:
    for content in template.values():
        assert normalised(normalised(content).encode()) == normalised(content)


def test_a_release_is_added_with_the_files_that_changed(template: Mapping[str, bytes]) -> None:
    empty = "# comment\n\nreleases: {}\n"
    first = with_release(empty, "1.0.0", template)
    assert first.startswith('# comment\n\nreleases:\n  "1.0.0":\n    ')
    assert read_history_text(first)["1.0.0"] == {name: digest(text) for name, text in template.items()}
    assert with_release(first, "1.0.1", template) == first
    changed = {**template, "test.yaml": template["test.yaml"] + b"# new\n"}
    second = with_release(first, "1.1.0", changed)
    assert read_history_text(second)["1.1.0"] == {"test.yaml": digest(changed["test.yaml"])}
    assert second.startswith(first)
