"""An index of one image and what its builder attests of it, as BuildKit makes it.

Source: "Image attestation storage" in BuildKit's documentation,
https://docs.docker.com/build/metadata/attestations/attestation-storage/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub_image_actions.errors import RegistryError
from hub_image_actions.images.written_json import Json, digest_of, written
from hub_image_actions.references import DIGEST
from hub_image_actions.registry.calls import Manifest
from hub_image_actions.untrusted_json import parse_json

_KIND = "vnd.docker.reference.type"
_IS_OF = "vnd.docker.reference.digest"
_ATTESTATION = "attestation-manifest"
_STATEMENT = "application/vnd.in-toto+json"
# One for each platform; a builder has several only when it builds for several.
_MOST_ATTESTATIONS = 8


@dataclass(frozen=True)
class Blob:
    """A layer or another part of an image, as a manifest names it.

    Args:
        digest: its digest.
        size: its size in bytes, as it is stored.
    """

    digest: str
    size: int


@dataclass(frozen=True)
class AttestedIndex:
    """An index of one image and of attestations of it.

    Args:
        manifest: the index.
        image: the digest of the image's manifest.
        attestations: the digests of the attestations' manifests.
    """

    manifest: Manifest
    image: str
    attestations: tuple[str, ...]

    def with_image(self, image: Manifest, renewed: Callable[[Json], Json]) -> "AttestedIndex":
        """Return the index of another manifest of the image, with the same attestations.

        What an attestation itself says stays, the digest of what its builder made among it: nobody else may
        say what a builder made.

        Args:
            image: the manifest.
            renewed: returns the annotations that take the place of others.
        """
        content = parse_json(self.manifest.body)
        entries = [self._entry(entry, image, renewed) for entry in content["manifests"]]
        body = written(renewed_annotations({**content, "manifests": entries}, renewed))
        manifest = replace(self.manifest, digest=digest_of(body), body=body)
        return AttestedIndex(manifest, image.digest, self.attestations)

    def _entry(self, entry: Json, image: Manifest, renewed: Callable[[Json], Json]) -> Json:
        if entry["digest"] == self.image:
            return renewed_annotations(redescribed(entry, image.digest, image.size), renewed)
        return {**entry, "annotations": {**entry["annotations"], _IS_OF: image.digest}}


def renewed_annotations(described: Json, renewed: Callable[[Json], Json]) -> Json:
    """Return what has annotations with others in their place; what has none stays as it is."""
    annotations = described.get("annotations")
    if not isinstance(annotations, dict):
        return described
    return {**described, "annotations": renewed(annotations)}


def attested_index(manifest: Manifest, entries: list[Json]) -> AttestedIndex | None:
    """Return the index if it is one of a single image and attestations of it; None where it is another.

    Args:
        manifest: the index.
        entries: what it lists.
    """
    images = [str(entry["digest"]) for entry in entries if not _is_attestation(entry)]
    attestations = [entry for entry in entries if _is_attestation(entry)]
    digests = tuple(str(entry["digest"]) for entry in attestations)
    about = {entry["annotations"].get(_IS_OF) for entry in attestations}
    if about != set(images) or len(images) != 1 or len(digests) > _MOST_ATTESTATIONS:
        return None
    if len({*images, *digests}) != len(entries) or not all(map(DIGEST.fullmatch, (*images, *digests))):
        return None
    return AttestedIndex(manifest, images[0], digests)


def attestation_blobs(manifest: Manifest) -> tuple[Blob, ...]:
    """Return the parts of an attestation: its statements, and a configuration that says nothing.

    Raises:
        RegistryError: it is something else.
    """
    try:
        content = parse_json(manifest.body)
        if any(layer["mediaType"] != _STATEMENT for layer in content["layers"]):
            raise ValueError(_STATEMENT)  # noqa: TRY301  # one error for all that is wrong
        return tuple(dict.fromkeys(map(described_blob, (content["config"], *content["layers"]))))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryError(
            f"{manifest.digest} is listed as an attestation, and is none.", "Push the image again."
        ) from error


def redescribed(descriptor: Json, digest: str, size: int) -> Json:
    """Return a descriptor of other content; what it holds of the old one itself, in `data`, goes.

    Source: "Embedded Content" of https://github.com/opencontainers/image-spec/blob/main/descriptor.md
    """
    kept = {name: value for name, value in descriptor.items() if name != "data"}
    return {**kept, "digest": digest, "size": size}


def described_blob(described: Mapping[str, Any]) -> Blob:
    """Return the blob that a descriptor names.

    Raises:
        ValueError: it names none.
    """
    digest, size = str(described["digest"]), int(described["size"])
    if not DIGEST.fullmatch(digest) or size < 0:
        raise ValueError(digest)
    return Blob(digest, size)


def _is_attestation(entry: Json) -> bool:
    annotations = entry.get("annotations")
    return isinstance(annotations, dict) and annotations.get(_KIND) == _ATTESTATION
