"""What changed between the packages of two images."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from hub_image_actions.packages.package_list import MANAGERS, Package, PackageList
from hub_image_actions.packages.versions import is_major, version_key

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class PackageChange:
    """One package that is not what it was.

    Args:
        manager: what installed it.
        name: its name.
        old: the version that it had; empty where it is new.
        new: the version that it has; empty where it is gone.
        environment: where it is, for a manager that may have several places.
    """

    manager: str
    name: str
    old: str = ""
    new: str = ""
    environment: str = ""

    @property
    def major(self) -> bool:
        """Whether the version jumped by a leading number."""
        return bool(self.old and self.new) and is_major(self.manager, self.old, self.new)


@dataclass(frozen=True)
class PackageChanges:
    """All packages that are not what they were, those that jumped by a leading number first.

    Args:
        upgraded: those with a newer version.
        downgraded: those with an older version.
        added: those that are new.
        removed: those that are gone.
        unread: the managers of which nothing is known in one of the two images.
    """

    upgraded: tuple[PackageChange, ...] = ()
    downgraded: tuple[PackageChange, ...] = ()
    added: tuple[PackageChange, ...] = ()
    removed: tuple[PackageChange, ...] = ()
    unread: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.upgraded, self.downgraded, self.added, self.removed))

    @property
    def major(self) -> tuple[PackageChange, ...]:
        """Those that jumped by a leading number, in either direction."""
        return tuple(change for change in (*self.downgraded, *self.upgraded) if change.major)


def changes(old: PackageList, new: PackageList) -> PackageChanges:
    """Return what changed from one list to another."""
    unread = tuple(name for name in MANAGERS if name in {*old.unread, *new.unread})
    before, after = _versions(old, unread), _versions(new, unread)
    found = chain.from_iterable(
        _changes_of(key, before.get(key, frozenset()), after.get(key, frozenset()))
        for key in before.keys() | after.keys()
    )
    kinds: defaultdict[str, list[PackageChange]] = defaultdict(list)
    for change in found:
        kinds[_kind(change)].append(change)
    lists = {kind: tuple(sorted(listed, key=_order)) for kind, listed in kinds.items()}
    return PackageChanges(**lists, unread=unread)


def _versions(packages: PackageList, unread: Iterable[str]) -> Mapping[_Key, frozenset[str]]:
    found: defaultdict[_Key, set[str]] = defaultdict(set)
    for package in packages.packages:
        if package.manager not in unread:
            found[_key(package)].add(package.version)
    return {key: frozenset(versions) for key, versions in found.items()}


def _key(package: Package) -> _Key:
    return package.manager, package.environment, package.name


def _changes_of(key: _Key, old: frozenset[str], new: frozenset[str]) -> Iterable[PackageChange]:
    """Yield what changed of one package, which may be there in several versions."""
    manager, environment, name = key
    gone, come = (
        sorted(found, key=lambda version: (version_key(manager, version), version))
        for found in (old - new, new - old)
    )
    moved = min(len(gone), len(come))
    for before, after in zip(gone[:moved], come[:moved], strict=True):
        yield PackageChange(manager, name, before, after, environment)
    for version in gone[moved:]:
        yield PackageChange(manager, name, version, "", environment)
    for version in come[moved:]:
        yield PackageChange(manager, name, "", version, environment)


def _kind(change: PackageChange) -> str:
    if not change.old or not change.new:
        return "removed" if change.old else "added"
    # Two ways to write the same version are told as well: something was installed anew.
    old, new = (version_key(change.manager, version) for version in (change.old, change.new))
    return "downgraded" if old > new else "upgraded"


def _order(change: PackageChange) -> tuple[bool, int, str, str, str]:
    place = MANAGERS.index(change.manager)
    return not change.major, place, change.name.lower(), change.environment, change.old or change.new
