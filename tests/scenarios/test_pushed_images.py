"""Images as a real registry has them: read with two requests, labelled and tagged without a layer moving."""

from collections.abc import Iterator

import pytest

from hub_image_actions.errors import RegistryError
from hub_image_actions.http import Http
from hub_image_actions.images.push import ImagePush
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.references import parse_image_name
from hub_image_actions.registry.client import Registry as Client
from testbed.fault_proxy import Answer, FaultProxy
from testbed.registry import Registry
from testbed.seed_image import Format, seed_image

REPOSITORY = "demo/user-image"


@pytest.fixture
def proxy(registry: Registry) -> Iterator[FaultProxy]:
    """A registry with one image, and what sees the requests to it."""
    registry.push(REPOSITORY, "one", seed_image(config={"Labels": {"course": "data100"}}))
    with FaultProxy(registry.url) as running:
        yield running


@pytest.fixture
def http() -> Iterator[Http]:
    """What asks."""
    with Http() as client:
        yield client


def push_of(http: Http, proxy: FaultProxy, warnings: list[str]) -> ImagePush:
    """Return the way of the image into the registry."""
    image = parse_image_name(f"{proxy.host}/{REPOSITORY}")
    return ImagePush(image, Client(http, proxy.host), lambda _: None, warnings.append)


@pytest.mark.parametrize("form", ["oci", "docker"])
def test_an_image_is_read_with_two_requests(
    http: Http, proxy: FaultProxy, registry: Registry, form: Format
) -> None:
    registry.push(REPOSITORY, form, seed_image(config={"Labels": {"course": form}}, form=form))
    image = read_pushed_image(Client(http, proxy.host), REPOSITORY, form)
    assert image.labels == {"course": form}
    assert len(proxy.seen()) == 2


def test_of_an_image_for_several_platforms_the_one_for_hubs_is_read(
    http: Http, proxy: FaultProxy, registry: Registry
) -> None:
    images = [seed_image(architecture="arm64", config={"Labels": {"for": "arm"}}), seed_image()]
    registry.push_index(REPOSITORY, "several", images)
    assert read_pushed_image(Client(http, proxy.host), REPOSITORY, "several").labels.get("for") is None


def test_labels_are_added_and_all_else_stays(http: Http, proxy: FaultProxy, registry: Registry) -> None:
    push = push_of(http, proxy, [])
    before = read_pushed_image(push.registry, REPOSITORY, "one")
    push.tag(push.label(before, "one", {"tests": "3 passed"}), ["two", "three"])
    after = registry.image_config(REPOSITORY, "two")
    assert after["config"].pop("Labels") == {"course": "data100", "tests": "3 passed"}
    was = registry.image_config(REPOSITORY, before.manifest.digest)
    was["config"].pop("Labels")
    assert after == was
    assert registry.digest(REPOSITORY, "one") == registry.digest(REPOSITORY, "three")
    assert (
        registry.manifest(REPOSITORY, "two")["layers"]
        == registry.manifest(REPOSITORY, before.manifest.digest)["layers"]
    )


@pytest.mark.parametrize(("method", "path"), [("PUT", "/blobs/uploads/"), ("PUT", "/manifests/one")])
def test_an_image_whose_labels_are_refused_stays_as_it_is(
    http: Http, proxy: FaultProxy, method: str, path: str
) -> None:
    warnings: list[str] = []
    push = push_of(http, proxy, warnings)
    before = read_pushed_image(push.registry, REPOSITORY, "one")
    proxy.fail(Answer(405), method=method, path=path)
    assert push.label(before, "one", {"tests": "3 passed"}) == before
    (warning,) = warnings
    assert warning.startswith("The image carries no labels that say what is in it.")


def test_a_tag_that_somebody_else_pushed_meanwhile_is_told(
    http: Http, proxy: FaultProxy, registry: Registry
) -> None:
    push = push_of(http, proxy, [])
    image = read_pushed_image(push.registry, REPOSITORY, "one")
    registry.push(REPOSITORY, "two", seed_image(config={"Labels": {"other": "yes"}}))
    proxy.fail(Answer(201), method="PUT", path="/manifests/two")
    with pytest.raises(RegistryError, match="are different images"):
        push.tag(image, ["two"])
