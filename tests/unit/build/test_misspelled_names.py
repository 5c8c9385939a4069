"""Names that are one slip away from one that the last image has, and names that are right."""

from pathlib import Path

import pytest

from hub_image_actions.build.environment_file import read_environment, read_requirements
from hub_image_actions.build.misspelled_names import is_one_slip, misspelled
from hub_image_actions.packages.package_list import Package, PackageList

INSTALLED = PackageList(
    (
        Package("conda", "pandas", "3.1.0"),
        Package("conda", "scipy", "1.18.0"),
        Package("conda", "r-dplyr", "1.2.0"),
        Package("pip", "otter-grader", "6.1.3"),
    ),
    "ubuntu 24.04",
)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("pandsa", "pandas"),
        ("panda", "pandas"),
        ("pandass", "pandas"),
        ("pondas", "pandas"),
        ("pnadas", "pandas"),
    ],
)
def test_one_slip_is_a_letter_missing_added_wrong_or_swapped(name: str, other: str) -> None:
    assert is_one_slip(name, other)
    assert is_one_slip(other, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("pandas", "pandas"),
        ("pandas", "polars"),
        ("pyqt5", "pyqt6"),
        ("numpy", "numpy2"),
        ("plyr", "dplyr"),
        ("r-sf", "r-s2"),
        ("geopandas", "pandas"),
        ("pnadsa", "pandas"),
        ("", "a"),
    ],
)
def test_other_names_are_no_slips(name: str, other: str) -> None:
    assert not is_one_slip(name, other)
    assert not is_one_slip(other, name)


def told(folder: Path, entries: str) -> list[str]:
    path = folder / "environment.yml"
    path.write_text(f"channels: [conda-forge]\ndependencies:\n{entries}")
    return [
        str(advice) for advice in misspelled([read_environment(path, "environment.yml")], INSTALLED, "511c")
    ]


def test_a_misspelled_name_is_told_at_its_line(tmp_path: Path) -> None:
    assert told(tmp_path, "- python=3.13.*\n- pandsa=3.1.*\n") == [
        "environment.yml:4: the last image, `511c`, has no `pandsa`, but it has `pandas`. Check the spelling."
    ]


def test_pips_names_are_compared_as_pip_does(tmp_path: Path) -> None:
    (line,) = told(tmp_path, "- pip:\n  - Oter_Grader==6.1\n")
    assert "has no `oter_grader`, but it has `otter-grader`" in line
    assert told(tmp_path, "- pip:\n  - Otter_Grader==6.1\n") == []


@pytest.mark.parametrize(
    "entries",
    [
        "- pandas=3.*\n- scipy=1.*\n",
        "- scapy=2.*\n- scipy=1.*\n",
        "- pip:\n  - pandsa==3\n",
        "- r-plyr=1.*\n",
    ],
)
def test_a_name_that_is_right_or_whose_neighbor_is_meant_too_is_left_alone(
    tmp_path: Path, entries: str
) -> None:
    assert told(tmp_path, entries) == []


def test_requirements_are_looked_at_as_well() -> None:
    file = read_requirements("oter-grader==6.1\n", "requirements.txt")
    (advice,) = misspelled([file], INSTALLED, "511c")
    assert (advice.file, advice.line) == ("requirements.txt", 1)
