"""Files that a build writes in a checkout: where they are wanted, and through no link."""

from pathlib import Path

import pytest

from hub_image_actions.build.output_files import OutputFileError, check_output_file, write_output_file


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which links lead inside, outside and nowhere."""
    top = tmp_path / "checkout"
    for folder in (top / ".git", top / "folder", tmp_path / "outside"):
        folder.mkdir(parents=True)
    (top / ".git" / "config").write_text("mine")
    (tmp_path / "outside" / "file").write_text("mine")
    (top / "to-git").symlink_to(".git/config")
    (top / "to-git-folder").symlink_to(".git")
    (top / "to-outside").symlink_to("../outside")
    (top / "to-outside-file").symlink_to(tmp_path / "outside" / "file")
    (top / "to-nothing").symlink_to("nothing")
    (top / "to-folder").symlink_to("folder")
    (top / "folder" / "inner").symlink_to("../.git")
    return top


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("to-git", "leads through a link, to-git"),
        ("to-git-folder/config", "leads through a link, to-git-folder"),
        ("to-outside/file", "leads through a link"),
        ("to-outside/new/file", "leads through a link"),
        ("to-outside-file", "leads through a link"),
        ("to-nothing", "leads through a link"),
        ("to-folder/new", "leads through a link"),
        ("folder/inner/config", "leads through a link, inner"),
        (".git/config", "is not a file of the repository"),
        (".GIT/config", "is not a file of the repository"),
        ("folder/../.git/config", "is not a file of the repository"),
        ("../outside/file", "is not a file of the repository"),
        (".git", "is not a file of the repository"),
        ("folder", "is there, and is not a file"),
    ],
)
def test_nothing_is_written_through_a_link_or_to_what_is_gits(checkout: Path, name: str, said: str) -> None:
    before = everything(checkout.parent)
    with pytest.raises(OutputFileError, match=said):
        check_output_file(checkout, name)
    with pytest.raises(OutputFileError, match=said):
        write_output_file(checkout, name, "forged")
    assert everything(checkout.parent) == before


@pytest.mark.parametrize("name", ["new", "folder/new", "new-folder/another/new", "./folder/./new", "old"])
def test_a_file_is_written_with_the_folders_that_it_needs(checkout: Path, name: str) -> None:
    (checkout / "old").write_text("old and longer")
    before = everything(checkout)
    check_output_file(checkout, name)
    assert everything(checkout) == before
    write_output_file(checkout, name, "«new»\ud800")
    path = str((checkout / name).relative_to(checkout))
    assert everything(checkout) == {**before, path: "«new»?"}


def test_a_file_in_place_of_a_folder_is_said(checkout: Path) -> None:
    (checkout / "file").touch()
    with pytest.raises(OutputFileError, match="cannot be written: Not a directory"):
        write_output_file(checkout, "file/new", "")


def test_what_was_begun_is_gone_on_a_full_disk(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.rename", full)
    before = everything(checkout)
    with pytest.raises(OutputFileError, match="No space left on device"):
        write_output_file(checkout, "new", "x")
    assert everything(checkout) == before
