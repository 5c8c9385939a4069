"""Copying an image: what the registry does by itself, what goes through this machine, and what is there."""

import hashlib
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub_image_actions.errors import RegistryError
from hub_image_actions.exchange import NoAnswer, StreamedBody
from hub_image_actions.http import Http
from hub_image_actions.images.copying import ImageCopy, ImagePlace, Moved
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.references import ImageName
from hub_image_actions.registry.client import Registry as Client
from testbed.fault_proxy import Answer, Failure, FaultProxy, Reset, Truncated
from testbed.registry import Registry
from testbed.seed_image import MEDIA_TYPES, seed_attestation, seed_image

CANDIDATES, OWN = "candidates/image", "images/image"


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Registry]]:
    """Two open registries."""
    with (
        Registry(tmp_path_factory.mktemp("one")) as one,
        Registry(tmp_path_factory.mktemp("two")) as two,
    ):
        yield one, two


@dataclass
class Copies:
    """Copies an image that one registry has, and keeps what is told."""

    source: Registry
    told: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.image = seed_image({"file": uuid.uuid4().bytes * 10_000})
        self.source.push(CANDIDATES, "1", self.image)

    def to(self, host: str, of: str = "") -> Moved:
        """Copy the image, and tag it."""
        with Http() as http:
            source = ImagePlace(ImageName(of, CANDIDATES), Client(http, of or self.source.host))
            target = ImagePlace(ImageName(host, OWN), Client(http, host))
            image = read_pushed_image(source.registry, CANDIDATES, "1")
            moved = ImageCopy(http, source, target, self.told.append, self.waits.append).copy(image)
            target.registry.put_manifest(OWN, "1", image.named)
            return moved


def test_another_repository_of_the_registry_mounts_layers(registries: tuple[Registry, Registry]) -> None:
    one, _ = registries
    copies = Copies(one)
    with FaultProxy(one.url) as proxy:
        moved = copies.to(proxy.host, proxy.host)
        assert moved == Moved(mounted=1)
        (layer,) = (digest for digest in copies.image.blobs if digest != copies.image.config_digest)
        assert not proxy.seen("GET", layer)
    assert one.digest(OWN, "1") == copies.image.digest
    assert copies.told[-1].endswith("layers: 1 mounted by the registry, which moves nothing")


def test_another_registry_gets_the_layers_through_this_machine(
    registries: tuple[Registry, Registry],
) -> None:
    copies = Copies(registries[0])
    moved = copies.to(registries[1].host)
    assert (moved.copied, moved.mounted, moved.there) == (1, 0, 0)
    assert registries[1].digest(OWN, "1") == copies.image.digest
    assert "layers: 1 copied (" in copies.told[-1]


@pytest.mark.parametrize("elsewhere", [True, False])
def test_what_its_builder_attests_of_an_image_comes_along(
    registries: tuple[Registry, Registry], elsewhere: bool
) -> None:
    one, other = registries[0], registries[1] if elsewhere else registries[0]
    copies = Copies(one)
    attestation = seed_attestation(copies.image)
    images = [copies.image, attestation]
    index = one.push_index(CANDIDATES, "1", images, attested=copies.image.digest)
    moved = copies.to(other.host, "" if elsewhere else one.host)
    assert (moved.copied, moved.mounted) == ((1, 0) if elsewhere else (0, 1))
    assert other.digest(OWN, "1") == index
    listed = other.manifest(OWN, "1")["manifests"]
    assert [other.digest(OWN, entry["digest"]) for entry in listed] == [image.digest for image in images]
    for digest, content in attestation.blobs.items():
        assert other.request("GET", OWN, f"blobs/{digest}").content == content


@pytest.mark.parametrize("fault", ["another kind", "gone"])
def test_an_image_whose_attestation_is_none_is_not_copied(
    registries: tuple[Registry, Registry], fault: str
) -> None:
    one, other = registries
    copies = Copies(one)
    attestation = seed_attestation(copies.image, b"layer" + uuid.uuid4().bytes, MEDIA_TYPES["oci"]["layer"])
    one.push_index(CANDIDATES, "1", [copies.image, attestation], attested=copies.image.digest)
    before = other.digest(OWN, "1")
    with FaultProxy(one.url) as proxy:
        if fault == "gone":
            proxy.fail(Answer(404), method="GET", path=attestation.digest, times=9)
        with pytest.raises(RegistryError, match="is none" if fault != "gone" else "There is no"):
            copies.to(other.host, proxy.host)
    assert other.digest(OWN, attestation.digest) is None
    assert other.digest(OWN, "1") == before


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_registry_that_does_not_mount_is_given_the_layer(
    registries: tuple[Registry, Registry], status: int
) -> None:
    copies = Copies(registries[0])
    with FaultProxy(registries[0].url) as proxy:
        proxy.fail(Answer(status), method="POST", path=r"\?mount=")
        assert copies.to(proxy.host, proxy.host).copied == 1
    assert registries[0].digest(OWN, "1") == copies.image.digest


