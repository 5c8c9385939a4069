"""What a YAML text says, as nodes with positions: its scalars, and the keys that may name an image together.

ruamel.yaml composes the text into nodes; nothing is ever emitted.

Source: https://yaml.org/spec/1.2.2/ and, for what Helm's parser reads, https://yaml.org/type/.
"""

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub_image_actions.deployments.parts import (
    BESIDE_KEYS,
    DIGEST_KEYS,
    KEYS,
    NAME_KEYS,
    TAG_KEYS,
    WHOLE_KEYS,
    NameInParts,
    name_in_parts,
)
from hub_image_actions.references import ImageName
from hub_image_actions.text_lines import TextLines

# What ruamel.yaml raises for texts that are not YAML: its own error, and others where it trusts the text.
NO_YAML = (YAMLError, RecursionError, ArithmeticError, AssertionError, LookupError, ValueError)
NOWHERE = -1
_MERGE_KEY = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
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


@dataclass(frozen=True)
class Place:
    """Where in a document a node stands.

    Args:
        keys: the keys that lead to it.
        profile: the names that people see on the way.
        start: the character at which its own key begins; an item of a list has none.
        anchors: the anchors that it lies in: what their aliases say holds for it as well.
    """

    keys: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    start: int = NOWHERE
    anchors: tuple[str, ...] = ()

    def under(self, key: Node) -> "Place":
        """Return the place of a key's value."""
        keys = (*self.keys, key.value) if isinstance(key, ScalarNode) else self.keys
        return replace(self, keys=keys, start=key.start_mark.index)

    def behind(self, node: Node) -> "Place":
        """Return the place within a node, which may bear an anchor."""
        return replace(self, anchors=(*self.anchors, str(node.anchor))) if node.anchor else self

    def within(self, node: MappingNode) -> "Place":
        """Return the place within a mapping, which may have a name that people see."""
        name = _display_name(node)
        return replace(self, profile=(*self.profile, name)) if name else self

    @property
    def shape(self) -> str:
        """The form in which deployments write a reference here."""
        return next((shape for key, shape in _SHAPES.items() if key in self.keys), "")


@dataclass(frozen=True)
class Group:
    """Keys of a mapping that may name an image, its tag and its digest together.

    Args:
        node: the mapping.
        place: where it stands.
        scalars: the scalars by key.
        parts: the name that they give.
    """

    node: MappingNode
    place: Place
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
        return {key: node for key, node in wanted.items() if node.value.strip() and not is_null(node)}


class DocumentNodes:
    """One walk over the nodes of a text; each node is seen once, however many aliases lead to it.

    Args:
        text: the text.
        image: the image whose name in parts is looked for.

    Raises:
        NO_YAML: one of these, where the text is not YAML.
    """

    def __init__(self, text: str, image: ImageName) -> None:
        self._image = image
        self._seen: set[int] = set()
        self._entries: dict[int, dict[str, Node]] = {}
        self.scalars: list[tuple[ScalarNode, Place]] = []
        # By the tag's node: an anchor gives several mappings the same tag.
        self.tagged: dict[int, list[Group]] = {}
        self.untagged: list[Group] = []
        self.consumed: set[int] = set()
        # By the node of a whole reference: the mappings that say more of the same image beside it.
        self.beside: dict[int, list[Group]] = {}
        documents = _compose(text)
        for document in documents:
            self._collect(document, Place())
        self.encrypted = any(map(_has_sops_block, documents)) or any(
            scalar.value.startswith("ENC[AES256_GCM,") for scalar, _ in self.scalars
        )

    @property
    def places(self) -> list[tuple[int, int]]:
        """Where the scalars stand that hold the image's name."""
        return [
            (scalar.start_mark.index, scalar.end_mark.index)
            for scalar, _ in self.scalars
            if self._image.short in scalar.value
        ]

    def _collect(self, node: Node, place: Place) -> None:
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        place = place.behind(node)
        if isinstance(node, ScalarNode):
            self.scalars.append((node, place))
        elif isinstance(node, SequenceNode):
            for item in node.value:
                self._collect(item, replace(place, start=NOWHERE))
        elif isinstance(node, MappingNode):
            for entries in self._groups_of(node):
                self._collect_group(node, place, entries)
            inner = place.within(node)
            for key, value in node.value:
                self._collect(value, inner.under(key))

    def _collect_group(self, node: MappingNode, place: Place, entries: Mapping[str, Node]) -> None:
        scalars = {key: value for key, value in entries.items() if isinstance(value, ScalarNode)}
        texts = {key: "" if is_null(value) else str(value.value) for key, value in scalars.items()}
        parts = name_in_parts(texts, self._image)
        group = Group(node, place, scalars, parts)
        self.consumed |= {id(scalars[key]) for key in parts.consumed}
        if group.filled(BESIDE_KEYS):
            for key in WHOLE_KEYS & scalars.keys():
                self.beside.setdefault(id(scalars[key]), []).append(group)
        if group.tag is not None and NAME_KEYS & scalars.keys():
            self.tagged.setdefault(id(group.tag), []).append(group)
        elif parts.name and (len(parts.keys) > 1 or group.filled(DIGEST_KEYS)):
            self.untagged.append(group)

    def _groups_of(self, node: MappingNode) -> Iterator[Mapping[str, Node]]:
        """Yield the keys of a mapping that may belong together.

        A key that comes twice begins another group: the branches of a template each have their own. What
        stands before the first of such keys or behind the last holds for all of them.
        """
        keys = [key.value for key, _ in node.value if isinstance(key, ScalarNode) and key.value in KEYS]
        if len(set(keys)) == len(keys):
            entries = self._entries_of(node)
            yield {key: entries[key] for key in KEYS & entries.keys()}
            return
        named = ((key.value, value) for key, value in node.value if isinstance(key, ScalarNode))
        pairs = [(key, value) for key, value in named if key in KEYS]
        times = Counter(keys)
        again = [index for index, key in enumerate(keys) if times[key] > 1]
        common = dict(pairs[: again[0]] + pairs[again[-1] + 1 :])
        group: dict[str, Node] = {}
        for name, value in pairs[again[0] : again[-1] + 1]:
            if name in group:
                yield {**common, **group}
                group = {}
            group[name] = value
        yield {**common, **group}

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


def lines_of_aliases(text: str, lines: TextLines) -> Mapping[str, list[int]]:
    """Return the lines of the aliases of each anchor: the nodes do not tell."""
    numbers: dict[str, list[int]] = {}
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            numbers.setdefault(str(event.anchor), []).append(lines.number(event.start_mark.index))
    return numbers


def is_null(node: ScalarNode) -> bool:
    """Say whether a scalar is YAML's null."""
    return bool(node.tag == _NULL and node.style is None)


def _compose(text: str) -> list[Node]:
    yaml = YAML(typ="safe", pure=True)
    with warnings.catch_warnings():
        # An anchor used twice is allowed by YAML 1.2, and none of our business.
        warnings.simplefilter("ignore")
        return [node for node in yaml.compose_all(text) if node is not None]


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
