"""Lists of packages, and the labels that hold them."""

import base64
import json
import zlib
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_image_actions.packages.package_list import LABEL, DamagedPackages, Package, PackageList
from package_lists import LISTS

NUMPY = Package("pip", "numpy", "2.1.0", "/srv/conda")
VALUE = {"form": 1, "packages": {"pip": {"/srv/conda": "numpy 2.1.0\n"}}, "system": "", "unread": []}


def labels(content: bytes) -> dict[str, str]:
    return {f"{LABEL}.0": base64.b64encode(content).decode()}


def labels_of(value: object) -> dict[str, str]:
    return labels(zlib.compress(json.dumps(value).encode()))


def large(count: int) -> PackageList:
    """Return a list that does not get small when it is compressed."""
    return PackageList(
        tuple(Package("pip", f"{number:05}-{crc32(bytes(number)):x}", "1") for number in range(count))
    )


@settings(deadline=None)
@given(LISTS)
def test_labels_give_back_the_list_that_they_hold(packages: PackageList) -> None:
    assert PackageList.from_labels(packages.to_labels()) == packages


def test_no_label_is_longer_than_older_engines_take() -> None:
    made = large(5000).to_labels()
    assert len(made) > 3
    assert max(map(len, made.values())) == 3500
    assert max(len(name) + len(text) for name, text in made.items()) < 4096


def test_other_labels_of_the_image_do_no_harm() -> None:
    packages = large(2000)
    assert PackageList.from_labels({"a": "b", f"{LABEL}": "x", **packages.to_labels(), "z": ""}) == packages


def test_an_image_without_labels_has_no_list() -> None:
    assert PackageList.from_labels({"maintainer": "x"}) is None


def test_an_empty_list_is_one_too() -> None:
    assert PackageList.from_labels(PackageList().to_labels()) == PackageList()


def test_the_order_in_which_packages_are_found_makes_no_difference() -> None:
    there = {"conda": {"/b": "x 1\na 2\n", "/a": "x 1\n"}, "apt": {"": "vim 2\n"}}
    back = {"apt": {"": "vim 2\n"}, "conda": {"/a": "x 1\n", "/b": "a 2\nx 1\n"}}
    one, other = (PackageList.from_value({**VALUE, "packages": found}) for found in (there, back))
    assert one.to_labels() == other.to_labels()


def test_some_managers_can_be_left_out() -> None:
    vim = Package("apt", "vim", "2:9.0")
    packages = PackageList((vim, NUMPY), "debian 12", ("julia", "r"))
    assert packages.of(["apt", "r"]) == PackageList((vim,), "debian 12", ("r",))


@pytest.mark.parametrize("lost", [0, 1, -1])
def test_a_list_of_which_a_label_is_lost_is_damaged(lost: int) -> None:
    made = large(3000).to_labels()
    del made[f"{LABEL}.{lost % len(made)}"]
    if lost == 0:
        # Without the first there is none, as far as anybody can tell.
        assert PackageList.from_labels(made) is None
        return
    with pytest.raises(DamagedPackages):
        PackageList.from_labels(made)


def test_labels_that_another_list_left_behind_are_found_out() -> None:
    long, short = large(3000).to_labels(), large(10).to_labels()
    with pytest.raises(DamagedPackages):
        PackageList.from_labels({**long, **short})


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param({f"{LABEL}.0": ""}, id="empty"),
        pytest.param({f"{LABEL}.0": "§§§"}, id="no base64"),
        pytest.param(labels(b"text"), id="not compressed"),
        pytest.param(labels(zlib.compress(b"{}")[:-1]), id="cut off"),
        pytest.param(labels(zlib.compress(b"\xff")), id="no text"),
        pytest.param(labels(zlib.compress(b"nonsense")), id="no JSON"),
        pytest.param(labels(zlib.compress(b"[" * 200_000)), id="deep"),
        pytest.param(labels(zlib.compress(b'{"form":1,"system":"' + b" " * (9 << 20) + b'"}')), id="a bomb"),
        pytest.param({f"{LABEL}.{number}": "AAAA" for number in range(300)}, id="many labels"),
        pytest.param(labels_of([]), id="a list"),
        pytest.param(labels_of({**VALUE, "form": 2}), id="another form"),
        pytest.param(labels_of({**VALUE, "packages": []}), id="no packages"),
        pytest.param(labels_of({**VALUE, "unread": "r"}), id="unread is no list"),
        pytest.param(labels_of({**VALUE, "packages": {"brew": {"": "a 1\n"}}}), id="unknown manager"),
        pytest.param(labels_of({**VALUE, "packages": {"pip": ["a 1\n"]}}), id="no places"),
        pytest.param(labels_of({**VALUE, "packages": {"pip": {"": [1]}}}), id="no lines"),
        pytest.param(labels_of({**VALUE, "packages": {"pip": {"": "numpy\n"}}}), id="no version"),
        pytest.param(labels_of({**VALUE, "packages": {"pip": {"": "a 1 2\n"}}}), id="two versions"),
        pytest.param(labels_of({**VALUE, "packages": {"pip": {"": "a\x1b[2J 1\n"}}}), id="escapes"),
        pytest.param(labels_of({**VALUE, "packages": {"pip": {"": "a \ud800\n"}}}), id="half a character"),
        pytest.param(labels_of({**VALUE, "packages": {"pip": {"\n": "a 1\n"}}}), id="a place of two lines"),
        pytest.param(labels_of({**VALUE, "packages": {"pip": {"": f"{'a' * 999} 1\n"}}}), id="a long name"),
        pytest.param(
            labels_of({**VALUE, "packages": {"pip": {"": "".join(f"a{n} 1\n" for n in range(50_001))}}}),
            id="many packages",
        ),
    ],
)
def test_hostile_labels_are_a_damaged_list_and_nothing_worse(hostile: dict[str, str]) -> None:
    with pytest.raises(DamagedPackages, match=r"list of packages is damaged: .* Build and push"):
        PackageList.from_labels(hostile)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([f"{LABEL}.{number}" for number in range(3)]), st.text(max_size=50)))
def test_whatever_the_labels_hold_there_is_a_list_or_none_or_it_is_damaged(texts: dict[str, str]) -> None:
    try:
        found = PackageList.from_labels(texts)
    except DamagedPackages:
        return
    assert found is None or isinstance(found, PackageList)


@pytest.mark.parametrize("system", [None, 7, "a\nb", "x" * 999])
def test_a_system_that_cannot_be_one_is_left_out(system: object) -> None:
    assert PackageList.from_value({**VALUE, "system": system}) == PackageList((NUMPY,))
