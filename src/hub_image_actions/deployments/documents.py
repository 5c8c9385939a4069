"""References in the text of one file: where they stand, found by parsing, never by rewriting.

ruamel.yaml composes the document into nodes that carry positions; nothing is ever emitted.

Source: https://yaml.org/spec/1.2.2/ and, for what Helm's parser reads, https://yaml.org/type/.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub_image_actions.deployments.sightings import (
    TAG_AND_DIGEST,
    Obstacle,
    Sighting,
    kind_of_text,
    may_name,
    mentions,
)
from hub_image_actions.deployments.templated_files import sightings_in_template
from hub_image_actions.references import ImageName, find_reference
from hub_image_actions.text_lines import TextLines

_MERGE_KEY = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
# What ruamel.yaml raises for texts that are no YAML: its own error, and others where it trusts the text.
_NO_YAML = (YAMLError, RecursionError, ArithmeticError, AssertionError, LookupError, ValueError)
_NAME_KEYS = ("name", "repository")
_NOWHERE = -1
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
        documents = _compose(text)
    except _NO_YAML:
        return list(sightings_in_template(text, image)), False
    walk = _Walk(text, image, documents)
    seen = sorted(walk.sightings(), key=lambda sighting: (sighting.line, sighting.start))
    if walk.encrypted:
        seen = [replace(sighting, obstacle=Obstacle.ENCRYPTED) for sighting in seen]
    return seen, True


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
    """

    keys: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    start: int = _NOWHERE

    def under(self, key: Node) -> "_Place":
        keys = (*self.keys, key.value) if isinstance(key, ScalarNode) else self.keys
        return replace(self, keys=keys, start=key.start_mark.index)

    def within(self, node: MappingNode) -> "_Place":
        name = _display_name(node)
        return replace(self, profile=(*self.profile, name)) if name else self

    @property
    def shape(self) -> str:
        """The form in which deployments write a reference here."""
        return next((shape for key, shape in _SHAPES.items() if key in self.keys), "")


@dataclass(frozen=True)
class _Pair:
    """A mapping with a tag, and the names of what is tagged."""

    node: MappingNode
    place: _Place
    names: tuple[ScalarNode, ...]
    tag: ScalarNode


