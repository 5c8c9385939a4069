"""The difference between two images, for the reader of a pull request and of a terminal."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from hub_image_actions import markdown
from hub_image_actions.errors import ManifestMissing
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.images.size import ImageSize, LayerSize
from hub_image_actions.packages.changes import PackageChange, PackageChanges, changes
from hub_image_actions.quantities import human_size
from hub_image_actions.registry.client import Registry

# A comment takes 65,536 characters, and this is a part of one.
_MOST_CHARACTERS = 20_000
_MOST_ROWS = (400, 300, 200, 150, 100, 80, 60, 40, 20, 8, 3, 0)
_MOST_SHOWN = 8
_MOST_COMPARED = 2
_MOST_LAYERS = 10
_LONGEST, _LONGEST_PROBLEM = 80, 500
_MIB = 1 << 20
_NAMES = {"r": "R", "julia": "Julia"}


@dataclass(frozen=True)
class LayerChange:
    """What an instruction adds to an image, before and now."""

    instruction: str
    old: int
    new: int


@dataclass(frozen=True)
class ImageComparison:
    """Two images and what sets them apart.

    Args:
        old: what is in the older one.
        new: what is in the newer one.
        old_name: what the older one is called, such as its tag.
        new_name: what the newer one is called.
    """

    old: ImageContents
    new: ImageContents
    old_name: str
    new_name: str = "this image"

    @cached_property
    def packages(self) -> PackageChanges | None:
        """What changed among the packages; None where they are not known."""
        if self.old.packages is None or self.new.packages is None:
            return None
        return changes(self.old.packages, self.new.packages)

    @cached_property
    def sizes(self) -> tuple[ImageSize, ImageSize] | None:
        """The sizes of both images, unpacked where both were measured in one way, else compressed."""
        if self.old.unpacked and self.new.unpacked and not self.is_measured_otherwise:
            return self.old.unpacked, self.new.unpacked
        if self.old.compressed and self.new.compressed:
            return self.old.compressed, self.new.compressed
        return None

    @property
    def is_measured_otherwise(self) -> bool:
        """Whether the unpacked sizes say nothing about growth: one has bytes, the other a disk's blocks."""
        old, new = self.old.unpacked, self.new.unpacked
        return bool(old and new and old.in_blocks != new.in_blocks)

    def markdown(self) -> str:
        """Return the difference as a part of a comment: the gist, and folded what is long."""
        texts = chain((self._markdown(most) for most in _MOST_ROWS), [self._gist()])
        return markdown.first_that_fits(texts, _MOST_CHARACTERS)

    def text(self) -> str:
        """Return the difference in full, for a terminal."""
        package_changes = self.packages
        lines = [f"{self.old_name} → {self.new_name}"]
        lines += (
            [self._unknown()]
            if package_changes is None
            else [_counts(package_changes), *_unread(package_changes, str)]
        )
        for title, listed in _kinds(package_changes):
            lines += ["", f"{title}: {len(listed)}", *_columns(listed)]
        return "\n".join([*lines, *self._size_lines()])

    def _gist(self) -> str:
        """Return the difference in a few words, as Markdown."""
        package_changes = self.packages
        said = markdown.escape(self._unknown() if package_changes is None else f"{_counts(package_changes)}.")
        named = markdown.code(self.old_name[:_LONGEST])
        size = _moved(*(size.total for size in self.sizes)) if self.sizes else ""
        return "\n".join(
            [
                f"**Packages**, compared with {named}: {said}",
                *([f"**Size** ({self._kind_of_size()}): {markdown.escape(size)}"] if size else []),
            ]
        ).replace("\n", "\n\n")

    def _markdown(self, most: int) -> str:
        package_changes = self.packages
        parts = [self._gist()]
        if package_changes is not None:
            parts += [f"⚠️ {line}" for line in _unread(package_changes, markdown.escape)]
            parts.append(_table(package_changes.major, min(most, _MOST_SHOWN), "more are below"))
            parts += [
                markdown.details(f"{title}: {len(listed)}", _table(listed, most, "more"))
                for title, listed in _kinds(package_changes)
            ]
        layers = self._layer_table()
        parts.append(markdown.details("Size by layer", layers) if layers and most else "")
        return "\n\n".join(filter(None, parts)) + "\n"

    def _unknown(self) -> str:
        sides = ((self.old_name, self.old), (self.new_name, self.new))
        missing = [
            f"{name[:_LONGEST]}: {side.problem[:_LONGEST_PROBLEM] or 'not known'}"
            for name, side in sides
            if side.packages is None
        ]
        return f"Their difference is not known ({'; '.join(missing)})."

    def _kind_of_size(self) -> str:
        is_unpacked = self.sizes is not None and self.sizes[0] is self.old.unpacked
        return "unpacked" if is_unpacked else "compressed"

    def _size_lines(self) -> list[str]:
        if not self.sizes:
            return []
        old, new = self.sizes
        rows = [("", f"Size, {self._kind_of_size()}: {_moved(old.total, new.total)}")]
        rows += [("  ", f"{_moved(row.old, row.new)}  {row.instruction[:_LONGEST]}") for row in self.layers()]
        return ["", *(f"{indent}{text}" for indent, text in rows)]

    def layers(self) -> list[LayerChange]:
        """Return the instructions whose layers have another size, the greatest difference first."""
        if not self.sizes:
            return []
        rows = _paired(*(size.layers for size in self.sizes))
        moved = [row for row in rows if abs(row.new - row.old) >= _MIB]
        return sorted(moved, key=lambda row: abs(row.new - row.old), reverse=True)[:_MOST_LAYERS]

    def _layer_table(self) -> str:
        rows = [
            (
                human_size(row.old) if row.old else "-",
                human_size(row.new) if row.new else "-",
                _signed(row.new - row.old),
                markdown.code(_cut(row.instruction)) or "not known",
            )
            for row in self.layers()
        ]
        return markdown.table(("Was", "Is", "Difference", "Made by"), rows) if rows else ""


