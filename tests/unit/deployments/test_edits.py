"""Edits: what a diff shows, and what is on the disk afterwards."""

from pathlib import Path

import pytest

from hub_image_actions.deployments.edits import Edit, write_all
from hub_image_actions.errors import DeploymentsError


def edit(path: Path, before: bytes, after: bytes) -> Edit:
    path.write_bytes(before)
    return Edit(path.name, path, before, after)


def test_a_diff_tells_of_a_line_without_an_end(tmp_path: Path) -> None:
    shown = edit(tmp_path / "a.yaml", b"x: 1\ntag: a", b"x: 1\ntag: b").diff()
    missing = "\\ No newline at end of file\n"
    assert shown.endswith(f" x: 1\n-tag: a\n{missing}+tag: b\n{missing}")


def test_a_diff_keeps_carriage_returns(tmp_path: Path) -> None:
    assert "-tag: a\r\n+tag: b\r\n" in edit(tmp_path / "a.yaml", b"tag: a\r\n", b"tag: b\r\n").diff()


def test_permissions_stay(tmp_path: Path) -> None:
    change = edit(tmp_path / "a.yaml", b"a", b"b")
    change.path.chmod(0o640)
    write_all([change])
    assert change.path.read_bytes() == b"b"
    assert change.path.stat().st_mode & 0o777 == 0o640


def test_where_one_file_cannot_be_written_none_is_replaced(tmp_path: Path) -> None:
    first = edit(tmp_path / "a.yaml", b"a", b"b")
    gone = Edit("gone.yaml", tmp_path / "gone.yaml", b"a", b"b")
    with pytest.raises(DeploymentsError, match="cannot be written"):
        write_all([first, gone])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.yaml": b"a"}
