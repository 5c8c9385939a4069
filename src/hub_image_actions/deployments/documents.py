"""References in the text of one file: where they stand, found by parsing, never by rewriting.

ruamel.yaml composes the document into nodes that carry positions; nothing is ever emitted.

Source: https://yaml.org/spec/1.2.2/ and, for what Helm's parser reads, https://yaml.org/type/.
"""

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub_image_actions.deployments.parts import (
    DIGEST_KEYS,
    KEYS,
    NAME_KEYS,
    REPEATING_KEYS,
    SUFFIX_KEYS,
    TAG_KEYS,
    NameInParts,
    name_in_parts,
)
from hub_image_actions.deployments.sightings import (
    MASK,
    SCHEME,
    TAG_AND_DIGEST,
    Obstacle,
    Sighting,
    Span,
    kind_of_text,
    may_name,
    mentions,
)
from hub_image_actions.deployments.templated_files import masked, sightings_in_template
from hub_image_actions.references import DIGEST, ImageName, find_reference
from hub_image_actions.text_lines import TextLines

_MERGE_KEY = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
# What ruamel.yaml raises for texts that are not YAML: its own error, and others where it trusts the text.
_NO_YAML = (YAMLError, RecursionError, ArithmeticError, AssertionError, LookupError, ValueError)
_NOWHERE = -1
_DIGITS = re.compile("[0-9a-f]{64}")
# By the key that leads to a reference; an earlier one says more than a later one that also does.
_SHAPES = {
    "display_name": "display name",
    "extraImages": "pre-puller image",
    "extraContainers": "extra container",
    "extra_containers": "extra container",
    "initContainers": "init container",
    "init_containers": "init container",
    "extraEnv": "environment variable",
    "env": "environment variable",
    "environment": "environment variable",
    "profile_options": "profile choice",
    "kubespawner_override": "profile override",
    "image_name": "image_name",
    "images": "images list",
}


def sightings(text: str, image: ImageName) -> tuple[list[Sighting], bool]:
    """Return every place of `text` that names `image`, and whether the text is YAML.

    Args:
        text: the text of a file, line ends and byte order mark included.
        image: the image to look for; without a host it stands for any registry.
    """
    if not may_name(text, image):
        return [], True
    try:
        return _sightings_in_yaml(text, text, image)[0], True
    except _NO_YAML:
        pass
    by_line = list(sightings_in_template(text, image))
    try:
        # What a template or a comment of JSON has in it is passed over, if the rest is YAML then.
        walked, names = _sightings_in_yaml(text, masked(text), image)
    except _NO_YAML:
        return [sighting for _, sighting in by_line], False
    more = [sighting for place, sighting in by_line if not any(start <= place < end for start, end in names)]
    return sorted([*walked, *more], key=lambda sighting: (sighting.line, sighting.start)), False


def _sightings_in_yaml(
    text: str, read: str, image: ImageName
) -> tuple[list[Sighting], list[tuple[int, int]]]:
    """Return what a text names, and where the scalars stand that were looked at.

    Args:
        text: the text of the file.
        read: the same with what is not YAML masked, each character in its place.
        image: the image to look for.
    """
    walk = _Walk(text, read, image, _compose(read))
    seen = sorted(walk.sightings(), key=lambda sighting: (sighting.line, sighting.start))
    if walk.encrypted:
        seen = [replace(sighting, obstacle=Obstacle.ENCRYPTED) for sighting in seen]
    return seen, walk.places


def _compose(text: str) -> list[Node]:
    yaml = YAML(typ="safe", pure=True)
    with warnings.catch_warnings():
        # An anchor used twice is allowed by YAML 1.2, and none of our business.
        warnings.simplefilter("ignore")
        return [node for node in yaml.compose_all(text) if node is not None]


@dataclass(frozen=True)
class _Place:
    """Where in a document a node stands.

    Args:
        keys: the keys that lead to it.
        profile: the names that people see on the way.
        start: the character at which its own key begins; an item of a list has none.
        anchors: the anchors that it lies in: what their aliases say holds for it as well.
    """

    keys: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    start: int = _NOWHERE
    anchors: tuple[str, ...] = ()

    def under(self, key: Node) -> "_Place":
        keys = (*self.keys, key.value) if isinstance(key, ScalarNode) else self.keys
        return replace(self, keys=keys, start=key.start_mark.index)

    def behind(self, node: Node) -> "_Place":
        return replace(self, anchors=(*self.anchors, str(node.anchor))) if node.anchor else self

    def within(self, node: MappingNode) -> "_Place":
        name = _display_name(node)
        return replace(self, profile=(*self.profile, name)) if name else self

    @property
    def shape(self) -> str:
        """The form in which deployments write a reference here."""
        return next((shape for key, shape in _SHAPES.items() if key in self.keys), "")


