"""A reference in parts: several keys of one mapping that together name an image, its tag and its digest.

Charts write `registry` and `repository` with the host in its own key (Bitnami's charts), `name` and `tag`
(Zero to JupyterHub), `image` and `tag`, or `newName` and `newTag` (Kustomize).

Source: https://z2jh.jupyter.org/en/stable/resources/reference.html,
https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from hub_image_actions.references import ImageName, find_reference

# The keys of a mapping that has a tag of its own, the more telling first.
TAG_KEYS = ("newTag", "tag")
# What is pulled whatever the tag says, where it is not empty.
DIGEST_KEYS = ("digest", "sha")
# What is put behind the tag.
SUFFIX_KEYS = ("tagSuffix",)
# What may say the tag once more.
REPEATING_KEYS = ("version",)
# What names the image, or a part of its name.
NAME_KEYS = frozenset({"newName", "name", "repository", "image"})
# What a whole reference may stand in, and what says more of the image beside it.
WHOLE_KEYS = frozenset({*NAME_KEYS, "image_name"})
BESIDE_KEYS = (*TAG_KEYS, *DIGEST_KEYS, *SUFFIX_KEYS, *REPEATING_KEYS)
_NONE: frozenset[str] = frozenset()
KEYS = frozenset({*BESIDE_KEYS, *WHOLE_KEYS, "registry"})


@dataclass(frozen=True)
class PartsOfName:
    """One way in which the keys of a mapping can be read as an image's name.

    Args:
        name: the name that they give together.
        keys: the keys that it is made of.
    """

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class NameInParts:
    """What a mapping's keys name.

    Args:
        name: the image's name, as the keys give it together; empty where it is not the image.
        keys: the keys that name it.
        is_ambiguous: whether other keys beside them name another image.
        consumed: the keys whose values are no image's name by themselves.
    """

    name: str = ""
    keys: tuple[str, ...] = ()
    is_ambiguous: bool = False
    consumed: frozenset[str] = field(default_factory=frozenset)


def name_in_parts(values: Mapping[str, str], image: ImageName) -> NameInParts:
    """Return whether the keys of a mapping name an image, and how.

    Args:
        values: the texts of the mapping by key.
        image: the image that is looked for; without a host it stands for any registry.
    """
    texts = {key: text.strip() for key, text in values.items() if text.strip()}
    readings = list(_readings(texts))
    # With the registry in a key of its own, what the other keys say alone is another registry's name; and
    # what Kustomize replaces is not deployed.
    consumed = NAME_KEYS & texts.keys() if {"registry", "newName"} & texts.keys() else _NONE
    ours = [reading for reading in readings if _is_image(reading.name, image)]
    if not ours:
        return NameInParts(consumed=consumed)
    reading = ours[0]
    others = [other for other in readings if other not in ours and not set(other.keys) & set(reading.keys)]
    return NameInParts(reading.name, reading.keys, any(map(_names_an_image, others)), consumed)


def _readings(texts: Mapping[str, str]) -> Iterator[PartsOfName]:
    """Yield the ways to read the keys as a name, the likeliest first."""
    registry = texts.get("registry", "")
    for keys in _combinations(texts):
        name = "/".join(texts[key].strip("/") for key in keys)
        reference = find_reference(name)
        if not registry or (reference and reference.name.host == registry):
            yield PartsOfName(name, keys)
        elif reference and not reference.name.host:
            yield PartsOfName(f"{registry.rstrip('/')}/{name}", ("registry", *keys))


def _combinations(texts: Mapping[str, str]) -> Iterable[tuple[str, ...]]:
    if "newName" in texts:
        # Kustomize looks for `name` and writes `newName`.
        return [("newName",)]
    whole = [(key,) for key in ("repository", "name", "image") if key in texts]
    joined = [
        keys for keys in product(("repository",), ("name", "image")) if all(key in texts for key in keys)
    ]
    return [*whole[:1], *joined, *whole[1:]]


def _is_image(name: str, image: ImageName) -> bool:
    reference = find_reference(name)
    return bool(reference and not reference.tag and image.covers(reference.name))


def _names_an_image(reading: PartsOfName) -> bool:
    """Say whether a text is the name of an image beyond doubt: with a registry's host in front."""
    reference = find_reference(reading.name)
    return bool(reference and reference.name.host and "/" in reference.name.path)
