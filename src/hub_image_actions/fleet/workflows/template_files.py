"""The template's workflow files, recognised by what they hold: whatever their names, pins and line ends.

A file that is the template's as some release had it was never edited, and can be replaced by today's. An
edited one is found by the actions of ours that it uses, and left to people, with the difference.
"""

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from hub_image_actions.fleet.workflows.pins import OURS, Target, pins, pins_of, version_key
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS, WorkflowFile
from hub_image_actions.references import DEFAULT_REGISTRY

HISTORY = Path(__file__).with_name("template_history.yaml")
_BOM = "\ufeff"
# The same as the command in template_history.yaml does with sed.
_PIN = re.compile(r"(uses: *[^@#]+)@.*")
# What a repository writes for runs that see no variables, as a fork's: it is its own, and no edit.
_WRITTEN = re.compile(r"(?P<named>\bvars\.(?P<variable>IMAGE|REGISTRY) \|\| )'(?P<value>[^']*)'")
# Below this part of equal lines, a file that uses an action of ours is somebody's own.
_ALIKE = 0.5
# And this part is needed where no action of ours speaks for it.
_NEARLY_THE_SAME = 0.85

History = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Recognised:
    """A file that is the template's.

    Args:
        path: its path in the repository.
        name: the file's name in the template.
        state: `current` (as the template has it), `older` (as an earlier release had it), or `edited`.
        release: the release that had it so, where it is an older one.
        difference: for an edited file, how it differs from the template's, as a unified diff.
    """

    path: str
    name: str
    state: Literal["current", "older", "edited"]
    release: str = ""
    difference: str = ""


def normalised(content: bytes) -> str:
    """Return a file's text without what does not count: pins, the image's own name, BOM, ends of lines."""
    text = content.decode(errors="surrogateescape").removeprefix(_BOM)
    lines = [_PIN.sub(r"\1@", line.rstrip(" \t\r")) for line in text.split("\n")]
    return _WRITTEN.sub(r"\g<named>''", "\n".join(lines)).rstrip("\n") + "\n"


def digest(content: bytes) -> str:
    """Return the SHA-256 of the normalised text, in hexadecimal."""
    return hashlib.sha256(normalised(content).encode(errors="surrogateescape")).hexdigest()


def read_history(path: Path = HISTORY) -> History:
    """Return the digests of earlier releases: release → name of file → digest."""
    return read_history_text(path.read_text(encoding="utf-8"))


def read_history_text(text: str) -> History:
    """Return the same from the file's text."""
    from ruamel.yaml import YAML

    held = YAML(typ="safe", pure=True).load(text)["releases"] or {}
    releases = {
        str(release): {str(name): str(value) for name, value in files.items()}
        for release, files in held.items()
    }
    return MappingProxyType(releases)


def with_release(text: str, release: str, files: Mapping[str, bytes]) -> str:
    """Return the history's text with one more release; as it is where nothing changed since the last one.

    Args:
        text: the text of the history's file.
        release: the release's version.
        files: the template's workflow files as it has them, by name.
    """
    known: dict[str, str] = {}
    for named in read_history_text(text).values():
        known |= named
    new = {name: digest(content) for name, content in sorted(files.items())}
    changed = {name: value for name, value in new.items() if known.get(name) != value}
    if not changed:
        return text
    begun = text.replace("releases: {}\n", "releases:\n").rstrip("\n")
    lines = [f'  "{release}":', *(f"    {name}: {value}" for name, value in changed.items())]
    return "\n".join([begun, *lines, ""])


