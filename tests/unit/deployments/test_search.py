"""The search: which files below a folder hold an image's name."""

import os
from pathlib import Path

import pytest

from hub_image_actions.deployments.search import files_holding
from hub_image_actions.errors import DeploymentsError

NAME = "berkeley/stat20"
LARGE = 1 << 15


def found(*paths: Path) -> set[str]:
    return {Path(name).name for name in files_holding(NAME, map(str, paths))}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_name_is_found_however_its_file_is_encoded(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "hub.yaml").write_bytes(f"image: {NAME}:v1\n".encode(encoding))
    (tmp_path / "other.yaml").write_bytes("image: berkeley/data8:v1\n".encode(encoding))
    assert found(tmp_path) == {"hub.yaml"}


def test_a_name_at_the_end_of_a_large_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text("#" * LARGE + NAME)
    assert found(tmp_path) == {"hub.yaml"}


@pytest.mark.parametrize("size", [0, LARGE])
def test_a_file_with_nul_bytes_is_no_text(tmp_path: Path, size: int) -> None:
    (tmp_path / "image.tar").write_bytes(f"{NAME}\0".encode() + b"x" * size)
    assert found(tmp_path) == set()


def test_the_files_of_git_are_left_out_at_any_depth(tmp_path: Path) -> None:
    for name in ("hub.yaml", "a/b/hub2.yaml", ".git/config", "a/.git/config2", ".github/ci.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NAME)
    assert found(tmp_path) == {"hub.yaml", "hub2.yaml", "ci.yaml"}


def test_links_are_followed_only_where_they_are_given(tmp_path: Path) -> None:
    outside, tree = tmp_path / "outside.yaml", tmp_path / "tree"
    outside.write_text(NAME)
    tree.mkdir()
    link = tree / "link.yaml"
    link.symlink_to(outside)
    assert found(tree) == set()
    assert list(files_holding(NAME, [str(link)])) == [os.path.realpath(outside)]


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeploymentsError, match="missing cannot be read: No such file"):
        found(tmp_path / "missing")
