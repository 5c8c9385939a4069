"""Base images: how their pull requests are called, and which digest the registry has."""

import pytest

from hub_image_actions.bump.base_images import Wording, branch_of, digest_in_registry
from hub_image_actions.errors import ActionError
from hub_image_actions.images.dockerfiles import BaseTarget
from hub_image_actions.names import InvalidName
from hub_image_actions.references import ImageName, parse_image_name
from hub_image_actions.registry.calls import Manifest

IMAGE = parse_image_name("quay.io/berkeley/base")
DIGEST, OTHER_DIGEST = "sha256:" + "a" * 64, "sha256:" + "b" * 64


class OneTag:
    """A registry with one tag.

    Args:
        repository: the repository that it is in.
    """

    def __init__(self, repository: str) -> None:
        self.repository = repository

    def manifest(self, repository: str, reference: str) -> Manifest:
        """Return the manifest of the tag `v2`."""
        assert (repository, reference) == (self.repository, "v2")
        return Manifest(DIGEST, "application/vnd.oci.image.index.v1+json", b"{}")


def test_a_branch_is_called_after_the_short_name() -> None:
    assert branch_of("base/{image}", IMAGE) == "base/base"


@pytest.mark.parametrize(
    ("template", "problem"),
    [("base-{image}-{tag}", "a pull request for each tag"), ("base {image}", "cannot be a branch")],
)
def test_a_branch_for_each_tag_and_one_that_git_refuses_are_turned_down(template: str, problem: str) -> None:
    with pytest.raises(InvalidName, match=problem):
        branch_of(template, IMAGE)


def test_two_tags_of_an_image_share_branch_and_marker_but_no_title() -> None:
    one, two = (Wording().proposal(BaseTarget(IMAGE, tag), "Text.", {}) for tag in ("v1", "v2"))
    assert (one.branch, one.marker) == (two.branch, two.marker)
    assert (one.title, two.title) == ("Update base image base to v1", "Update base image base to v2")


def test_images_with_one_short_name_have_markers_of_their_own() -> None:
    names = (IMAGE, parse_image_name("quay.io/other/base"))
    one, two = (Wording().proposal(BaseTarget(name, "v1"), "Text.", {}).marker for name in names)
    assert one != two


@pytest.mark.parametrize("digest", ["", DIGEST])
@pytest.mark.parametrize(
    ("image", "repository"),
    [(IMAGE, "berkeley/base"), (parse_image_name("ubuntu"), "library/ubuntu")],
    ids=str,
)
def test_the_digest_is_that_of_the_tag_in_the_registry(
    image: ImageName, repository: str, digest: str
) -> None:
    assert digest_in_registry(OneTag(repository), BaseTarget(image, "v2", digest)) == DIGEST


def test_a_tag_with_another_digest_than_the_given_one_is_an_error() -> None:
    with pytest.raises(ActionError, match=f"base:v2 has the digest {DIGEST}, not {OTHER_DIGEST}"):
        digest_in_registry(OneTag("berkeley/base"), BaseTarget(IMAGE, "v2", OTHER_DIGEST))
