"""An image in a registry: its manifest and its configuration, which are read with two small requests.

Source: the OCI Image Format Specification 1.1 (image index, manifest and configuration), and Docker's
"Image Manifest V2, Schema 2".
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hub_image_actions.errors import RegistryError
from hub_image_actions.images.contents import ImageContents, contents_of
from hub_image_actions.images.labels import without_ours
from hub_image_actions.references import DIGEST
from hub_image_actions.registry.calls import Manifest
from hub_image_actions.registry.client import Registry
from hub_image_actions.untrusted_json import parse_json

# Of an image for several platforms, the one that hubs run.
_USUAL_PLATFORM = ("linux", "amd64")
_MOST_CONFIG = 8 << 20


@dataclass(frozen=True)
class Blob:
    """A layer as a manifest names it.

    Args:
        digest: its digest.
        size: its size in bytes, as it is stored.
    """

    digest: str
    size: int


@dataclass(frozen=True)
class PushedImage:
    """An image for one platform.

    Args:
        manifest: its manifest.
        config: the bytes of its configuration.
        of_several: whether what was asked for is an index, of which this is one image.
    """

    manifest: Manifest
    config: bytes = field(repr=False)
    of_several: bool = False

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
            blobs = tuple(map(_blob, self._manifest["layers"]))
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
        config = _written({**content, "config": settings})
        described = {**self._manifest["config"], "digest": _digest(config), "size": len(config)}
        body = _written({**self._manifest, "config": described})
        return replace(self, manifest=replace(self.manifest, digest=_digest(body), body=body), config=config)

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
        manifest = registry.manifest(repository, reference)
        content = parse_json(manifest.body)
        of_several = "manifests" in content
        if of_several:
            manifest = registry.manifest(repository, _for_hubs(content["manifests"]))
            content = parse_json(manifest.body)
        if int(content["config"]["size"]) > _MOST_CONFIG:
            raise RegistryError(f"The configuration of {what} has more than {_MOST_CONFIG} bytes.")
        image = PushedImage(manifest, registry.blob(repository, content["config"]["digest"]), of_several)
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


def _blob(layer: Mapping[str, Any]) -> Blob:
    digest, size = str(layer["digest"]), int(layer["size"])
    if not DIGEST.fullmatch(digest) or size < 0:
        raise ValueError(digest)
    return Blob(digest, size)


def _written(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