class _Walk:
    """One walk over the nodes of a text; each node is seen once, however many aliases lead to it."""

    def __init__(self, text: str, image: ImageName, documents: list[Node]) -> None:
        self._text = text
        self._line_of = TextLines(text)
        self._image = image
        self._seen: set[int] = set()
        self._entries: dict[int, dict[str, Node]] = {}
        self._scalars: list[tuple[ScalarNode, _Place]] = []
        # By the tag's node: an anchor gives several mappings the same tag.
        self._pairs: dict[int, list[_Pair]] = {}
        for document in documents:
            self._collect(document, _Place())
        self.encrypted = any(map(_has_sops_block, documents)) or any(
            scalar.value.startswith("ENC[AES256_GCM,") for scalar, _ in self._scalars
        )

    def sightings(self) -> Iterator[Sighting]:
        """Yield what the documents name, in no particular order."""
        told: set[int] = set()
        for pairs in self._pairs.values():
            ours = [(pair, name) for pair in pairs for name in pair.names if self._is_image(name.value)]
            if ours:
                others = len({id(pair) for pair, _ in ours}) < len(pairs)
                told |= {id(name) for _, name in ours}
                yield self._sighting_of_pairs(ours, shared=others)
        for scalar, place in self._scalars:
            if id(scalar) not in told and self._image.core in scalar.value:
                yield from self._sighting_of_scalar(scalar, place)

    def _collect(self, node: Node, place: _Place) -> None:
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        if isinstance(node, ScalarNode):
            self._scalars.append((node, place))
        elif isinstance(node, SequenceNode):
            for item in node.value:
                self._collect(item, replace(place, start=_NOWHERE))
        elif isinstance(node, MappingNode):
            self._collect_pair(node, place)
            inner = place.within(node)
            for key, value in node.value:
                self._collect(value, inner.under(key))

    def _collect_pair(self, node: MappingNode, place: _Place) -> None:
        entries = self._entries_of(node)
        tag = entries.get("tag")
        names = [entries[key] for key in _NAME_KEYS if key in entries]
        scalars = tuple(name for name in names if isinstance(name, ScalarNode))
        if isinstance(tag, ScalarNode) and scalars:
            self._pairs.setdefault(id(tag), []).append(_Pair(node, place, scalars, tag))

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

    def _sighting_of_pairs(self, ours: list[tuple[_Pair, ScalarNode]], *, shared: bool) -> Sighting:
        """Return the reference that mappings with a name and a tag are: one, for the tag is the same."""
        pair, name = ours[0]
        starts = [pair.tag.start_mark.index]
        for each, its_name in ours:
            starts += [its_name.start_mark.index, each.node.start_mark.index, each.place.start]
        lines = self._lines(starts)
        shape = pair.place.shape or "name and tag"
        profile = " / ".join(pair.place.within(pair.node).profile)
        sighting = Sighting(lines[0], shape, name.value.strip(), profile, own_lines=lines)
        match = TAG_AND_DIGEST.fullmatch(pair.tag.value.strip())
        if not match or (pair.tag.tag == _NULL and pair.tag.style is None):
            return replace(sighting, obstacle=_kind_of_tag(pair.tag.value))
        alone = pair.tag.style is None
        pinned = replace(sighting, tag=match["tag"], digest=match["digest"] or "", alone=alone)
        if shared:
            return replace(pinned, obstacle=Obstacle.SHARED_TAG)
        return self._located(pinned, pair.tag, match[0], skip=0)

    def _sighting_of_scalar(self, node: ScalarNode, place: _Place) -> Iterator[Sighting]:
        value = node.value.strip()
        lines = self._lines([node.start_mark.index, place.start])
        profile = " / ".join(place.profile)
        sighting = Sighting(lines[0], place.shape or "scalar", value, profile, own_lines=lines)
        reference = find_reference(value)
        if reference is None:
            if mention := next(mentions(value, self._image), None):
                yield replace(sighting, image=mention[0], obstacle=kind_of_text(value, mention))
        elif self._image.covers(reference.name):
            name = str(reference.name)
            pinned = replace(sighting, image=name, tag=reference.tag, digest=reference.digest)
            if reference.tag:
                yield self._located(pinned, node, value, skip=len(name) + 1)
            else:
                missing = Obstacle.DIGEST_ONLY if reference.digest else Obstacle.UNTAGGED
                yield replace(pinned, obstacle=missing)

    def _located(self, sighting: Sighting, node: ScalarNode, written: str, skip: int) -> Sighting:
        """Return the sighting with the place of its tag: the end of `written`, after `skip` characters."""
        start, end = node.start_mark.index, node.end_mark.index
        if node.style in {"|", ">"}:
            at = self._text.find(written, self._text.find("\n", start, end), end)
        else:
            # What comes before the value, an anchor or a YAML tag, may contain the same characters.
            at = self._text.rfind(written, start, end)
        if at < 0:
            return replace(sighting, obstacle=Obstacle.SPELLED_OUT)
        (line,) = self._lines([at])
        own_lines = (line, *sighting.own_lines)
        return replace(sighting, line=line, start=at + skip, end=at + len(written), own_lines=own_lines)

    def _is_image(self, name: str) -> bool:
        reference = find_reference(name.strip())
        return bool(reference and not reference.tag and self._image.covers(reference.name))

    def _lines(self, starts: list[int]) -> tuple[int, ...]:
        return tuple(self._line_of.number(start) for start in starts if start != _NOWHERE)


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


def _kind_of_tag(written: str) -> Obstacle:
    return Obstacle.FORMAT_STRING if {"{", "$", "%"} & set(written) else Obstacle.UNTAGGED
