"""An index of one image and what its builder attests of it is that image."""

import json
from typing import Any

import pytest

from fake_build import FakeRegistry, attest, keep, pushed_image, read
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.attested_index import Blob, attestation_blobs
from hub_image_actions.images.labels import REVISION, SIZE
from hub_image_actions.images.renewed_labels import RenewedLabels
from hub_image_actions.registry.calls import Manifest

IMAGE = pushed_image({REVISION: "c1"})
DIGEST = f"sha256:{'1' * 64}"
STATEMENT = {"mediaType": "application/vnd.in-toto+json", "digest": DIGEST, "size": 3}


def attestation(of: str = IMAGE.digest, digest: str = DIGEST) -> dict[str, Any]:
    """Return how an index lists an attestation."""
    return {
        "digest": digest,
        "size": 5,
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": of,
        },
        "platform": {"os": "unknown", "architecture": "unknown"},
    }


def listed(digest: str = IMAGE.digest) -> dict[str, Any]:
    """Return how an index lists an image."""
    return {"digest": digest, "size": 7, "platform": {"os": "linux", "architecture": "amd64"}}


def test_the_image_is_read_and_its_tags_name_the_index() -> None:
    registry = FakeRegistry()
    index = attest(registry, "1", IMAGE, [listed(), attestation()])
    image = read(registry, "1")
    assert (image.manifest, image.config, image.of_several) == (IMAGE.manifest, IMAGE.config, False)
    assert (image.named, image.digest, image.attestations) == (index, index.digest, (DIGEST,))


@pytest.mark.parametrize(
    "entries",
    [
        [listed()],
        [listed(), listed(f"sha256:{'2' * 64}"), attestation()],
        [listed(), attestation(of=f"sha256:{'2' * 64}")],
        [listed(), attestation(), attestation(of=f"sha256:{'2' * 64}")],
        [listed(), attestation(), attestation()],
        [listed(), attestation(digest=IMAGE.digest)],
        [listed(), attestation(digest="sha256:../x")],
        [listed(), *(attestation(digest=f"sha256:{number:064}") for number in range(9))],
        [listed(), {**attestation(), "annotations": ["x"]}],
        [listed(), {**attestation(), "annotations": None}],
    ],
)
def test_any_other_index_is_one_of_several_images(entries: list[dict[str, Any]]) -> None:
    registry = FakeRegistry()
    attest(registry, "1", IMAGE, entries)
    image = read(registry, "1")
    assert image.of_several
    assert image.named == image.manifest == IMAGE.manifest


@pytest.mark.parametrize(
    "entries", [[attestation()], [attestation(of=DIGEST)], [1], ["x"], [{}], {"a": 1}, "x"]
)
def test_an_index_without_an_image_is_none(entries: list[dict[str, Any]]) -> None:
    registry = FakeRegistry()
    attest(registry, "1", IMAGE, entries)
    with pytest.raises(RegistryError, match="is no container image"):
        read(registry, "1")


@pytest.mark.parametrize("renewed", [True, False])
def test_labels_change_and_the_attestations_are_of_the_image_that_is_then(renewed: bool) -> None:
    registry = FakeRegistry()
    annotated = {**listed(), "annotations": {REVISION: "c1", "x": "y"}}
    # A descriptor may hold what it describes: of the old image, nothing may stay.
    embedded = {**annotated, "data": "b2xk"}
    attest(registry, "1", IMAGE, [embedded, attestation()], annotations={REVISION: "c1"}, subject="x")
    before = read(registry, "1")
    labels = RenewedLabels({REVISION: "c2"}, frozenset({REVISION}))
    after = before.renewed(labels) if renewed else before.with_labels({SIZE: "3"})
    content = json.loads(after.named.body)
    revision = "c2" if renewed else "c1"
    assert content["annotations"] == {REVISION: revision}
    assert content["subject"] == "x"
    assert content["manifests"] == [
        {
            **annotated,
            "digest": after.manifest.digest,
            "size": len(after.manifest.body),
            "annotations": {REVISION: revision, "x": "y"},
        },
        attestation(of=after.manifest.digest),
    ]
    assert after.digest not in {before.digest, after.manifest.digest}
    assert after.attestations == (DIGEST,)
    keep(registry, "2", after)
    assert read(registry, "2") == after


def test_an_attestation_has_statements_and_a_configuration() -> None:
    config = {"digest": f"sha256:{'2' * 64}", "size": 2}
    blobs = attestation_blobs(described({"config": config, "layers": [STATEMENT, STATEMENT]}))
    assert blobs == (Blob(f"sha256:{'2' * 64}", 2), Blob(DIGEST, 3))


@pytest.mark.parametrize(
    "content",
    [
        {
            "config": STATEMENT,
            "layers": [{**STATEMENT, "mediaType": "application/vnd.oci.image.layer.v1.tar"}],
        },
        {"config": STATEMENT, "layers": [{**STATEMENT, "digest": "x"}]},
        {"config": STATEMENT, "layers": [{**STATEMENT, "size": -1}]},
        {"config": STATEMENT, "layers": 1},
        {"config": [], "layers": []},
        {"layers": []},
        [],
    ],
)
def test_what_only_says_that_it_is_an_attestation_is_not_taken(content: object) -> None:
    with pytest.raises(RegistryError, match="is listed as an attestation, and is none"):
        attestation_blobs(described(content))


def described(content: object) -> Manifest:
    """Return a manifest."""
    return Manifest(DIGEST, "", json.dumps(content).encode())
