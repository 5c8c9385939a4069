"""The image that hubs are to move to."""

import pytest

from hub_image_actions.bump import bumped_image
from hub_image_actions.bump.bumped_image import BumpedImage
from hub_image_actions.errors import ActionError, RegistryError
from hub_image_actions.references import parse_image_name
from hub_image_actions.registry.calls import Manifest
from hub_image_actions.registry.client import Registry

IMAGE = parse_image_name("quay.io/course/image")
DIGEST = f"sha256:{'a' * 64}"


class OneManifest(Registry):
    """A registry that has one tag."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def manifest(self, repository: str, reference: str) -> Manifest:
        self.asked.append((repository, reference))
        return Manifest(DIGEST, "", b"{}")


@pytest.fixture
def registry() -> OneManifest:
    return OneManifest()


@pytest.fixture
def image(registry: OneManifest) -> BumpedImage:
    return BumpedImage(IMAGE, "2", {"quay.io": registry}.__getitem__)


@pytest.mark.parametrize("given", ["", DIGEST])
def test_the_digest_is_that_of_the_registry(image: BumpedImage, registry: OneManifest, given: str) -> None:
    assert image.check(given) == DIGEST
    assert registry.asked == [("course/image", "2")]


def test_a_tag_that_was_pushed_again_is_refused(image: BumpedImage) -> None:
    with pytest.raises(ActionError, match="pushed again since"):
        image.check(f"sha256:{'b' * 64}")


def test_a_registry_that_does_not_tell_the_contents_costs_a_warning(
    image: BumpedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RegistryError("The registry refuses.", "")

    monkeypatch.setattr(bumped_image, "compared_with", refuse)
    warnings: list[str] = []
    assert image.changed_contents(["1"], warnings.append) == ()
    assert warnings == ["The report does not say which packages changed. The registry refuses."]
