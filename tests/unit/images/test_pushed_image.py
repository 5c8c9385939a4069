"""An image in a registry, as its manifest and its configuration describe it."""

import base64
import hashlib
import json
from dataclasses import replace

import pytest

from fake_build import pushed_image
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.labels import INPUTS, SIZE, TESTS
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.registry.calls import Manifest
from hub_image_actions.registry.client import Registry

MANIFEST = {"layers": [{"size": 1}, {"size": 3}], "config": {"digest": "sha256:0", "size": 9}}
INDEX = [
    {"digest": "sha256:note", "platform": {"os": "unknown", "architecture": "unknown"}},
    {"digest": "sha256:arm", "platform": {"os": "linux", "architecture": "arm64"}},
    {"digest": "sha256:amd", "platform": {"os": "linux", "architecture": "amd64"}},
]


class Fake(Registry):
    """A registry that has one manifest and one configuration."""

    def __init__(self, manifest: object, configuration: object = None) -> None:
        self.host = "registry.example.org"
        self._manifest, self._blob = json.dumps(manifest), json.dumps(configuration)

    def manifest(self, repository: str, reference: str) -> Manifest:
        return Manifest("sha256:0", "", self._manifest.encode())

    def blob(self, repository: str, digest: str) -> bytes:
        return self._blob.encode()


@pytest.mark.parametrize(
    "registry",
    [
        pytest.param(Fake([]), id="a list"),
        pytest.param(Fake({}), id="nothing"),
        pytest.param(Fake({"config": 1}), id="no descriptor"),
        pytest.param(Fake({"config": {"digest": "x", "size": 9 << 20}}), id="too large"),
        pytest.param(Fake({"manifests": []}), id="an empty index"),
        pytest.param(Fake({"manifests": [1]}), id="an index of numbers"),
        pytest.param(Fake(MANIFEST, []), id="no configuration"),
        pytest.param(Fake(MANIFEST, {"config": {"Labels": [1]}}), id="labels are a list"),
        pytest.param(Fake({**MANIFEST, "layers": None}, {}), id="no layers"),
    ],
)
def test_what_is_no_image_is_refused_by_name(registry: Registry) -> None:
    with pytest.raises(RegistryError, match=r"registry\.example\.org/demo/x:tag"):
        read_pushed_image(registry, "demo/x", "tag")


@pytest.mark.parametrize("labels", [None, {}, {"a": 1}])
def test_labels_are_texts(labels: dict[str, object] | None) -> None:
    image = read_pushed_image(Fake(MANIFEST, {"config": {"Labels": labels}}), "demo/x", "tag")
    assert image.labels == ({"a": "1"} if labels else {})


def test_other_labels_make_another_image_with_the_same_layers() -> None:
    image = pushed_image({INPUTS: "1f", TESTS: "of the base", "maintainer": "x"})
    labelled = image.with_labels({SIZE: "3"})
    assert labelled.labels == {INPUTS: "1f", "maintainer": "x", SIZE: "3"}
    body = json.loads(labelled.manifest.body)
    assert body["config"] == {"digest": digest(labelled.config), "size": len(labelled.config)}
    assert body["layers"] == json.loads(image.manifest.body)["layers"]
    assert labelled.manifest.digest == digest(labelled.manifest.body) != image.manifest.digest


def test_what_is_embedded_of_an_old_configuration_goes_with_it() -> None:
    image = pushed_image({INPUTS: "1f"})
    body = json.loads(image.manifest.body)
    body["config"]["data"] = base64.b64encode(image.config).decode()
    embedded = replace(image, manifest=replace(image.manifest, body=json.dumps(body).encode()))
    labelled = embedded.with_labels({SIZE: "3"})
    assert json.loads(labelled.manifest.body)["config"] == {
        "digest": digest(labelled.config),
        "size": len(labelled.config),
    }


def test_of_an_index_the_image_for_hubs_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def manifest(_: Registry, repository: str, reference: str) -> Manifest:
        asked.append(reference)
        body = MANIFEST if reference.startswith("sha256") else {"manifests": INDEX}
        return Manifest(reference, "", json.dumps(body).encode())

    monkeypatch.setattr(Fake, "manifest", manifest)
    read_pushed_image(Fake({}, {}), "demo/x", "tag")
    assert asked == ["tag", "sha256:amd"]


def digest(content: bytes) -> str:
    """Return the digest of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