def workflows_of(template: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the template's workflow files by name."""
    return {
        path.removeprefix(WORKFLOWS): content
        for path, content in template.items()
        if path.startswith(WORKFLOWS)
    }


def recognise(
    file: WorkflowFile, template: Mapping[str, bytes], history: History, repository: str
) -> Recognised | None:
    """Return which of the template's files this one is, or None where it is none.

    Args:
        file: the file.
        template: the template's workflow files by name, with our actions taken from `repository`.
        history: what :func:`read_history` returns.
        repository: whose actions are ours, `owner/name`.
    """
    content = file.text.encode()
    for name, current in template.items():
        if digest(content) == digest(current):
            return Recognised(file.path, name, "current")
    # The history knows our actions under our own name only.
    own = digest(content.replace(f"uses: {repository}/".encode(), f"uses: {OURS}/".encode()))
    for release, files in history.items():
        for name, value in files.items():
            if own == value:
                return Recognised(file.path, name, "older", release)
    return _edited(file, template, repository)


def with_pins_of(new: bytes, old: WorkflowFile, target: Target) -> bytes:
    """Return the template's new text with the pins that its old one has in a repository.

    Our own pins keep the repository's style; of other people's actions the newer pin is kept, because
    Dependabot may have been there. The image's name and registry stay as the repository wrote them.
    """
    text = _with_written(new.decode(), old.text)
    file = WorkflowFile(old.path, text.encode())
    theirs = {pin.uses.lower(): pin for pin in pins(old)}
    for pin in reversed(pins(file)):
        kept = theirs.get(pin.uses.lower())
        if not kept or pin.start < 0 or kept.start < 0:
            continue
        ours = pin.repository == target.repository.lower()
        if ours or version_key(kept.comment or kept.ref) > version_key(pin.comment or pin.ref):
            end = text.find("\n", pin.start)
            written = kept.ref + (f" # {kept.comment}" if kept.comment else "")
            text = text[: pin.start] + written + text[end:]
    ends = "\r\n" if "\r\n" in old.text else "\n"
    return text.replace("\n", ends).encode()


def _with_written(text: str, old: str) -> str:
    theirs = {found["named"]: found[0] for found in _WRITTEN.finditer(old) if found["value"]}
    return _WRITTEN.sub(lambda found: theirs.get(found["named"], found[0]), text)


def with_image(content: bytes, image: str, registry: str) -> bytes:
    """Return a file in which an image and its registry are written for runs that see no variables.

    Args:
        content: the file.
        image: the image; where another is written already, it stays.
        registry: the host of its registry.
    """
    written = {"IMAGE": ("", image), "REGISTRY": (DEFAULT_REGISTRY, registry)}

    def filled(found: "re.Match[str]") -> str:
        usual, own = written[found["variable"]]
        return f"{found['named']}'{own}'" if found["value"] == usual else found[0]

    return _WRITTEN.sub(filled, content.decode(errors="surrogateescape")).encode(errors="surrogateescape")


def with_newer_pins(content: bytes, template: bytes, path: str) -> bytes:
    """Return a file with those pins of other people's actions of which the template has newer ones."""
    file = WorkflowFile(path, content)
    theirs = {pin.uses.lower(): pin for pin in pins(WorkflowFile(path, template))}
    text = file.text
    for pin in reversed(pins(file)):
        newer = theirs.get(pin.uses.lower())
        # Both are releases, told by their comments: what has none is left.
        if newer and pin.comment and version_key(newer.comment) > version_key(pin.comment):
            end = pin.comment_start + len(pin.comment)
            between = text[pin.start + len(pin.ref) : pin.comment_start]
            text = text[: pin.start] + newer.ref + between + newer.comment + text[end:]
    return text.encode()


def _edited(file: WorkflowFile, template: Mapping[str, bytes], repository: str) -> Recognised | None:
    used = {pin.uses.lower() for pin in pins_of(file, repository)}
    best, name = max(_likeness(file, used, template, repository), default=(0.0, ""))
    if best < (_ALIKE if used else _NEARLY_THE_SAME):
        return None
    return Recognised(file.path, name, "edited", difference=_difference(file, name, template[name]))


def _likeness(
    file: WorkflowFile, used: set[str], template: Mapping[str, bytes], repository: str
) -> Iterator[tuple[float, str]]:
    lines = normalised(file.text.encode()).splitlines()
    for name, current in template.items():
        theirs = _uses_of(name, current, repository)
        if used & theirs or not (used or theirs):
            others = normalised(current).splitlines()
            yield difflib.SequenceMatcher(a=lines, b=others, autojunk=False).ratio(), name


@lru_cache(maxsize=64)
def _uses_of(name: str, content: bytes, repository: str) -> frozenset[str]:
    return frozenset(pin.uses.lower() for pin in pins_of(WorkflowFile(name, content), repository))


def _difference(file: WorkflowFile, name: str, current: bytes) -> str:
    before = normalised(current).splitlines()
    after = normalised(file.text.encode()).splitlines()
    lines = difflib.unified_diff(before, after, f"template/{WORKFLOWS}{name}", file.path, lineterm="", n=1)
    return "\n".join(lines)
