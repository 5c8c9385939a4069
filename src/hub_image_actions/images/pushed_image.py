"""An image in a registry: its manifest and its configuration, which are read with two small requests.

Source: the OCI Image Format Specification 1.1 (image index, manifest and configuration), and Docker's
"Image Manifest V2, Schema 2".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hub_image_actions.errors import RegistryError
from hub_image_actions.images.attested_index import (
    AttestedIndex,
    Blob,
    attested_index,
    described_blob,
    redescribed,
    renewed_annotations,
)
from hub_image_actions.images.contents import ImageContents, contents_of
from hub_image_actions.images.labels import without_ours
from hub_image_actions.images.renewed_labels import RenewedLabels
from hub_image_actions.images.written_json import Json, digest_of, written
from hub_image_actions.registry.calls import Manifest
from hub_image_actions.registry.client import Registry
from hub_image_actions.untrusted_json import parse_json

# Of an image for several platforms, the one that hubs run.
_USUAL_PLATFORM = ("linux", "amd64")
_MOST_CONFIG = 8 << 20


@dataclass(frozen=True)
class PushedImage:
    """An image for one platform.

    Args:
        manifest: its manifest.
        config: the bytes of its configuration.
        of_several: whether what was asked for is an index of several, of which this is one image.
        index: the index that was asked for, if it is one of this image and attestations of it.
    """

    manifest: Manifest
    config: bytes = field(repr=False)
    of_several: bool = False
    index: AttestedIndex | None = None

    @property
    def named(self) -> Manifest:
        """What the image's tags name: its index where it has one, else its manifest."""
        return self.index.manifest if self.index else self.manifest

    @property
    def digest(self) -> str:
        """The digest of what the image's tags name."""
        return self.named.digest

    @property
    def attestations(self) -> tuple[str, ...]:
        """The digests of the manifests of what its builder attests of the image."""
        return self.index.attestations if self.index else ()

    @property
    def platform(self) -> tuple[str, str]:
        """The operating system and the architecture that the image is for."""
        return str(self._configuration.get("os", "")), str(self._configuration.get("architecture", ""))

    @property
    def layers(self) -> tuple[Blob, ...]:
        """The image's layers, each once.

        Raises:
            RegistryError: the manifest does not name them as it must.
        """
        try:
            blobs = tuple(map(described_blob, self._manifest["layers"]))
            unpacked = (self._configuration.get("rootfs") or {}).get("diff_ids") or []
            if len(blobs) != len(unpacked):
                raise ValueError(len(unpacked))  # noqa: TRY301  # one error for all that is wrong
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RegistryError(
                f"{self.manifest.digest} has not the layers that it should.", "Push the image again."
            ) from error
        return tuple(dict.fromkeys(blobs))

    @property
    def labels(self) -> dict[str, str]:
        """The image's labels."""
        labels = (self._configuration.get("config") or {}).get("Labels") or {}
        return {str(name): str(text) for name, text in labels.items()}

    @property
    def contents(self) -> ImageContents:
        """What the image tells of its contents."""
        return contents_of(self._manifest, self._configuration)

    def with_labels(self, labels: Mapping[str, str]) -> "PushedImage":
        """Return the same image with other labels of ours; its layers and all else stay as they are."""
        content = self._configuration
        settings = {**(content.get("config") or {}), "Labels": {**without_ours(self.labels), **labels}}
        return self._rewritten({**content, "config": settings}, dict)

    def renewed(self, labels: RenewedLabels) -> "PushedImage":
        """Return the same image with other labels, wherever it repeats them; itself if it has them already.

        Raises:
            RegistryError: it cannot be written.
        """
        if labels.labels(self.labels) == self.labels:
            return self
        return self._rewritten(labels.configuration(self._configuration, self.labels), labels.repeated)

    def _rewritten(self, configuration: Json, annotations: Callable[[Json], Json]) -> "PushedImage":
        config = written(configuration)
        described = redescribed(self._manifest["config"], digest_of(config), len(config))
        body = written(renewed_annotations({**self._manifest, "config": described}, annotations))
        manifest = replace(self.manifest, digest=digest_of(body), body=body)
        index = self.index.with_image(manifest, annotations) if self.index else None
        return replace(self, manifest=manifest, config=config, index=index)

    @cached_property
    def _configuration(self) -> dict[str, Any]:
        content: dict[str, Any] = parse_json(self.config)
        return content

    @cached_property
    def _manifest(self) -> dict[str, Any]:
        content: dict[str, Any] = parse_json(self.manifest.body)
        return content


def read_pushed_image(registry: Registry, repository: str, reference: str) -> PushedImage:
    """Return an image that is in a registry; of one for several platforms, the one for Linux on amd64.

    Args:
        registry: the registry.
        repository: the repository's name in it.
        reference: a tag or a digest.

    Raises:
        ManifestMissing: there is no such image.
        RegistryError: the registry cannot be asked, refuses, or has something else under that name.
    """
    what = f"{registry.host}/{repository}{'@' if ':' in reference else ':'}{reference}"
    try:
        named = manifest = registry.manifest(repository, reference)
        content, index = parse_json(manifest.body), None
        if entries := content.get("manifests"):
            index = attested_index(named, entries)
            manifest = registry.manifest(repository, index.image if index else _for_hubs(entries))
            content = parse_json(manifest.body)
        if int(content["config"]["size"]) > _MOST_CONFIG:
            raise RegistryError(f"The configuration of {what} has more than {_MOST_CONFIG} bytes.")
        config = registry.blob(repository, content["config"]["digest"])
        image = PushedImage(manifest, config, of_several=bool(entries and not index), index=index)
        _ = image.labels, image.contents
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise RegistryError(
            f"{what} is no container image.", "Name an image by its tag or digest."
        ) from error
    return image


def _for_hubs(entries: list[dict[str, Any]]) -> str:
    """Return the digest of the image for the platform of the hubs, else of the first."""
    platforms = [(entry.get("platform") or {}, str(entry["digest"])) for entry in entries]
    # Beside images, builders put attestations into an index, for the platform `unknown`.
    images = [(platform, digest) for platform, digest in platforms if platform.get("os") != "unknown"]
    wanted = [
        digest
        for platform, digest in images
        if (platform.get("os"), platform.get("architecture")) == _USUAL_PLATFORM
    ]
    return (wanted or [digest for _, digest in images])[0]
