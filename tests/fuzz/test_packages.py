"""The lists of packages in labels, and what images leave in files, given anything."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fuzz.limits import LIMITS, mutated
from hostile import VALUES, WRITTEN, assert_harmless
from hub_image_actions.checks.results import read_results
from hub_image_actions.errors import ActionError
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.packages.changes import changes
from hub_image_actions.packages.package_list import LABEL, MANAGERS, DamagedPackages, Package, PackageList
from hub_image_actions.packages.reading import read_list

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
VERSIONS = st.one_of(
    WORDS, st.from_regex(r"[0-9]{1,3}(\.[0-9a-z]{1,4}){0,4}([-+~!:][0-9a-z.]{1,6})?", fullmatch=True)
)
PACKAGES = st.builds(
    Package, st.sampled_from(MANAGERS), WORDS, VERSIONS, st.sampled_from(["", "/opt/conda", "/a b"])
)
LISTS = st.builds(
    lambda packages, unread: PackageList(tuple(sorted(set(packages))), "ubuntu 22.04", tuple(sorted(unread))),
    st.lists(PACKAGES, max_size=8),
    st.sets(st.sampled_from(MANAGERS), max_size=2),
)
JSON = st.recursive(
    st.one_of(st.sampled_from(VALUES), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*MANAGERS, "form", "packages", "unread", "system", ""]), inner, max_size=4
        ),
    ),
    max_leaves=8,
)
XML = mutated(
    st.just(
        '<?xml version="1.0"?><s><testcase name="a" file="b" line="3" time="0.1">'
        '<failure message="m">t</failure></testcase></s>'
    ),
    st.one_of(
        st.sampled_from(['"', "<", ">", "&", "&amp;", "<skipped/>", "]]>", "<![CDATA[", *WRITTEN.values()]),
        st.text(max_size=4),
    ),
)


@LIMITS
@given(LISTS)
def test_labels_give_back_the_list_that_they_were_made_of(packages: PackageList) -> None:
    assert PackageList.from_labels(packages.to_labels()) == packages


@LIMITS
@given(LISTS, st.data())
def test_damaged_labels_are_said_to_be_damaged(packages: PackageList, data: st.DataObject) -> None:
    labels = packages.to_labels()
    name = data.draw(st.sampled_from(sorted(labels)))
    other = data.draw(mutated(st.just(labels[name]), st.one_of(WORDS, st.text(max_size=3))))
    with suppress(DamagedPackages):
        assert PackageList.from_labels({**labels, name: other}) == packages
    with suppress(DamagedPackages):
        PackageList.from_labels({f"{LABEL}.0": other, f"{LABEL}.2": other})


@LIMITS
@given(JSON, JSON)
def test_json_is_a_list_or_damaged(value: Any, packages: Any) -> None:
    for whole in (value, {"form": 1, "packages": packages, "unread": []}):
        with suppress(ActionError), TemporaryDirectory() as folder:
            path = Path(folder, "packages.json")
            path.write_text(json.dumps(whole), encoding="utf-8")
            PackageList.from_value(read_list(path))


@LIMITS
@given(LISTS, LISTS)
def test_the_difference_is_harmless_and_complete(old: PackageList, new: PackageList) -> None:
    found = changes(old, new)
    unread = {*old.unread, *new.unread}
    names = {
        (one.manager, one.name) for one in {*old.packages} ^ {*new.packages} if one.manager not in unread
    }
    listed = (*found.upgraded, *found.downgraded, *found.added, *found.removed)
    assert {(change.manager, change.name) for change in listed} == names
    assert_harmless(ImageComparison(ImageContents(old), ImageContents(new), "old").markdown())


@LIMITS
@given(XML)
def test_a_report_of_tests_is_read_or_refused(xml: str) -> None:
    with suppress(ActionError), TemporaryDirectory() as folder:
        Path(folder, "pytest.xml").write_bytes(xml.encode(errors="replace"))
        assert all(case.line >= 0 and case.seconds >= 0 for case in read_results(Path(folder)).cases)
