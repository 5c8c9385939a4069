"""Archives of repositories are read whole, bounded, and only where they are git's."""

import gzip
import io
import tarfile

import pytest

from hub_image_actions.github import archives
from hub_image_actions.github.archives import ArchiveError, read_archive

COMMIT = "ab" * 20


def packed(*members: tuple[str, bytes], commit: str = COMMIT, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return an archive with these files."""
    target = io.BytesIO()
    headers = {"comment": commit} if commit else {}
    with tarfile.open(fileobj=target, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers=headers) as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size, member.type = len(content), kind
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def test_an_archive_gives_files_and_commit() -> None:
    read = read_archive(packed(("o-r-ab/a", b"1"), ("o-r-ab/b/c", b"2")), "o/r")
    assert (read.commit, dict(read.files)) == (COMMIT, {"a": b"1", "b/c": b"2"})


@pytest.mark.parametrize(
    "name", ["o-r-ab/../x", "o-r-ab/a/../../x", "o-r-ab//x", "o-r-ab/./x", "x", "../x/.."]
)
def test_a_path_that_leads_out_of_the_archive_is_an_error(name: str) -> None:
    with pytest.raises(ArchiveError, match="leads out of it"):
        read_archive(packed((name, b"1")), "o/r")


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_what_is_no_regular_file_is_left_out(kind: bytes) -> None:
    read = read_archive(packed(("o-r-ab/x", b""), kind=kind), "o/r")
    assert (len(read.files), set(read.left_out)) == (0, {"x"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        gzip.compress(b"no archive" * 100),
        packed(("o-r-ab/x", bytes(range(256)) * 90))[:-9],
        packed(("o-r-ab/x", b"1"))[:-8] + b"\0" * 8,
    ],
    ids=["empty", "no gzip", "no tar", "cut off", "wrong checksum"],
)
def test_a_damaged_archive_is_an_error(content: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"The archive of o/r is damaged"):
        read_archive(content, "o/r")


def test_an_archive_that_names_no_commit_is_an_error() -> None:
    with pytest.raises(ArchiveError, match="which commit"):
        read_archive(packed(("o-r-ab/x", b"1"), commit=""), "o/r")


@pytest.mark.parametrize("limit", ["LARGEST_ARCHIVE", "_MOST_UNPACKED"])
def test_an_archive_has_a_largest_size(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    content = packed(("o-r-ab/x", b"0" * 100_000))
    monkeypatch.setattr(archives, limit, len(content) - 1)
    with pytest.raises(ArchiveError, match="larger than"):
        read_archive(content, "o/r")
