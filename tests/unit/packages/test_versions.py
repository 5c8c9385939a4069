"""The order of versions, compared with the programs and the library that define it."""

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from hub_image_actions.packages.versions import is_major, version_key

NUMBERS = st.sampled_from(["0", "1", "2", "10", "2024"])
PEP_440 = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "1!", "v"]),
        st.lists(NUMBERS, min_size=1, max_size=4).map(".".join),
        st.sampled_from(["", "", "a1", "alpha2", "b1", "rc1", "c2", "-pre1"]),
        st.sampled_from(["", "", ".post1", "-rev2"]),
        st.sampled_from(["", "", ".dev0", ".dev3"]),
        st.sampled_from(["", "", "+local", "+local.1"]),
    ),
)
DEBIAN = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "0:", "1:"]),
        st.sampled_from(["1", "10", "1.0", "2.31"]),
        st.text("01a~.+", max_size=6),
        st.sampled_from(["", "-1", "-0ubuntu1~22.04", "-1+deb12u1", "-~1"]),
    ),
)


def order(manager: str, one: str, other: str) -> int:
    a, b = version_key(manager, one), version_key(manager, other)
    return (a > b) - (a < b)


@settings(max_examples=500, deadline=None)
@given(PEP_440, PEP_440)
def test_versions_of_python_packages_are_in_the_order_of_pep_440(one: str, other: str) -> None:
    a, b = Version(one), Version(other)
    assert order("pip", one, other) == (a > b) - (a < b)


@settings(max_examples=60, deadline=None)
@given(DEBIAN, DEBIAN)
@example("1:1a-0~", "1:1a0")
@example("1.0~rc1", "1.0")
def test_versions_of_apt_are_in_the_order_that_dpkg_says(one: str, other: str) -> None:
    def says(relation: str) -> bool:
        command = ["dpkg", "--compare-versions", one, relation, other]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    assert order("apt", one, other) == says("gt") - says("lt")


@pytest.mark.parametrize(
    ("manager", "older", "newer"),
    [
        ("conda", "1.1.1", "1.1.1w"),
        ("conda", "1.1.1v", "1.1.1w"),
        ("conda", "9e", "9f"),
        ("conda", "2024a", "2024b"),
        ("conda", "3.9", "3.10"),
        ("conda", "2024.2", "1!1.0"),
        ("conda", "1.0rc1", "1.0"),
        ("r", "1.2-3", "1.2-10"),
        ("r", "0.9.9", "1.0-0"),
        ("npm", "1.0.0-beta.2", "1.0.0-beta.11"),
        ("npm", "1.0.0-rc.1", "1.0.0"),
        ("julia", "1.9.4", "1.10.0"),
        ("pip", "2.1.0+cu118", "2.1.0+cu121"),
        ("pip", "1.0", "1.0." + "9" * 5000),
    ],
)
def test_a_version_is_older_than_the_one_after_it(manager: str, older: str, newer: str) -> None:
    assert order(manager, older, newer) < 0 < order(manager, newer, older)


@pytest.mark.parametrize(("one", "other"), [("1.0", "1.0.0"), ("1.2-3", "1.2.3"), ("1.0RC1", "1.0rc1")])
def test_two_ways_to_write_a_version_are_the_same(one: str, other: str) -> None:
    assert order("r", one, other) == 0


@settings(deadline=None)
@given(st.sampled_from(["apt", "pip", "conda"]), st.text(max_size=12), st.text(max_size=12))
def test_whatever_is_written_as_a_version_has_a_place(manager: str, one: str, other: str) -> None:
    assert order(manager, one, other) == -order(manager, other, one)


@pytest.mark.parametrize(
    ("manager", "old", "new", "major"),
    [
        ("pip", "1.26.4", "2.0.0", True),
        ("pip", "2.0.0", "1.26.4", True),
        ("pip", "1.2", "1.3", False),
        ("pip", "0.9", "1.0", True),
        ("pip", "2024.8.30", "2025.1.1", False),
        ("pip", "22.3", "2024.1", True),
        ("conda", "v1.0", "2", True),
        ("apt", "1:1.2-3", "2:1.3-1", False),
        ("apt", "1:1.2-3", "1:2.0-1", True),
        ("npm", "next", "latest", False),
    ],
)
def test_a_jump_of_the_leading_number_is_major_unless_it_is_a_year(
    manager: str, old: str, new: str, major: bool
) -> None:
    assert is_major(manager, old, new) is major
