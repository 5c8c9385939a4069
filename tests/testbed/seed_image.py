"""Tiny images as bytes: config, layers and manifests in both formats that registries speak."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Format = Literal["oci", "docker"]
MEDIA_TYPES: Mapping[Format, Mapping[str, str]] = {
    "oci": {
        "manifest": "application/vnd.oci.image.manifest.v1+json",
        "index": "application/vnd.oci.image.index.v1+json",
        "config": "application/vnd.oci.image.config.v1+json",
        "layer": "application/vnd.oci.image.layer.v1.tar+gzip",
    },
    "docker": {
        "manifest": "application/vnd.docker.distribution.manifest.v2+json",
        "index": "application/vnd.docker.distribution.manifest.list.v2+json",
        "config": "application/vnd.docker.container.image.v1+json",
        "layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
    },
}

STATEMENT = "application/vnd.in-toto+json"


def sha256(content: bytes) -> str:
    """Return the digest of bytes, as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def canonical(value: Any) -> bytes:
    """Return a value as JSON, always the same bytes for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def layer_tar(files: Mapping[str, bytes]) -> bytes:
    """Return a tar archive of files, always the same bytes for the same files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@dataclass(frozen=True)
class SeedImage:
    """An image for one platform.

    Attributes:
        manifest: the manifest's bytes.
        media_type: the manifest's media type.
        blobs: config and layers, by digest.
        platform: operating system and architecture.
    """

    manifest: bytes
    media_type: str
    blobs: Mapping[str, bytes]
    platform: tuple[str, str]

    @property
    def digest(self) -> str:
        """The manifest's digest."""
        return sha256(self.manifest)

    @property
    def config_digest(self) -> str:
        """The config's digest, which a Docker engine takes for the image's id."""
        return str(json.loads(self.manifest)["config"]["digest"])


def seed_image(
    files: Mapping[str, bytes] | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    form: Format = "oci",
    architecture: str = "amd64",
) -> SeedImage:
    """Make an image of one layer.

    Args:
        files: the layer's files; one short text by default.
        config: the `config` part of the image configuration: `Labels`, `Env`, `Cmd` and so on.
        form: the format of manifest, config and layer.
        architecture: the platform's architecture.

    Returns:
        The image, the same bytes every time (OCI Image Format Specification 1.0).
    """
    types = MEDIA_TYPES[form]
    tar = layer_tar(files or {"hello.txt": b"hello\n"})
    layer = gzip.compress(tar, mtime=0)
    config_blob = canonical(
        {
            "architecture": architecture,
            "os": "linux",
            "created": "2024-01-01T00:00:00Z",
            "config": dict(config or {}),
            "rootfs": {"type": "layers", "diff_ids": [sha256(tar)]},
            "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "COPY files / # testbed"}],
        }
    )
    blobs = {sha256(config_blob): config_blob, sha256(layer): layer}
    manifest = {
        "schemaVersion": 2,
        "mediaType": types["manifest"],
        "config": {"mediaType": types["config"], "digest": sha256(config_blob), "size": len(config_blob)},
        "layers": [{"mediaType": types["layer"], "digest": sha256(layer), "size": len(layer)}],
    }
    return SeedImage(canonical(manifest), types["manifest"], blobs, ("linux", architecture))


def with_layer(image: SeedImage, files: Mapping[str, bytes]) -> SeedImage:
    """Return an image with one more layer on top.

    Args:
        image: the image.
        files: the layer's files.
    """
    manifest = json.loads(image.manifest)
    config = json.loads(image.blobs[manifest["config"]["digest"]])
    tar = layer_tar(files)
    layer = gzip.compress(tar, mtime=0)
    config["rootfs"]["diff_ids"].append(sha256(tar))
    config["history"].append({"created": "2024-01-01T00:00:00Z", "created_by": "COPY more / # testbed"})
    config_blob = canonical(config)
    kind = manifest["layers"][0]["mediaType"]
    manifest["layers"].append({"mediaType": kind, "digest": sha256(layer), "size": len(layer)})
    manifest["config"] |= {"digest": sha256(config_blob), "size": len(config_blob)}
    layers = {name: blob for name, blob in image.blobs.items() if name != image.config_digest}
    blobs = {**layers, sha256(layer): layer, sha256(config_blob): config_blob}
    return SeedImage(canonical(manifest), image.media_type, blobs, image.platform)


def seed_index(images: Sequence[SeedImage], *, form: Format = "oci", attested: str = "") -> tuple[bytes, str]:
    """Make an index (or, in Docker's words, a manifest list) of images.

    Args:
        images: the images, one for each platform.
        form: the index's format.
        attested: the digest of the image that those of them for the platform `unknown` are attestations of.

    Returns:
        The index's bytes and its media type.
    """
    media_type = MEDIA_TYPES[form]["index"]
    entries = [
        {
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": len(image.manifest),
            "platform": {"os": image.platform[0], "architecture": image.platform[1]},
            **(_attesting(attested) if attested and image.platform[0] == "unknown" else {}),
        }
        for image in images
    ]
    return canonical({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}), media_type


def seed_attestation(
    image: SeedImage, statement: bytes = b'{"_type":"x"}', kind: str = STATEMENT
) -> SeedImage:
    """Make what BuildKit puts beside an image into its index: a manifest whose layers are statements.

    Args:
        image: the image that the statement is about.
        statement: the statement.
        kind: the media type of the statement.

    Returns:
        The attestation, for the platform `unknown`, as BuildKit has it.
    """
    types = MEDIA_TYPES["oci"]
    config = canonical({"architecture": "unknown", "os": "unknown", "config": {}, "about": image.digest})
    manifest = {
        "schemaVersion": 2,
        "mediaType": types["manifest"],
        "config": {"mediaType": types["config"], "digest": sha256(config), "size": len(config)},
        "layers": [{"mediaType": kind, "digest": sha256(statement), "size": len(statement)}],
    }
    blobs = {sha256(config): config, sha256(statement): statement}
    return SeedImage(canonical(manifest), types["manifest"], blobs, ("unknown", "unknown"))


def _attesting(digest: str) -> dict[str, Mapping[str, str]]:
    kind = {"vnd.docker.reference.type": "attestation-manifest"}
    return {"annotations": {**kind, "vnd.docker.reference.digest": digest}}