def _paired(old: Sequence[LayerSize], new: Sequence[LayerSize]) -> list[LayerChange]:
    """Return the layers of two images, each beside the one that it became.

    A layer that both images have is the same, whatever made it; others become what the same instruction made.
    """
    both = {layer.digest for layer in old if layer.digest} & {layer.digest for layer in new}
    olds, news = (
        _by_purpose([layer for layer in layers if layer.digest not in both]) for layers in (old, new)
    )
    if not both:
        _rename_base(olds, news, _base(old), _base(new))
    return [
        LayerChange(
            (news.get(name) or olds[name])[0].instruction,
            sum(layer.size for layer in olds.get(name, ())),
            sum(layer.size for layer in news.get(name, ())),
        )
        for name in {**olds, **news}
    ]


def _by_purpose(layers: Iterable[LayerSize]) -> dict[str, list[LayerSize]]:
    grouped: dict[str, list[LayerSize]] = {}
    for layer in layers:
        grouped.setdefault(layer.purpose, []).append(layer)
    return grouped


def _base(layers: Sequence[LayerSize]) -> str:
    """Return what made the lowest layer that holds anything."""
    return next((layer.purpose for layer in layers if layer.size), "")


def _rename_base(
    olds: dict[str, list[LayerSize]], news: dict[str, list[LayerSize]], old: str, new: str
) -> None:
    """Let the older image's base become the newer one's, where each is the only one of its name."""
    if old in olds and old not in news and new in news and new not in olds:
        olds[new] = olds.pop(old)


def _kinds(package_changes: PackageChanges | None) -> list[tuple[str, tuple[PackageChange, ...]]]:
    if package_changes is None:
        return []
    kinds = {
        "Downgraded": package_changes.downgraded,
        "Removed": package_changes.removed,
        "Upgraded": package_changes.upgraded,
        "Added": package_changes.added,
    }
    return [(title, listed) for title, listed in kinds.items() if listed]


def _counts(package_changes: PackageChanges) -> str:
    """Return in one line how many packages changed."""
    parts = [f"{len(listed)} {title.lower()}" for title, listed in _kinds(package_changes)]
    major = f"; {len(package_changes.major)} by a major version" if package_changes.major else ""
    return f"{', '.join(parts)}{major}" if parts else "none changed"


def _unread(package_changes: PackageChanges, shown: Callable[[str], str]) -> Iterable[str]:
    if package_changes.unread:
        names = ", ".join(_manager(name) for name in package_changes.unread)
        yield shown(f"The packages of {names} could not be read in one of the images.")


def _table(listed: Sequence[PackageChange], most: int, more: str) -> str:
    places: defaultdict[str, set[str]] = defaultdict(set)
    for change in listed:
        places[change.manager].add(change.environment)
    rows = [
        (
            markdown.code(_cut(change.name)),
            markdown.code(_cut(change.old)),
            markdown.code(_cut(change.new)),
            _manager(change.manager),
            # Where there is but one place, it tells nothing.
            markdown.code(_cut(change.environment)) if len(places[change.manager]) > 1 else "",
        )
        for change in listed[:most]
    ]
    rest = len(listed) - len(rows)
    table = markdown.table(("Package", "Was", "Is", "From", "In"), rows) if rows else ""
    return "\n\n".join(filter(None, [table, f"… and {rest} {more}." if rest else ""]))


def _columns(listed: Sequence[PackageChange]) -> list[str]:
    rows = [
        (
            change.name,
            " → ".join(filter(None, (change.old, change.new))),
            _manager(change.manager),
            change.environment,
        )
        for change in listed
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [f"  {'  '.join(map(str.ljust, row, widths))}".rstrip() for row in rows]


def _manager(name: str) -> str:
    return _NAMES.get(name, name)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _moved(old: int, new: int) -> str:
    share = f", {(new - old) / old:+.1%}" if old else ""
    return f"{human_size(old)} → {human_size(new)} ({_signed(new - old)}{share})"


def _signed(size: int) -> str:
    return f"{'+' if size >= 0 else '-'}{human_size(abs(size))}"


def compared_with(
    registry: Registry, repository: str, old_tags: Iterable[str], new: str
) -> tuple[ImageComparison, ...]:
    """Return the difference between a tag and older ones, as far as the images tell their packages.

    Args:
        registry: the registry.
        repository: the image's name there.
        old_tags: the tags to compare with; the first few are.
        new: the newer tag.

    Raises:
        RegistryError: the registry cannot be asked, or refuses.
    """
    contents = read_pushed_image(registry, repository, new).contents
    if contents.packages is None:
        return ()
    comparisons = []
    for old in list(old_tags)[:_MOST_COMPARED]:
        # A tag that is gone, or an image of a time without lists, says nothing.
        with suppress(ManifestMissing):
            comparisons.append(
                ImageComparison(read_pushed_image(registry, repository, old).contents, contents, old, new)
            )
    return tuple(comparison for comparison in comparisons if comparison.packages is not None)
