"""Which image is a repository's own."""

import pytest

from hub_image_actions.fleet.status.answers import StatusOwner
from hub_image_actions.references import ImageName

WRITTEN = ImageName("a.org", "user-images/data100")


@pytest.mark.parametrize(
    ("owner", "owns"),
    [
        (StatusOwner("o/anything", WRITTEN), True),
        (StatusOwner("o/anything", ImageName("", "user-images/data100")), True),
        (StatusOwner("o/data100", ImageName("b.org", "user-images/data100")), False),
        (StatusOwner("o/data100", ImageName("a.org", "user-images/data101")), False),
    ],
)
def test_a_variable_decides_which_image_a_repository_owns(owner: StatusOwner, *, owns: bool) -> None:
    assert owner.owns(WRITTEN) is owns


@pytest.mark.parametrize(
    ("name", "owns"),
    [("o/data100", True), ("o/Data100", True), ("data100/image", False), ("o/data100-image", False)],
)
def test_without_a_variable_a_repository_owns_the_image_of_its_name(name: str, *, owns: bool) -> None:
    assert StatusOwner(name).owns(WRITTEN) is owns
