"""Files and folders that are read for a digest: what of them counts, and where reading ends."""

import hashlib
from pathlib import Path

import pytest

from hub_image_actions.build.read_entries import (
    DEEPEST,
    MOST_ENTRIES,
    TooMuchToRead,
    check_extent,
    content_digest,
    read_entries,
)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def written(path: Path, content: bytes = b"x", mode: int = 0o644) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_names_modes_and_contents_count_in_the_order_of_names(checkout: Path) -> None:
    written(checkout / "b", b"2", 0o755)
    written(checkout / "a", b"1")
    assert read_entries(checkout, "c", checkout) == (
        ("c", "folder 755", ""),
        ("c/a", "file 644", digest(b"1")),
        ("c/b", "file 755", digest(b"2")),
    )


def test_of_a_link_its_text_counts_and_what_it_leads_to(checkout: Path) -> None:
    written(checkout / "a", b"1")
    link = checkout / "link"
    link.symlink_to("a")
    assert read_entries(link, "link", checkout) == (("link", "link", "a"), ("link", "file 644", digest(b"1")))


def test_outside_of_the_checkout_nothing_is_read(checkout: Path) -> None:
    outside = written(checkout.parent / "secret")
    link = checkout / "link"
    link.symlink_to(outside)
    assert read_entries(link, "link", checkout) == (("link", "link", str(outside)),)


def test_a_link_to_a_folder_around_it_is_not_entered_again(checkout: Path) -> None:
    (checkout / "again").symlink_to(".")
    assert read_entries(checkout, "c", checkout) == (("c", "folder 755", ""), ("c/again", "link", "."))


def test_what_is_not_there_counts_as_nothing(checkout: Path) -> None:
    assert read_entries(checkout / "gone", "gone", checkout) == (("gone", "nothing", ""),)


@pytest.mark.parametrize(
    ("depth", "entries", "problem"),
    [
        (DEEPEST + 1, 0, "lies in more than 128 folders"),
        (0, MOST_ENTRIES + 1, "more than 500,000 files at a"),
    ],
)
def test_reading_ends_behind_the_limits(depth: int, entries: int, problem: str) -> None:
    check_extent("a" + "/a" * min(depth, DEEPEST), min(entries, MOST_ENTRIES))
    with pytest.raises(TooMuchToRead, match=problem):
        check_extent("a" + "/a" * depth, entries)


def test_a_file_larger_than_a_block_counts_to_its_end(tmp_path: Path) -> None:
    content = b"x" * (1 << 20) + b"end"
    assert content_digest(written(tmp_path / "large", content)) == digest(content)
