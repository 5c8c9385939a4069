"""The staged context: what can enter the image is there, and what is there is what counts."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.build import read_entries
from hub_image_actions.build.ignore_rules import DockerIgnoreRules
from hub_image_actions.build.read_entries import TooMuchToRead
from hub_image_actions.build.staging import StagingError, digest_of, staged


def contents(folder: Path) -> dict[str, str]:
    """Return what is in a folder: `name/` for folders, `-> target` for links."""
    seen = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place) / name
            shown = str(path.relative_to(folder))
            if path.is_symlink():
                seen[shown] = f"-> {path.readlink()}"
            elif path.is_dir():
                seen[f"{shown}/"] = ""
            else:
                seen[shown] = path.read_text()
    return seen


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    for name in (".git/config", "image/Dockerfile", "image/sub/.git/HEAD", "shared/apt.txt", "shared/.git"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def staging(
    checkout: Path, ignore: str = "", always: tuple[str, ...] = (), context: str = "image"
) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    new = checkout.parent / "new"
    with staged(
        checkout / context, checkout, new, [DockerIgnoreRules.parsed(ignore)], frozenset(always)
    ) as what:
        yield contents(what.folder), dict(what.entries)
    assert not new.exists()


def seen(checkout: Path, **given: object) -> dict[str, str]:
    (both,) = staging(checkout, **given)  # type: ignore[arg-type]  # handed on
    return both[0]


def test_what_git_keeps_is_nowhere(checkout: Path) -> None:
    assert seen(checkout) == {"Dockerfile": "image/Dockerfile", "sub/": ""}
    assert ".git" not in str(seen(checkout, context="."))


def test_empty_folders_and_modes_are_kept(checkout: Path) -> None:
    start = checkout / "image/start"
    start.write_text("x")
    start.chmod(0o4755)
    (checkout / "image/empty").mkdir(mode=0o700)
    ((_, entries),) = staging(checkout)
    assert entries["start"].startswith("file 4755 ")
    assert entries["empty"] == "folder 0700 "


@pytest.mark.parametrize(
    ("link", "target", "shown"),
    [
        ("inside", "Dockerfile", {"inside": "-> Dockerfile"}),
        ("sub/up", "../Dockerfile", {"sub/up": "-> ../Dockerfile"}),
        ("dangling", "nowhere", {"dangling": "-> nowhere"}),
        ("circle", "circle", {"circle": "-> circle"}),
        ("data", "/srv/data", {"data": "-> /srv/data"}),
        ("out", "../../elsewhere", {"out": "-> ../../elsewhere"}),
        ("apt.txt", "../shared/apt.txt", {"apt.txt": "shared/apt.txt"}),
        ("binder", "../shared", {"binder/": "", "binder/apt.txt": "shared/apt.txt"}),
        ("top", "..", {"top": "-> .."}),
        ("git", "../.git", {"git": "-> ../.git"}),
        ("config", "../.git/config", {"config": "-> ../.git/config"}),
    ],
)
def test_a_link_leads_to_what_the_builder_gets(
    checkout: Path, link: str, target: str, shown: dict[str, str]
) -> None:
    (checkout / "image" / link).symlink_to(target)
    assert seen(checkout) == {"Dockerfile": "image/Dockerfile", "sub/": "", **shown}


def test_a_link_that_is_read_before_the_build_is_a_file(checkout: Path) -> None:
    (checkout / "image/apt.txt").symlink_to("Dockerfile")
    assert seen(checkout, always=("apt.txt",))["apt.txt"] == "image/Dockerfile"


@pytest.mark.parametrize(
    "target", ["../../near", "../gone", "nowhere", "apt.txt", "up/near", "../.git/config"]
)
def test_a_link_that_is_read_before_the_build_leads_to_no_file_of_the_runner(
    checkout: Path, target: str
) -> None:
    """From where a context is staged, `../..` is another folder than from where it is checked out."""
    (checkout.parent / "near").write_text("a file of the runner")
    (checkout / "image/up").symlink_to("..")
    (checkout / "image/apt.txt").symlink_to(target)
    with pytest.raises(StagingError, match="is a link to nothing in the repository"):
        seen(checkout, always=("apt.txt",))


def test_links_that_lead_to_each_other_come_to_an_end(checkout: Path) -> None:
    (checkout / "image/a").symlink_to("../shared")
    (checkout / "other").mkdir()
    (checkout / "shared/b").symlink_to("../other")
    (checkout / "other/a").symlink_to("../shared")
    shown = seen(checkout)
    assert shown["a/b/a"] == "-> ../shared"


def test_what_is_ignored_is_left_out_but_for_what_is_always_read(checkout: Path) -> None:
    for name in ("README.md", "docs/a", "docs/b", "big/x"):
        (checkout / "image" / name).parent.mkdir(exist_ok=True)
        (checkout / "image" / name).write_text(name)
    ignore = "README.md\ndocs\n!docs/b\nDockerfile\nbig\nsub\n"
    shown = seen(checkout, ignore=ignore, always=("Dockerfile",))
    assert shown == {"Dockerfile": "image/Dockerfile", "docs/": "", "docs/b": "docs/b"}


def test_what_not_every_rule_keeps_out_is_staged(checkout: Path) -> None:
    rules = [DockerIgnoreRules.parsed("Dockerfile\nsub"), DockerIgnoreRules.parsed("sub")]
    with staged(checkout / "image", checkout, checkout.parent / "new", rules, frozenset()) as what:
        assert set(what.entries) == {".", "Dockerfile"}


def test_what_is_no_file_is_left_out_with_a_warning(checkout: Path) -> None:
    os.mkfifo(checkout / "image/pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(checkout / "image/socket"))
        with staged(checkout / "image", checkout, checkout.parent / "new", [], frozenset()) as what:
            assert set(what.entries) == {".", "Dockerfile", "sub"}
            assert [warning.partition(" ")[0] for warning in what.warnings] == ["pipe", "socket"]


def test_a_folder_of_ours_in_the_context_is_refused(checkout: Path) -> None:
    new = checkout / "image/tmp/new"
    with (
        pytest.raises(StagingError, match="lies in the folder that is built"),
        staged(checkout / "image", checkout, new, [], frozenset()),
    ):
        pass


def test_the_repositorys_files_are_as_they_were(checkout: Path) -> None:
    (checkout / "image/locked").mkdir()
    (checkout / "image/locked/file").write_text("x")
    (checkout / "image/locked/file").chmod(0o400)
    (checkout / "image/locked").chmod(0o500)
    seen(checkout)
    assert (checkout / "image/locked/file").stat().st_mode & 0o7777 == 0o400
    assert (checkout / "image/locked").stat().st_mode & 0o7777 == 0o500


def test_a_folder_is_told_by_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert digest_of(tmp_path / "a", tmp_path) == digest_of(tmp_path / "b", tmp_path)
    (tmp_path / "a/x").write_text("1")
    assert digest_of(tmp_path / "a", tmp_path) != digest_of(tmp_path / "b", tmp_path)
    assert digest_of(tmp_path / "none", tmp_path) != digest_of(tmp_path / "b", tmp_path)


def test_what_is_outside_of_the_checkout_has_no_part_in_a_digest(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "file"
    outside.write_text("a")
    (checkout / "image/out").symlink_to(outside)
    before = digest_of(checkout / "image", checkout)
    outside.write_text("b")
    assert digest_of(checkout / "image", checkout) == before


def test_links_in_circles_have_a_digest(checkout: Path) -> None:
    for name in "ab":
        (checkout / "image" / name).symlink_to(".")
    assert digest_of(checkout / "image", checkout) == digest_of(checkout / "image", checkout)


def test_folders_in_folders_without_end_are_an_error(checkout: Path) -> None:
    (checkout / "image" / "/".join("a" * 200)).mkdir(parents=True)
    with pytest.raises(TooMuchToRead, match="in more than 128 folders"):
        seen(checkout)
    assert not (checkout.parent / "new").exists()
    with pytest.raises(TooMuchToRead):
        digest_of(checkout / "image", checkout)


def test_links_to_folders_of_links_to_folders_come_to_an_end(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_entries, "MOST_ENTRIES", 1000)
    for number in range(40):
        (checkout / f"shared/{number}").mkdir()
        for name in "ab":
            (checkout / f"shared/{number}/{name}").symlink_to(f"../{number + 1}")
    (checkout / "image/links").symlink_to("../shared/0")
    for read in (lambda: digest_of(checkout / "image", checkout), lambda: seen(checkout)):
        with pytest.raises(TooMuchToRead, match="more than 1,000 files"):
            read()


def test_what_lies_behind_more_links_than_a_path_may_have_counts(checkout: Path) -> None:
    # Linux follows forty in one path (path_resolution(7)).
    for number in range(60):
        (checkout / f"shared/{number}").mkdir()
        (checkout / f"shared/{number}/a").symlink_to(f"../{number + 1}")
    (checkout / "shared/60").mkdir()
    (checkout / "shared/60/last").write_text("x")
    (checkout / "image/links").symlink_to("../shared/0")
    (*_, (name, kind, _)) = read_entries.read_entries(checkout / "image/links", "links", checkout)
    assert (name, kind[:4]) == (f"links{'/a' * 60}/last", "file")


def test_no_file_is_a_hard_link_to_another_one(checkout: Path) -> None:
    """The builder would send them as such, and an image could tell them from files of their own."""
    for name in "ab":
        (checkout / "image" / name).symlink_to("../shared/apt.txt")
    (checkout / "image/c").write_text("c")
    (checkout / "image/d").hardlink_to(checkout / "image/c")
    new = checkout.parent / "new"
    with staged(checkout / "image", checkout, new, [], frozenset()):
        assert len({(new / name).stat().st_ino for name in "abcd"}) == 4


@pytest.mark.parametrize("mode", [0o500, 0o555, 0o750, 0o1777, 0o2755])
def test_a_folder_is_built_with_the_mode_that_counts(checkout: Path, mode: int) -> None:
    (checkout / "image/sub").chmod(mode)
    with staged(checkout / "image", checkout, checkout.parent / "new", [], frozenset()) as what:
        built = (what.folder / "sub").stat().st_mode & 0o7777
        assert what.entries["sub"] == f"folder {built:04o} "
        assert built == mode


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o555])
def test_the_mode_of_the_context_itself_counts(checkout: Path, mode: int) -> None:
    (checkout / "image").chmod(mode)
    with staged(checkout / "image", checkout, checkout.parent / "new", [], frozenset()) as what:
        assert what.folder.stat().st_mode & 0o7777 == mode
        assert what.entries["."] == f"folder {mode:04o} "


def test_an_error_of_the_build_is_no_error_of_staging(checkout: Path) -> None:
    with (
        pytest.raises(ConnectionError),
        staged(checkout / "image", checkout, checkout.parent / "new", [], frozenset()),
    ):
        raise ConnectionError
