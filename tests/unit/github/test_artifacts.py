"""One file of an archive that a stranger made."""

import io
import stat
import struct
import zipfile

import pytest

from hub_image_actions.github.artifacts import UnusableArtifact, only_file

FILE, MOST = "report.json", 1 << 16


def packed(*names: str, content: bytes = b"{}", mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with files of these names."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            member.compress_type = method
            archive.writestr(member, content)
    return made.getvalue()


def lying_about_its_size(size: int) -> bytes:
    """Return an archive whose file says that it is smaller than it is."""
    content = bytearray(packed(FILE, content=b"x" * (MOST * 4)))
    central = content.rindex(b"PK\x01\x02")
    struct.pack_into("<L", content, central + 24, size)
    return bytes(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("mode", [0, 0o644, stat.S_IFREG | 0o644])
def test_a_plain_file_is_read(method: int, mode: int) -> None:
    assert only_file(packed(FILE, mode=mode, method=method), FILE, MOST) == b"{}"


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (b"", "no archive"),
        (b"PK\x05\x06", "no archive"),
        (packed(FILE)[:-30], "no archive"),
        (packed(FILE).replace(b"PK\x01\x02", b"PK\x01\x03"), "no archive"),
        (packed(FILE).replace(b"PK\x03\x04", b"PK\x03\x05"), "no archive"),
        (packed(), "the one file"),
        (packed(FILE, "b"), "the one file"),
        (packed("../report.json"), "the one file"),
        (packed("/report.json"), "the one file"),
        (packed(f"{FILE}/"), "the one file"),
        (packed("REPORT.JSON"), "the one file"),
        (packed(FILE, content=b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "no plain file"),
        (packed(FILE, mode=stat.S_IFIFO | 0o644), "no plain file"),
        (packed(FILE, mode=stat.S_IFCHR | 0o644), "no plain file"),
        (packed(FILE, method=zipfile.ZIP_LZMA), "packed in another way"),
        (packed(FILE, method=zipfile.ZIP_BZIP2), "packed in another way"),
        (packed(FILE, content=b"x" * MOST, method=zipfile.ZIP_STORED), "more than 64 KiB"),
        (packed(FILE, content=b"x" * (MOST + 1)), "more than 64 KiB"),
        (lying_about_its_size(1), "no archive"),
        (lying_about_its_size(MOST), "no archive"),
    ],
)
def test_anything_else_is_refused(archive: bytes, said: str) -> None:
    with pytest.raises(UnusableArtifact, match=said):
        only_file(archive, FILE, MOST)


def test_an_encrypted_file_is_refused() -> None:
    archive = bytearray(packed(FILE))
    archive[archive.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnusableArtifact, match="no plain file"):
        only_file(bytes(archive), FILE, MOST)


def test_whatever_bytes_there_are_there_is_one_error() -> None:
    whole = packed(FILE, content=b"some text of a report " * 20)
    for place in range(len(whole)):
        for value in (0x00, 0x01, 0x7F, 0xFF):
            changed = bytearray(whole)
            changed[place] = value
            try:
                only_file(bytes(changed), FILE, MOST)
            except UnusableArtifact:
                continue
