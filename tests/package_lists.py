"""Lists of packages for property tests."""

from hypothesis import strategies as st

from hub_image_actions.packages.package_list import MANAGERS, Package, PackageList

WORDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
PLACES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
PACKAGES = st.builds(Package, st.sampled_from(MANAGERS), WORDS, WORDS, PLACES)
LISTS = st.builds(
    lambda packages, system, unread: PackageList(tuple(sorted(packages)), system, tuple(sorted(unread))),
    st.frozensets(PACKAGES, max_size=40),
    PLACES,
    st.frozensets(st.sampled_from(MANAGERS)),
)
