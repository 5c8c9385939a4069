"""Names of packages that are one slip of the hand away from one that the last image has.

The solver would say so as well, but half an hour later.
"""

from collections.abc import Iterable, Iterator

from hub_image_actions.build.environment_advice import Advice
from hub_image_actions.build.environment_file import PackageEntry, PackageFile
from hub_image_actions.build.package_names import normalized
from hub_image_actions.packages.package_list import PackageList

# Shorter names have too many neighbors that are right.
_SHORTEST = 5
_OF_R = "r-"


def misspelled(files: Iterable[PackageFile], installed: PackageList, tag: str) -> list[Advice]:
    """Return a warning for each name that is probably misspelled.

    A name is left alone if the name that it resembles is asked for as well: then both are meant.

    Args:
        files: the files that ask for the image's packages.
        installed: what the last image has.
        tag: the last image's tag.
    """
    entries = [entry for file in files for entry in file.entries]
    asked = {(entry.manager, _name(entry.manager, entry.name)) for entry in entries}
    known = {manager: set(_installed(installed, manager)) for manager in ("conda", "pip")}
    advice = []
    for entry in entries:
        name, there = _name(entry.manager, entry.name), known[entry.manager]
        near = sorted(other for other in there if is_one_slip(name, other))
        if name not in there and near and (entry.manager, near[0]) not in asked:
            advice.append(_told(entry, near[0], tag))
    return advice


def is_one_slip(name: str, other: str) -> bool:
    """Say whether two names differ by one letter that is missing, added, wrong, or swapped with the next.

    Names that differ in a figure, as `pyqt5` and `pyqt6`, are versions of one thing. A first letter is rarely
    wrong, and neither is conda's `r-` before R's names.
    """
    if name.startswith(_OF_R) and other.startswith(_OF_R):
        name, other = name.removeprefix(_OF_R), other.removeprefix(_OF_R)
    if min(len(name), len(other)) < _SHORTEST or name[0] != other[0]:
        return False
    start = next(
        (at for at, pair in enumerate(zip(name, other, strict=False)) if pair[0] != pair[1]),
        min(len(name), len(other)),
    )
    one, two = name[start:], other[start:]
    if one[:1].isdigit() or two[:1].isdigit():
        return False
    is_swapped = one[:2] == two[1::-1] and len(one) > 1 and one[2:] == two[2:]
    return one != two and (one[1:] == two[1:] or one[1:] == two or one == two[1:] or is_swapped)


def _installed(installed: PackageList, manager: str) -> Iterator[str]:
    return (_name(manager, package.name) for package in installed.of([manager]).packages)


def _name(manager: str, name: str) -> str:
    return normalized(name) if manager == "pip" else name.lower()


def _told(entry: PackageEntry, near: str, tag: str) -> Advice:
    text = f"the last image, `{tag}`, has no `{entry.name}`, but it has `{near}`. Check the spelling."
    return Advice(text, entry.file, entry.line)
