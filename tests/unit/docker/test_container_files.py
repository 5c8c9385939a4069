"""Files that a container wrote: what is read of them, and what is turned down."""

import os
from pathlib import Path

import pytest

from hub_image_actions.docker.container_files import UnusableFile, read_written


def test_a_file_may_have_just_the_most_bytes(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"12345")
    assert read_written(path, 5) == b"12345"


def test_a_larger_file_is_turned_down(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"123456")
    with pytest.raises(UnusableFile, match=r"^report has more than 5 bytes\.$"):
        read_written(path, 5)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"1")
    link = tmp_path / "report"
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(UnusableFile, match="report is no file that can be read"):
        read_written(link, 5)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report")
    with pytest.raises(UnusableFile, match=r"^report is no file\.$"):
        read_written(tmp_path / "report", 5)


def test_a_folder_is_turned_down(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="is no file"):
        read_written(tmp_path, 5)


def test_a_file_that_was_never_written_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_written(tmp_path / "report", 5)
