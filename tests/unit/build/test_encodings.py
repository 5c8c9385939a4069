"""Whether configuration files are in UTF-8, and who minds where they are not."""

from pathlib import Path

import pytest

from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.encodings import NotUtf8, check_encodings, encoding_fault

ENVIRONMENT = "name: course\ndependencies:\n  - scipy\n"


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "name", ["environment.yml", "apt.txt", "postBuild", "setup.py", "DESCRIPTION", "Dockerfile"]
)
def test_two_bytes_a_letter_can_be_read_by_nobody(tmp_path: Path, name: str, encoding: str) -> None:
    with pytest.raises(NotUtf8) as caught:
        check_encodings({name: written(tmp_path, name, ENVIRONMENT.encode(encoding))}, [name])
    assert caught.value.problem == f"{name}:1 is not UTF-8: save it as UTF-8."
    assert (caught.value.file, caught.value.line) == (name, 1)


@pytest.mark.parametrize(
    "name", ["environment.yml", "requirements.txt", "apt.txt", "runtime.txt", "setup.py"]
)
def test_a_letter_of_another_encoding_is_shown_at_its_line(tmp_path: Path, name: str) -> None:
    content = "# Statistics\n# by José\nnumpy\n".encode("latin-1")
    with pytest.raises(NotUtf8, match=rf"^{name}:2 is not UTF-8: save it as UTF-8") as caught:
        check_encodings({name: written(tmp_path, name, content)})
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("environment.yml", ENVIRONMENT.encode()),
        ("environment.yml", "# José\n".encode()),
        ("environment.yml", "\ufeff# José\n".encode()),
        ("environment.yml", b""),
        ("setup.py", "# -*- coding: latin-1 -*-\n# José\n".encode("latin-1")),
        ("setup.py", "#!/usr/bin/python3\n# vim: set fileencoding=cp1252 :\n# José\n".encode("latin-1")),
        ("DESCRIPTION", "Package: course\nEncoding: latin1\nAuthor: José\n".encode("latin-1")),
        ("requirements.txt", b"x" * (17 << 20) + b"\xff"),
    ],
)
def test_what_its_reader_can_read_is_nothing_to_tell(tmp_path: Path, name: str, content: bytes) -> None:
    assert check_encodings({name: written(tmp_path, name, content)}) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("setup.py", "# coding: utf-8\n# José\n"),
        ("setup.py", "\n\n# coding: latin-1\n# José\n"),
        ("DESCRIPTION", "Encoding: UTF-8\nAuthor: José\n"),
    ],
)
def test_what_is_declared_otherwise_is_wrong(tmp_path: Path, name: str, content: str) -> None:
    with pytest.raises(NotUtf8):
        check_encodings({name: written(tmp_path, name, content.encode("latin-1"))})


@pytest.mark.parametrize("name", ["postBuild", "start", "install.R", "default.nix"])
def test_a_script_that_runs_all_the_same_is_warned_of(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, "#!/bin/sh\n# by José\n".encode("latin-1"))
    assert check_encodings({f"binder/{name}": path}) == [f"binder/{name}:2 is not UTF-8: save it as UTF-8."]


@pytest.mark.parametrize("name", ["apt.txt", "runtime.txt", "Pipfile.lock", "pyproject.toml"])
def test_a_byte_order_mark_that_becomes_a_part_of_the_text_is_an_error(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, "\ufeffgit\n".encode())
    with pytest.raises(
        NotUtf8, match=rf"^{name}:1 begins with a byte order mark: save it as UTF-8 without one"
    ):
        check_encodings({name: path})


def test_a_byte_order_mark_before_a_first_line_that_linux_reads_is_warned_of(tmp_path: Path) -> None:
    fault = encoding_fault(written(tmp_path, "start", "\ufeff#!/bin/sh\n".encode()), "start")
    assert fault
    assert (fault.is_fatal, fault.line) == (False, 1)


def test_all_files_that_cannot_be_read_are_named_in_one_error(tmp_path: Path) -> None:
    names = ("apt.txt", "environment.yml", "gone.txt")
    for name in names[:2]:
        written(tmp_path, name, "first\nsécond\n".encode("utf-16" if name == "apt.txt" else "cp1252"))
    with pytest.raises(NotUtf8) as caught:
        check_encodings({name: tmp_path / name for name in names})
    assert caught.value.problem == (
        "apt.txt:1 is not UTF-8: save it as UTF-8. The same goes for environment.yml:2."
    )


# ---- which files are looked at


@pytest.mark.parametrize("folder", ["", "binder", ".binder"])
@pytest.mark.parametrize("name", ["environment.yml", "Manifest.toml", "requirements.txt", "Dockerfile"])
def test_what_repo2docker_reads_is_looked_at_wherever_it_lies(tmp_path: Path, folder: str, name: str) -> None:
    written(tmp_path / folder, "apt.txt", b"git\n")
    written(tmp_path / folder, name, ENVIRONMENT.encode("utf-16"))
    with pytest.raises(NotUtf8) as caught:
        BuildContext(tmp_path, "course").check("repo2docker")
    assert caught.value.file == str(Path("course") / folder / name)


def test_what_repo2docker_does_not_read_may_be_as_it_is(tmp_path: Path) -> None:
    written(tmp_path, "binder/apt.txt", b"git\n")
    written(tmp_path, "requirements.txt", ENVIRONMENT.encode("utf-16"))
    assert BuildContext(tmp_path, ".").check("repo2docker") == []


def test_of_a_dockerfile_repository_only_the_dockerfile_is_read_by_the_builder(tmp_path: Path) -> None:
    written(tmp_path, "Dockerfile", b"FROM a/b:1\n")
    written(tmp_path, "requirements.txt", ENVIRONMENT.encode("utf-16"))
    assert BuildContext(tmp_path, ".").check("repo2docker") == []


def test_docker_takes_letters_of_any_encoding_and_is_told_of(tmp_path: Path) -> None:
    written(tmp_path, "image/Dockerfile.lab", "FROM a/b:1\n# by José\n".encode("latin-1"))
    context = BuildContext(tmp_path, ".", "image/Dockerfile.lab")
    assert context.check("docker") == ["image/Dockerfile.lab:2 is not UTF-8: save it as UTF-8."]
    with pytest.raises(NotUtf8):
        context.check("repo2docker")


def test_an_appendix_has_to_be_utf8(tmp_path: Path) -> None:
    written(tmp_path, "apt.txt", b"git\n")
    written(tmp_path, "appendix", "USER root\n# José\n".encode("latin-1"))
    with pytest.raises(NotUtf8, match=r"^appendix:2 "):
        BuildContext(tmp_path, ".").check("repo2docker", "appendix")
