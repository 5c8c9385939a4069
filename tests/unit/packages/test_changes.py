"""What changed between two lists of packages."""

from hypothesis import given, settings

from hub_image_actions.packages.changes import PackageChange, PackageChanges, changes
from hub_image_actions.packages.package_list import Package, PackageList
from package_lists import LISTS


def listed(*lines: str, unread: tuple[str, ...] = ()) -> PackageList:
    """Return a list of packages written as `manager name version environment`."""
    packages = (Package(*line.split()) for line in lines)
    return PackageList(tuple(sorted(packages)), unread=unread)


def test_each_kind_of_change_is_told() -> None:
    old = listed("pip gone 1", "pip same 1", "pip up 1.9", "apt down 1:1-1")
    new = listed("pip come 2", "pip same 1", "pip up 1.10", "apt down 1.5-1")
    assert changes(old, new) == PackageChanges(
        upgraded=(PackageChange("pip", "up", "1.9", "1.10"),),
        downgraded=(PackageChange("apt", "down", "1:1-1", "1.5-1"),),
        added=(PackageChange("pip", "come", "", "2"),),
        removed=(PackageChange("pip", "gone", "1", ""),),
    )


def test_major_jumps_come_first_and_then_what_a_course_asks_for() -> None:
    old = listed("apt a 1", "apt b 1", "pip c 1.0", "conda d 1.0", "r e 1.0")
    new = listed("apt a 1.1", "apt b 2", "pip c 1.1", "conda d 1.1", "r e 3.0")
    names = [(change.name, change.major) for change in changes(old, new).upgraded]
    assert names == [("e", True), ("b", True), ("d", False), ("c", False), ("a", False)]


def test_the_same_name_of_another_manager_or_place_is_another_package() -> None:
    found = changes(listed("pip x 1 /a", "conda x 1 /a"), listed("pip x 1 /b", "conda x 2 /a"))
    assert [change.environment for change in (*found.removed, *found.added)] == ["/a", "/b"]
    assert found.upgraded == (PackageChange("conda", "x", "1", "2", "/a"),)


def test_a_package_at_several_versions_loses_and_gains_single_ones() -> None:
    found = changes(listed("julia x 1.0", "julia x 2.0"), listed("julia x 2.0", "julia x 2.1", "julia x 3.0"))
    assert found == PackageChanges(
        upgraded=(PackageChange("julia", "x", "1.0", "2.1"),), added=(PackageChange("julia", "x", "", "3.0"),)
    )


def test_of_a_manager_that_was_not_read_nothing_is_said_to_be_removed() -> None:
    found = changes(listed("r dplyr 1.1", "pip a 1"), listed("pip a 2", unread=("r",)))
    assert (found.removed, found.unread, len(found.upgraded)) == ((), ("r",), 1)


def test_the_same_version_written_otherwise_is_told_as_an_upgrade() -> None:
    assert changes(listed("pip a 1.0"), listed("pip a 1.0.0")).upgraded


@settings(deadline=None)
@given(LISTS)
def test_a_list_does_not_differ_from_itself(packages: PackageList) -> None:
    assert not changes(packages, packages)


@settings(deadline=None)
@given(LISTS, LISTS)
def test_the_way_back_undoes_what_was_added_and_removed(one: PackageList, other: PackageList) -> None:
    there, back = changes(one, other), changes(other, one)
    assert len(there.added) == len(back.removed)
    assert len(there.upgraded) + len(there.downgraded) == len(back.upgraded) + len(back.downgraded)