@dataclass(frozen=True)
class _Group:
    """Keys of a mapping that may name an image, its tag and its digest together.

    Args:
        node: the mapping.
        place: where it stands.
        scalars: the scalars by key.
        parts: the name that they give.
    """

    node: MappingNode
    place: _Place
    scalars: Mapping[str, ScalarNode]
    parts: NameInParts

    @property
    def names(self) -> tuple[ScalarNode, ...]:
        """What names the image."""
        return tuple(self.scalars[key] for key in self.parts.keys)

    @property
    def tag(self) -> ScalarNode | None:
        """The tag's scalar."""
        return next((self.scalars[key] for key in TAG_KEYS if key in self.scalars), None)

    def filled(self, keys: Iterable[str]) -> dict[str, ScalarNode]:
        """Return the scalars of keys that have a value."""
        wanted = {key: self.scalars[key] for key in keys if key in self.scalars}
        return {key: node for key, node in wanted.items() if node.value.strip() and not _is_null(node)}


class _Walk:
    """One walk over the nodes of a text; each node is seen once, however many aliases lead to it."""

    def __init__(self, text: str, read: str, image: ImageName, documents: list[Node]) -> None:
        self._text = text
        self._read = read
        self._lines_of = TextLines(text)
        self._image = image
        self._seen: set[int] = set()
        self._entries: dict[int, dict[str, Node]] = {}
        self._scalars: list[tuple[ScalarNode, _Place]] = []
        # By the tag's node: an anchor gives several mappings the same tag.
        self._tagged: dict[int, list[_Group]] = {}
        self._untagged: list[_Group] = []
        self._consumed: set[int] = set()
        for document in documents:
            self._collect(document, _Place())
        self.encrypted = any(map(_has_sops_block, documents)) or any(
            scalar.value.startswith("ENC[AES256_GCM,") for scalar, _ in self._scalars
        )

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where the scalars stand that hold the image's name."""
        return [
            (scalar.start_mark.index, scalar.end_mark.index)
            for scalar, _ in self._scalars
            if self._image.short in scalar.value
        ]

    def sightings(self) -> Iterator[Sighting]:
        """Yield what the documents name, in no particular order."""
        told = set(self._consumed)
        for groups in self._tagged.values():
            ours = [group for group in groups if group.parts.name]
            if ours:
                told |= {id(name) for group in ours for name in group.names}
                yield self._sighting_of_groups(ours, shared=len(ours) < len(groups))
        for group in self._untagged:
            told |= {id(name) for name in group.names}
            yield self._sighting_without_tag(group)
        for scalar, place in self._scalars:
            if id(scalar) not in told and self._image.core in scalar.value:
                yield from self._sighting_of_scalar(scalar, place)

    def _collect(self, node: Node, place: _Place) -> None:
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        place = place.behind(node)
        if isinstance(node, ScalarNode):
            self._scalars.append((node, place))
        elif isinstance(node, SequenceNode):
            for item in node.value:
                self._collect(item, replace(place, start=_NOWHERE))
        elif isinstance(node, MappingNode):
            for entries in self._groups_of(node):
                self._collect_group(node, place, entries)
            inner = place.within(node)
            for key, value in node.value:
                self._collect(value, inner.under(key))

    def _collect_group(self, node: MappingNode, place: _Place, entries: Mapping[str, Node]) -> None:
        scalars = {key: value for key, value in entries.items() if isinstance(value, ScalarNode)}
        parts = name_in_parts({key: str(value.value) for key, value in scalars.items()}, self._image)
        group = _Group(node, place, scalars, parts)
        self._consumed |= {id(scalars[key]) for key in parts.consumed}
        if group.tag is not None and NAME_KEYS & scalars.keys():
            self._tagged.setdefault(id(group.tag), []).append(group)
        elif parts.name and (len(parts.keys) > 1 or group.filled(DIGEST_KEYS)):
            self._untagged.append(group)

    def _groups_of(self, node: MappingNode) -> Iterator[Mapping[str, Node]]:
        """Yield the keys of a mapping that may belong together.

        A key that comes twice begins another group: the branches of a template each have their own.
        """
        keys = [key.value for key, _ in node.value if isinstance(key, ScalarNode) and key.value in KEYS]
        if len(set(keys)) == len(keys):
            entries = self._entries_of(node)
            yield {key: entries[key] for key in KEYS & entries.keys()}
            return
        group: dict[str, Node] = {}
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value in KEYS:
                if key.value in group:
                    yield group
                    group = {}
                group[key.value] = value
        yield group

    def _entries_of(self, node: MappingNode) -> dict[str, Node]:
        """Return the values by key, with those that are merged in by ``<<`` behind the mapping's own."""
        if id(node) not in self._entries:
            # Set before the merged mappings are asked, because a mapping can be merged into itself.
            entries = self._entries[id(node)] = {
                key.value: value for key, value in node.value if isinstance(key, ScalarNode)
            }
            for source in _merged(node):
                for key, value in self._entries_of(source).items():
                    entries.setdefault(key, value)
        return self._entries[id(node)]

    def _sighting_of_groups(self, ours: list[_Group], *, shared: bool) -> Sighting:
        """Return the reference that mappings with a name and a tag are: one, for the tag is the same."""
        tag = cast("ScalarNode", ours[0].tag)
        sighting = self._sighting_of_group(ours, tag)
        match = TAG_AND_DIGEST.fullmatch(tag.value.strip())
        if not match or _is_null(tag):
            return replace(sighting, obstacle=_kind_of_tag(tag.value))
        pinned = replace(sighting, tag=match["tag"], digest=match["digest"] or "", alone=tag.style is None)
        if shared or self._shares(ours):
            return replace(pinned, obstacle=Obstacle.SHARED_TAG)
        if any(group.parts.is_ambiguous for group in ours):
            return replace(pinned, obstacle=Obstacle.SEVERAL_NAMES)
        if any(group.filled(SUFFIX_KEYS) for group in ours):
            return replace(pinned, obstacle=Obstacle.SUFFIX)
        return self._with_others(self._located(pinned, tag, match[0], skip=0), ours)

    def _shares(self, ours: list[_Group]) -> bool:
        """Say whether a digest of ours is one of another image as well, by an anchor."""
        mine = {id(node) for group in ours for node in group.filled(DIGEST_KEYS).values()}
        others = (group for groups in self._tagged.values() for group in groups if not group.parts.name)
        return bool(mine) and any(
            id(node) in mine for group in others for node in group.filled(DIGEST_KEYS).values()
        )

    def _with_others(self, sighting: Sighting, ours: list[_Group]) -> Sighting:
        """Return a sighting with what else says the tag or the digest."""
        nodes = {
            (key, id(node)): node
            for group in ours
            for key, node in group.filled((*DIGEST_KEYS, *REPEATING_KEYS)).items()
        }
        for (key, _), node in nodes.items():
            written = node.value.strip()
            if key in REPEATING_KEYS and written != sighting.tag:
                sighting = replace(sighting, repeats=f"`{key}: {written}` beside it is left")
                continue
            holds = "tag" if key in REPEATING_KEYS else _kind_of_digest(written)
            if not holds:
                return replace(sighting, digest_key=key, obstacle=Obstacle.OTHER_DIGEST)
            at = self._found(node, written)
            if at < 0:
                return replace(sighting, obstacle=Obstacle.SPELLED_OUT)
            span = Span(at, at + len(written), holds, node.style is None)
            sighting = replace(sighting, others=(*sighting.others, span))
            if holds != "tag":
                digest = written if holds == "digest" else f"sha256:{written}"
                sighting = replace(sighting, digest=digest, digest_key=key)
        return sighting

    def _sighting_of_group(self, ours: list[_Group], first: ScalarNode) -> Sighting:
        """Return what mappings name, without tag and digest."""
        starts = [first.start_mark.index]
        anchors: list[str] = []
        for group in ours:
            starts += [name.start_mark.index for name in group.names]
            starts += [node.start_mark.index for node in group.filled(DIGEST_KEYS).values()]
            starts += [group.node.start_mark.index, group.place.start]
            anchors += group.place.behind(group.node).anchors
        lines = self._lines(starts)
        place, node = ours[0].place, ours[0].node
        profile = " / ".join(place.within(node).profile)
        return Sighting(
            lines[0],
            place.shape or "name and tag",
            ours[0].parts.name,
            profile,
            own_lines=(*lines, *self._lines_of_aliases(anchors)),
        )

    def _sighting_without_tag(self, group: _Group) -> Sighting:
        sighting = self._sighting_of_group([group], group.names[0])
        digests = group.filled(DIGEST_KEYS)
        if not digests:
            return replace(sighting, obstacle=Obstacle.UNTAGGED)
        digest = next(iter(digests.values())).value.strip()
        return replace(sighting, digest=digest, obstacle=Obstacle.DIGEST_ONLY)

    def _sighting_of_scalar(self, node: ScalarNode, place: _Place) -> Iterator[Sighting]:
        value = node.value.strip()
        scheme = SCHEME.match(value)
        written = value[scheme.end() :] if scheme else value
        lines = self._lines([node.start_mark.index, place.start])
        own_lines = (*lines, *self._lines_of_aliases(place.anchors))
        profile = " / ".join(place.profile)
        sighting = Sighting(lines[0], place.shape or "scalar", written, profile, own_lines=own_lines)
        reference = find_reference(written)
        if reference is None:
            if mention := next(mentions(value, self._image), None):
                yield replace(sighting, image=mention[0], obstacle=kind_of_text(value, mention))
        elif self._image.covers(reference.name):
            name = str(reference.name)
            pinned = replace(sighting, image=name, tag=reference.tag, digest=reference.digest)
            if reference.tag:
                yield self._located(pinned, node, written, skip=len(name) + 1)
            else:
                missing = Obstacle.DIGEST_ONLY if reference.digest else Obstacle.UNTAGGED
                yield replace(pinned, obstacle=missing)

    def _located(self, sighting: Sighting, node: ScalarNode, written: str, skip: int) -> Sighting:
        """Return the sighting with the place of its tag: the end of `written`, after `skip` characters."""
        at = self._found(node, written)
        if at < 0:
            return replace(sighting, obstacle=Obstacle.SPELLED_OUT)
        (line,) = self._lines([at])
        own_lines = (line, *sighting.own_lines)
        return replace(sighting, line=line, start=at + skip, end=at + len(written), own_lines=own_lines)

    def _found(self, node: ScalarNode, written: str) -> int:
        """Return where a scalar's text stands; -1 where it is written in another way."""
        start, end = node.start_mark.index, node.end_mark.index
        if node.style in {"|", ">"}:
            return self._text.find(written, self._text.find("\n", start, end), end)
        # What comes before the value, an anchor or a YAML tag, may contain the same characters.
        return self._text.rfind(written, start, end)

    def _lines(self, starts: list[int]) -> tuple[int, ...]:
        return tuple(self._lines_of.number(start) for start in starts if start != _NOWHERE)

    def _lines_of_aliases(self, anchors: Iterable[str]) -> tuple[int, ...]:
        return tuple(line for anchor in dict.fromkeys(anchors) for line in self._aliases.get(anchor, ()))

    @cached_property
    def _aliases(self) -> Mapping[str, list[int]]:
        """The lines of the aliases of each anchor: the nodes do not tell."""
        lines: dict[str, list[int]] = {}
        for event in YAML(typ="safe", pure=True).parse(self._read):
            if isinstance(event, AliasEvent):
                lines.setdefault(str(event.anchor), []).append(self._lines_of.number(event.start_mark.index))
        return lines