def test_an_upload_that_was_begun_instead_of_a_mount_is_used(registries: tuple[Registry, Registry]) -> None:
    copies = Copies(registries[0])
    with FaultProxy(registries[1].url) as proxy, Http() as http:
        client = Client(http, proxy.host)
        (layer,) = read_pushed_image(Client(http, copies.source.host), CANDIDATES, "1").layers
        mount = client.blobs.mount(OWN, layer.digest, "nowhere/at-all")
        assert not mount.done
        body = StreamedBody(layer.size, [copies.image.blobs[layer.digest]])
        client.blobs.upload(http, OWN, layer.digest, body, mount.upload)
        assert client.blobs.has(OWN, layer.digest)
        assert len(proxy.seen("POST", "/blobs/uploads/")) == 1


def test_what_is_there_is_not_moved_again(registries: tuple[Registry, Registry]) -> None:
    copies = Copies(registries[0])
    copies.to(registries[1].host)
    assert copies.to(registries[1].host) == Moved(there=1)
    assert copies.told[-1].endswith("layers: 1 there already")


@pytest.mark.parametrize(
    "failure",
    [Reset(), Reset(forwarded=True), Answer(500), Answer(401)],
)
def test_an_upload_that_breaks_off_is_begun_anew(
    registries: tuple[Registry, Registry], failure: Failure
) -> None:
    copies = Copies(registries[0])
    with FaultProxy(registries[1].url) as proxy:
        proxy.fail(failure, method="PUT", path="=sha256")
        assert copies.to(proxy.host).copied == 1
    assert copies.waits == [1.0]
    assert registries[1].digest(OWN, "1") == copies.image.digest


def test_a_download_that_breaks_off_is_begun_anew(registries: tuple[Registry, Registry]) -> None:
    copies = Copies(registries[0])
    (layer,) = (digest for digest in copies.image.blobs if digest != copies.image.config_digest)
    with FaultProxy(registries[0].url) as proxy:
        proxy.fail(Truncated(), method="GET", path=layer)
        assert copies.to(registries[1].host, proxy.host).copied == 1
    assert copies.waits == [1.0]


def test_what_cannot_be_copied_is_told_and_named(registries: tuple[Registry, Registry]) -> None:
    copies = Copies(registries[0])
    with FaultProxy(registries[1].url) as proxy:
        proxy.fail(Answer(500), method="PUT", path="/uploads/", times=3)
        with pytest.raises(RegistryError, match=r"could not be copied to .* in 3 attempts.*answered 500"):
            copies.to(proxy.host)
    assert registries[1].digest(OWN, "1") != copies.image.digest


def test_a_layer_of_another_size_than_its_manifest_says_is_refused(
    registries: tuple[Registry, Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = Copies(registries[0])
    with Http() as http:
        source = Client(http, copies.source.host)
        image = read_pushed_image(source, CANDIDATES, "1")
        (layer,) = image.layers
        for size in (layer.size - 1, layer.size + 1):
            body = image.manifest.body.replace(b'"size":%d}]' % layer.size, b'"size":%d}]' % size)
            assert body != image.manifest.body
            other = type(image)(type(image.manifest)(image.manifest.digest, "", body), image.config)
            target = ImagePlace(ImageName("", OWN), Client(http, registries[1].host))
            copy = ImageCopy(
                http, ImagePlace(ImageName("", CANDIDATES), source), target, print, lambda _: None
            )
            with pytest.raises(RegistryError):
                copy.copy(other)


def test_a_large_layer_is_never_held_whole(registries: tuple[Registry, Registry], tmp_path: Path) -> None:
    size, block = 96 << 20, bytes(1 << 20)
    digest = hashlib.sha256(bytes(size)).hexdigest()
    with Http() as http:
        one, two = (Client(http, registry.host) for registry in registries)
        one.blobs.upload(http, "large/x", f"sha256:{digest}", StreamedBody(size, iter([block] * 96)))
        tracemalloc.start()
        with one.blobs.download(http, "large/x", f"sha256:{digest}") as blocks:
            two.blobs.upload(http, "large/x", f"sha256:{digest}", StreamedBody(size, blocks))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert two.blobs.has("large/x", f"sha256:{digest}")
    assert peak < 16 << 20


def test_a_body_that_breaks_off_is_told_as_what_it_is(registries: tuple[Registry, Registry]) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"x"
        raise NoAnswer("GET x", "the answer was cut off")

    digest = f"sha256:{hashlib.sha256(b'xy').hexdigest()}"
    with Http() as http, pytest.raises(NoAnswer, match="cut off"):
        Client(http, registries[0].host).blobs.upload(http, OWN, digest, StreamedBody(2, blocks()))
