"""What findings hold for: the digest of the checks that made them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_build import read_settings
from hub_image_actions.build import checks_digest as module
from hub_image_actions.build.checks_digest import checks_digest


def digest(checkout: Path, **given: str) -> str:
    """Return the digest of the checks of a build of the checkout."""
    return checks_digest(read_settings(**given), checkout, checkout)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a test of the image and one in a browser."""
    for name in ("image-tests/test_a.py", "image-tests/data/x.csv", "browser-tests/test_b.py", "apt.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_the_same_checks_have_the_same_digest(checkout: Path) -> None:
    assert digest(checkout) == digest(checkout)
    (checkout / "apt.txt").write_text("git")
    assert digest(checkout) == digest(checkout, cache="none", reuse_max_age="1", registry_username="x")


@pytest.mark.parametrize(
    "given",
    [
        {"test": "false"},
        {"tests_dir": "browser-tests"},
        {"hub_check": "false"},
        {"hub_check_command": "true"},
        {"hub_check_timeout": "600"},
        {"default_url": "/tree"},
        {"hub_version": "5.3.0"},
        {"browser_tests_dir": "image-tests"},
        {"repo_dir": "/srv/x"},
        {"user_id": "0"},
        {"user_name": "root"},
    ],
)
def test_other_settings_of_checks_are_other_checks(checkout: Path, given: dict[str, str]) -> None:
    assert digest(checkout, **given) != digest(checkout)


def other_text(tests: Path) -> None:
    """Change a test."""
    (tests / "test_a.py").write_text("def test(): ...")


def other_mode(tests: Path) -> None:
    """Make a test executable."""
    (tests / "test_a.py").chmod(0o755)


def another_name(tests: Path) -> None:
    """Rename what a test reads."""
    (tests / "data/x.csv").rename(tests / "data/y.csv")


def empty_folder(tests: Path) -> None:
    """Add a folder without a file."""
    (tests / "more").mkdir()


def dangling_link(tests: Path) -> None:
    """Add a link that leads nowhere."""
    (tests / "more").symlink_to("nowhere")


def linked_folder(tests: Path) -> None:
    """Put a link to a folder in the place of the folder."""
    (tests / "data").rename(tests.parent / "data")
    (tests / "data").symlink_to("../data")


CHANGES = [other_text, other_mode, another_name, empty_folder, dangling_link, linked_folder]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("folder", ["image-tests", "elsewhere"])
def test_other_files_of_tests_are_other_checks(
    checkout: Path, change: Callable[[Path], None], folder: str
) -> None:
    (checkout / "image-tests").rename(checkout / folder)
    if folder != "image-tests":
        (checkout / "image-tests").symlink_to(folder)
    before = digest(checkout)
    change(checkout / folder)
    assert digest(checkout) != before


def test_what_a_link_leads_to_is_a_part_of_the_checks(checkout: Path) -> None:
    (checkout / "data").mkdir()
    (checkout / "image-tests/more").symlink_to("../data")
    before = digest(checkout)
    (checkout / "data/x").touch()
    assert digest(checkout) != before


def test_files_of_tests_that_are_not_run_do_not_count(checkout: Path) -> None:
    before = digest(checkout, test="false", hub_check="false")
    other_text(checkout / "image-tests")
    (checkout / "browser-tests/test_b.py").unlink()
    assert digest(checkout, test="false", hub_check="false") == before


def test_a_change_of_our_own_checks_is_a_change(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(checkout)
    monkeypatch.setattr(module, "_VERSION", module._VERSION + 1)
    assert digest(checkout) != before


def test_nothing_outside_of_the_checkout_is_read(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "file"
    outside.write_text("a")
    (checkout / "image-tests/out").symlink_to(outside)
    (checkout / "image-tests/zero").symlink_to("/dev/zero")
    os.mkfifo(checkout / "image-tests/pipe")
    before = digest(checkout)
    outside.write_text("b")
    assert digest(checkout) == before


def test_links_in_a_circle_end(checkout: Path) -> None:
    (checkout / "image-tests/again").symlink_to("../image-tests")
    (checkout / "image-tests/self").symlink_to("self")
    assert digest(checkout) == digest(checkout)
