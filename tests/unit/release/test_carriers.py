"""Where the version stands, in this project's own files, and where a release comes from."""

from pathlib import Path

import pytest

from hub_image_actions.errors import GitError
from release.carriers import Carrier, UncarriedVersion, carriers
from release.checkout import Origin, parse_origin
from release.version import parse_version

NAME = "berkeley-dsep-infra/hub-image-actions"
VERSION = parse_version("98.76.54-rc.3")


@pytest.mark.parametrize("carrier", carriers(NAME), ids=lambda carrier: str(carrier.path))
def test_a_file_of_this_project_carries_the_version_and_nothing_else_of_it_changes(
    root: Path, carrier: Carrier
) -> None:
    text = (root / carrier.path).read_text()
    edited = carrier.edited(text, VERSION)
    differing = [
        (old, new) for old, new in zip(text.splitlines(), edited.splitlines(), strict=True) if old != new
    ]
    assert differing
    assert [new for _, new in differing if str(VERSION) not in new] == []
    assert carrier.edited(edited, VERSION) == edited


def test_the_smoke_test_uses_each_action_that_needs_no_pull_request(root: Path) -> None:
    (workflow,) = (each for each in carriers(NAME) if each.path.endswith("release.yaml"))
    edited = workflow.edited((root / workflow.path).read_text(), VERSION)
    for action in ("build", "build-test", "bump-datahub-tag"):
        assert f"uses: {NAME}/{action}@v{VERSION} #" in edited


@pytest.mark.parametrize(("text", "lines"), [("", "no line"), ('version = "1.0.0"\n' * 2, "2 lines")])
def test_a_file_without_one_place_for_the_version_is_named(text: str, lines: str) -> None:
    (project,) = (each for each in carriers(NAME) if each.path == "pyproject.toml")
    with pytest.raises(UncarriedVersion, match=f"pyproject.toml has {lines} as"):
        project.edited(text, VERSION)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/r",
        "https://github.com/o/r.git",
        "https://user:secret@github.com/o/r.git",
        "git@github.com:o/r.git",
        "ssh://git@github.com/o/r",
        "ssh://git@github.com:22/o/r.git",
    ],
)
def test_an_address_of_a_remote_leads_to_a_repository(url: str) -> None:
    assert parse_origin(url) == Origin("o/r", "https://github.com/o/r")


def test_a_server_of_its_own_keeps_its_port() -> None:
    assert parse_origin("http://127.0.0.1:8080/o/r").page == "http://127.0.0.1:8080/o/r"


@pytest.mark.parametrize(
    "url", ["/srv/r.git", "../r", "https://github.com/r", "https://github.com/a/b/c", "r"]
)
def test_an_address_that_leads_to_no_server_is_refused(url: str) -> None:
    with pytest.raises(GitError, match="is no repository on a server"):
        parse_origin(url)
