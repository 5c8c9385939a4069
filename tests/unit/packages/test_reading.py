"""How the packages of an image are read, and what is said when they cannot be."""

import json
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import CommandError
from hub_image_actions.packages.package_list import Package
from hub_image_actions.packages.reading import PackagesNotRead, read_list, read_packages

LISTED = {"form": 1, "packages": {"pip": {"": "numpy 2.1.0\n"}}, "unread": [], "system": "Debian 12"}


@dataclass
class Container:
    """An engine with a container that leaves what it is told, and ends as it is told."""

    leaves: str = json.dumps(LISTED)
    ends: BaseException | None = None
    command: tuple[str, ...] = ()
    removed: list[str] = field(default_factory=list)

    def stream(self, *arguments: str, timeout: float) -> list[str]:
        self.command = arguments
        results = next(word for word in arguments if word.endswith("/results")).partition(":")[0]
        Path(results, "packages.json").write_text(self.leaves)
        if self.ends:
            raise self.ends
        return []

    def remove_container(self, name: str) -> None:
        self.removed.append(name)


def read(container: Container) -> Any:
    return read_packages(cast("Docker", container), "r.io/x:1", "lister")


def test_the_packages_are_those_that_the_container_wrote() -> None:
    found = read(Container())
    assert found.packages == (Package("pip", "numpy", "2.1.0"),)
    assert (found.system, found.notes) == ("Debian 12", ())


def test_the_container_sees_all_files_and_no_network() -> None:
    container = Container()
    read(container)
    words = container.command
    options = dict(pairwise(words))
    assert (options["--user"], options["--network"], options["--entrypoint"]) == ("0", "none", "python3")
    assert any(word.endswith("/list_packages.py:ro") for word in words)


@pytest.mark.parametrize(
    ("notes", "shown"),
    [
        (["R is broken"], ("R is broken",)),
        (["x" * 600], ("x" * 500,)),
        (list(range(30)), tuple(map(str, range(20)))),
        ("R is broken", ()),
        (None, ()),
    ],
)
def test_of_notes_only_so_many_and_so_much_is_kept(notes: object, shown: tuple[str, ...]) -> None:
    assert read(Container(json.dumps({**LISTED, "notes": notes}))).notes == shown


@pytest.mark.parametrize(
    ("status", "stdout", "stderr", "problem", "remedy"),
    [
        (
            127,
            "",
            "exec: python3: not found",
            "there is no `python3` in it.",
            "with a `python3` in the image",
        ),
        (126, "", "permission denied", "there is no `python3` in it.", "with a `python3` in the image"),
        (1, "first\nOSError: no room.\n", "", "not listed: OSError: no room.", "Nothing else depends"),
        (1, "", "docker: no space left", "not listed: docker: no space left.", "Nothing else depends"),
        (-1, "", "", "not listed: `docker run` failed.", "Nothing else depends"),
        (-1, "numpy", "not done within 120 seconds", "not listed: not done within 120 seconds.", "Nothing"),
    ],
)
def test_an_image_that_cannot_list_its_packages_says_why_and_that_it_is_harmless(
    status: int, stdout: str, stderr: str, problem: str, remedy: str
) -> None:
    container = Container(ends=CommandError("docker run", status, stdout, stderr))
    with pytest.raises(PackagesNotRead) as raised:
        read(container)
    assert problem in raised.value.problem
    assert remedy in raised.value.remedy
    assert container.removed == ["lister"]


def test_an_interrupted_reading_leaves_no_container() -> None:
    container = Container(ends=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        read(container)
    assert container.removed == ["lister"]


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000])
def test_a_list_that_is_no_json_cannot_be_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "packages.json").write_text(content)
    with pytest.raises(PackagesNotRead, match="The list of the image's packages cannot be read"):
        read_list(tmp_path / "packages.json")


def test_a_list_that_was_not_written_or_is_a_link_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    for name in ("none", "link"):
        with pytest.raises(PackagesNotRead):
            read_list(tmp_path / name)
