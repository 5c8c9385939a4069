"""Copying an image from one repository to another: mounted where a registry does it, else streamed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub_image_actions.errors import RegistryError
from hub_image_actions.exchange import NoAnswer, StreamedBody
from hub_image_actions.http import Streams
from hub_image_actions.images.attested_index import Blob, attestation_blobs
from hub_image_actions.images.pushed_image import PushedImage
from hub_image_actions.quantities import human_size
from hub_image_actions.references import ImageName
from hub_image_actions.registry.client import Registry

_ATTEMPTS = 3


@dataclass(frozen=True)
class ImagePlace:
    """A repository of a registry.

    Args:
        name: the image's name.
        registry: the registry, with the login for this repository.
    """

    name: ImageName
    registry: Registry


def put_configuration(place: ImagePlace, image: PushedImage) -> None:
    """Put an image's configuration into a repository, and its manifest where tags do not name that itself.

    Raises:
        RegistryError: the registry does not take it.
    """
    registry, repository = place.registry, place.name.repository
    registry.put_blob(repository, image.config)
    if image.index:
        registry.put_manifest(repository, image.manifest.digest, image.manifest)


@dataclass
class Moved:
    """How the layers of an image got into a repository.

    Attributes:
        there: how many it had already.
        mounted: how many the registry took from the other repository by itself.
        copied: how many went through this machine.
        size: the bytes of the latter.
    """

    there: int = 0
    mounted: int = 0
    copied: int = 0
    size: int = 0

    def __str__(self) -> str:
        ways = (
            (self.mounted, "mounted by the registry, which moves nothing"),
            (self.copied, f"copied ({human_size(self.size)})"),
            (self.there, "there already"),
        )
        told = ", ".join(f"{number} {way}" for number, way in ways if number)
        return f"layers: {told}" if told else "no layers"


@dataclass(frozen=True)
class ImageCopy:
    """The way of an image's layers from one repository to another.

    What is there already is not moved again, so that a copy that broke off is finished by the next run.

    Args:
        streams: what sends and receives layers.
        source: the repository that has the image.
        target: the repository that is to have it.
        tell: told what is done.
        sleep: waits between attempts, given the seconds.
    """

    streams: Streams
    source: ImagePlace
    target: ImagePlace
    tell: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep

    def copy(self, image: PushedImage) -> Moved:
        """Bring the layers, the configuration and the attestations of an image.

        The caller puts what the image's tags name, by these tags. The image may have another configuration
        than the one that the source has, as with other labels.

        Raises:
            RegistryError: it cannot be done.
        """
        moved = Moved()
        for layer in image.layers:
            self._bring(layer, moved)
        for attestation in image.attestations:
            self._bring_attestation(attestation)
        put_configuration(self.target, image)
        self.tell(f"{self.source.name} to {self.target.name}: {moved}")
        return moved

    def _bring_attestation(self, digest: str) -> None:
        source, target = self.source, self.target
        manifest = source.registry.manifest(source.name.repository, digest)
        for blob in attestation_blobs(manifest):
            self._bring(blob, Moved())
        target.registry.put_manifest(target.name.repository, digest, manifest)

    def _bring(self, layer: Blob, moved: Moved) -> None:
        blobs, repository = self.target.registry.blobs, self.target.name.repository
        begun = ""
        if self.source.registry.host == self.target.registry.host:
            # What is there already is mounted as well: one request for each layer, and no second one.
            mount = blobs.mount(repository, layer.digest, self.source.name.repository)
            if mount.done:
                moved.mounted += 1
                return
            begun = mount.upload
        if blobs.has(repository, layer.digest):
            moved.there += 1
            return
        self.tell(f"{layer.digest} is copied ({human_size(layer.size)})")
        self._transfer(layer, begun)
        moved.copied += 1
        moved.size += layer.size

    def _transfer(self, layer: Blob, begun: str) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._stream(layer, begun)
            except (NoAnswer, RegistryError) as error:
                if attempt == _ATTEMPTS:
                    raise RegistryError(
                        f"The layer {layer.digest} of {self.source.name} could not be copied to "
                        f"{self.target.name} in {attempt} attempts. {error.problem}",
                        error.remedy,
                    ) from error
                self.tell(f"{error.problem} Another attempt is made.")
                self.sleep(2.0**attempt / 2)
                begun = ""
            else:
                return

    def _stream(self, layer: Blob, begun: str) -> None:
        source, target = self.source, self.target
        with source.registry.blobs.download(self.streams, source.name.repository, layer.digest) as blocks:
            body = StreamedBody(layer.size, _exactly(layer, blocks))
            target.registry.blobs.upload(self.streams, target.name.repository, layer.digest, body, begun)


def _exactly(layer: Blob, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Give blocks that are as many bytes as the manifest says; which bytes they are, the registry checks.

    Raises:
        RegistryError: they are more or fewer.
    """
    left = layer.size
    for block in blocks:
        left -= len(block)
        if left < 0:
            break
        yield block
    if left:
        raise RegistryError(
            f"{layer.digest} has another size than its manifest says.", "Build the image again."
        )
