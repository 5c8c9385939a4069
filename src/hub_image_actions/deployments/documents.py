"""References in the text of one file: where they stand, found by parsing, never by rewriting."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import cast

from ruamel.yaml.nodes import ScalarNode

from hub_image_actions.deployments.nodes import (
    NO_YAML,
    NOWHERE,
    DocumentNodes,
    Group,
    Place,
    is_null,
    lines_of_aliases,
)
from hub_image_actions.deployments.parts import DIGEST_KEYS, REPEATING_KEYS, SUFFIX_KEYS, TAG_KEYS
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

_DIGITS = re.compile("[0-9a-f]{64}")


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
    except NO_YAML:
        pass
    by_line = list(sightings_in_template(text, image))
    try:
        # What a template or a comment of JSON has in it is passed over, if the rest is YAML then.
        walked, names = _sightings_in_yaml(text, masked(text), image)
    except NO_YAML:
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
    nodes = DocumentNodes(read, image)
    named = _Sightings(text, read, image, nodes).all()
    seen = sorted(named, key=lambda sighting: (sighting.line, sighting.start))
    if nodes.encrypted:
        seen = [replace(sighting, obstacle=Obstacle.ENCRYPTED) for sighting in seen]
    return seen, nodes.places


class _Sightings:
    """What the nodes of a text name."""

    def __init__(self, text: str, read: str, image: ImageName, nodes: DocumentNodes) -> None:
        self._text = text
        self._read = read
        self._lines_of = TextLines(text)
        self._image = image
        self._nodes = nodes

    def all(self) -> Iterator[Sighting]:
        """Yield what the documents name, in no particular order."""
        told = set(self._nodes.consumed)
        for groups in self._nodes.tagged.values():
            ours = [group for group in groups if group.parts.name]
            if ours:
                told |= {id(name) for group in ours for name in group.names}
                yield self._sighting_of_groups(ours, shared=len(ours) < len(groups))
        for group in self._nodes.untagged:
            told |= {id(name) for name in group.names}
            yield self._sighting_without_tag(group)
        for scalar, place in self._nodes.scalars:
            if id(scalar) not in told and self._image.core in scalar.value:
                yield from self._sighting_of_scalar(scalar, place)

    def _sighting_of_groups(self, ours: list[Group], *, shared: bool) -> Sighting:
        """Return the reference that mappings with a name and a tag are: one, for the tag is the same."""
        tag = cast("ScalarNode", ours[0].tag)
        sighting = self._sighting_of_group(ours, tag)
        match = TAG_AND_DIGEST.fullmatch(tag.value.strip())
        if not match or is_null(tag):
            digests = [node for group in ours for node in group.filled(DIGEST_KEYS).values()]
            if digests and (is_null(tag) or not tag.value.strip()):
                return replace(sighting, digest=digests[0].value.strip(), obstacle=Obstacle.DIGEST_ONLY)
            return replace(sighting, obstacle=_kind_of_tag(tag.value))
        pinned = replace(sighting, tag=match["tag"], digest=match["digest"] or "", alone=tag.style is None)
        if shared or self._shares(ours):
            return replace(pinned, obstacle=Obstacle.SHARED_TAG)
        if any(group.parts.is_ambiguous for group in ours):
            return replace(pinned, obstacle=Obstacle.SEVERAL_NAMES)
        return self._with_others(self._located(pinned, tag, match[0], skip=0), ours, tag)

    def _shares(self, ours: list[Group]) -> bool:
        """Say whether a digest of ours is one of another image as well, by an anchor."""
        mine = {id(node) for group in ours for node in group.filled(DIGEST_KEYS).values()}
        others = (group for groups in self._nodes.tagged.values() for group in groups if not group.parts.name)
        return bool(mine) and any(
            id(node) in mine for group in others for node in group.filled(DIGEST_KEYS).values()
        )

    def _with_others(self, sighting: Sighting, ours: list[Group], own: ScalarNode) -> Sighting:
        """Return a sighting with what else says the tag or the digest, beside the scalar that has the tag."""
        if sighting.obstacle:
            return sighting
        if any(group.filled(SUFFIX_KEYS) for group in ours):
            return replace(sighting, obstacle=Obstacle.SUFFIX)
        nodes = {
            (key, id(node)): node
            for group in ours
            for key, node in group.filled((*DIGEST_KEYS, *REPEATING_KEYS, *TAG_KEYS)).items()
            if node is not own
        }
        for (key, _), node in nodes.items():
            written = node.value.strip()
            repeats_the_tag = key not in DIGEST_KEYS
            if repeats_the_tag and written != sighting.tag:
                sighting = replace(sighting, repeats=f"`{key}: {written}` beside it is left")
                continue
            holds = "tag" if repeats_the_tag else _kind_of_digest(written)
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

    def _sighting_of_group(self, ours: list[Group], first: ScalarNode) -> Sighting:
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

    def _sighting_without_tag(self, group: Group) -> Sighting:
        sighting = self._sighting_of_group([group], group.names[0])
        digests = group.filled(DIGEST_KEYS)
        if not digests:
            return replace(sighting, obstacle=Obstacle.UNTAGGED)
        digest = next(iter(digests.values())).value.strip()
        return replace(sighting, digest=digest, obstacle=Obstacle.DIGEST_ONLY)

    def _sighting_of_scalar(self, node: ScalarNode, place: Place) -> Iterator[Sighting]:
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
                located = self._located(pinned, node, written, skip=len(name) + 1)
                yield self._with_others(located, self._nodes.beside.get(id(node), []), node)
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
        return tuple(self._lines_of.number(start) for start in starts if start != NOWHERE)

    def _lines_of_aliases(self, anchors: Iterable[str]) -> tuple[int, ...]:
        return tuple(line for anchor in dict.fromkeys(anchors) for line in self._aliases.get(anchor, ()))

    @cached_property
    def _aliases(self) -> Mapping[str, list[int]]:
        return lines_of_aliases(self._read, self._lines_of)


def _kind_of_digest(written: str) -> str:
    """Return how a digest is written, see :class:`Span`; empty where it is not one of sha256."""
    if _DIGITS.fullmatch(written):
        return "digits"
    return "digest" if DIGEST.fullmatch(written) and written.startswith("sha256:") else ""


def _kind_of_tag(written: str) -> Obstacle:
    return Obstacle.FORMAT_STRING if {"{", "$", "%", MASK} & set(written) else Obstacle.UNTAGGED
