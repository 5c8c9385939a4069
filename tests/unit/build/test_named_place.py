"""The line of a configuration file that a failed build is about."""

from pathlib import Path

import pytest

from hub_image_actions.build.named_place import place_of

ENVIRONMENT = """\
# nosuchchannel is not here
channels:
  - conda-forge
  - nosuchchannel
dependencies:
  - python=3.13
  - numpy-base
  - numpy=99
  - pip:
      - Otter_Grader==9.9  # numpy
      - datascience @ git+https://git.example/a/datascience
"""


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("nosuchchannel", 4),
        ("numpy =99", 8),
        ("numpy==99", 8),
        ("3.13", 6),
        ("otter-grader==9.9", 10),
        ("otter.grader", 10),
        ("datascience", 11),
        ("numpy and scipy", 8),
        ("r-base and numpy and others", 8),
    ],
)
def test_the_line_that_names_it_is_found(tmp_path: Path, what: str, line: int) -> None:
    (tmp_path / "environment.yml").write_text(ENVIRONMENT)
    assert place_of(tmp_path, ["requirements.txt", "environment.yml"], what) == ("environment.yml", line)


@pytest.mark.parametrize("what", ["", "scipy", "scipy and r", "num", "forge", " ", "x" * 5000, "(", "3.1"])
def test_what_no_line_names_has_no_place(tmp_path: Path, what: str) -> None:
    (tmp_path / "environment.yml").write_text(ENVIRONMENT)
    assert place_of(tmp_path, ["environment.yml", "apt.txt"], what) == ("", 0)


@pytest.mark.parametrize("folder", ["binder", ".binder"])
def test_the_folders_of_binder_are_looked_through(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "apt.txt").write_bytes(b"curl\n\xff\nlibgeos-3.8\n")
    assert place_of(tmp_path, ["apt.txt"], "libgeos-3.8") == (f"{folder}/apt.txt", 3)


def test_what_is_no_file_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "apt.txt").mkdir()
    (tmp_path / "requirements.txt").symlink_to("nowhere")
    (tmp_path / "environment.yml").write_text("numpy\n" * 500_000)
    assert place_of(tmp_path, ["apt.txt", "requirements.txt", "environment.yml"], "numpy") == ("", 0)