def _merged(node: MappingNode) -> Iterator[MappingNode]:
    for key, value in node.value:
        if key.tag == _MERGE_KEY:
            sources = value.value if isinstance(value, SequenceNode) else [value]
            yield from (source for source in sources if isinstance(source, MappingNode))


def _display_name(node: MappingNode) -> str:
    for key, value in node.value:
        if isinstance(value, ScalarNode) and isinstance(key, ScalarNode) and key.value == "display_name":
            return str(value.value).strip()
    return ""


def _has_sops_block(document: Node) -> bool:
    """Say whether sops keeps a checksum over this document: any change would break it."""
    return isinstance(document, MappingNode) and any(
        isinstance(key, ScalarNode) and key.value == "sops" and isinstance(value, MappingNode)
        for key, value in document.value
    )


def _is_null(node: ScalarNode) -> bool:
    return bool(node.tag == _NULL and node.style is None)


def _kind_of_digest(written: str) -> str:
    """Return how a digest is written, see :class:`Span`; empty where it is not one of sha256."""
    if _DIGITS.fullmatch(written):
        return "digits"
    return "digest" if DIGEST.fullmatch(written) and written.startswith("sha256:") else ""


def _kind_of_tag(written: str) -> Obstacle:
    return Obstacle.FORMAT_STRING if {"{", "$", "%", MASK} & set(written) else Obstacle.UNTAGGED
