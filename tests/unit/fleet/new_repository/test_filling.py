"""What is written into the template's files for one hub."""

import pytest

from hub_image_actions.fleet.new_repository.filling import filling
from hub_image_actions.references import parse_image_name, parse_reference
from unit.fleet.new_repository.conftest import Sited

BASE = "quay.io/course/base-image:2"


def test_the_names_are_filled_in_wherever_their_marks_stand(site: Sited) -> None:
    files = {
        "README.md": b"# <HUBNAME> of <ORGANISATION>\n",
        "docs/a.md": b"<THIS-REPOSITORY>\n",
        "apt.txt": b"git\n",
    }
    filled = filling(site(), files)
    assert filled.files == {"README.md": b"# data100 of hubs\n", "docs/a.md": b"data100-user-image\n"}
    assert filled.text == "the hub's name in README.md and docs/a.md"
    assert filled.left == ()


def test_files_without_marks_stay(site: Sited) -> None:
    filled = filling(site(), {"apt.txt": b"git\n", "logo.png": b"\xff<HUBNAME>"})
    assert (filled.files, filled.text, filled.left) == ({}, "", ())


def test_a_dockerfile_builds_on_the_image_that_is_wanted(site: Sited) -> None:
    filled = filling(
        site(base=parse_reference(BASE)),
        {"Dockerfile": b"FROM quay.io/course/base-image:1\nLABEL hub=<HUBNAME>\n"},
    )
    assert filled.files == {"Dockerfile": f"FROM {BASE}\nLABEL hub=data100\n".encode()}
    assert filled.text == f"the hub's name in Dockerfile, {BASE} in Dockerfile"


@pytest.mark.parametrize("files", [{}, {"environment.yml": b"name: x\n"}])
def test_without_a_dockerfile_a_person_writes_it(site: Sited, files: dict[str, bytes]) -> None:
    filled = filling(site(base=parse_reference(BASE)), files)
    (step,) = filled.left
    assert step.text.startswith("write the image that this one builds on into a Dockerfile")
    assert BASE in str(step)
    assert filled.files == {}


@pytest.mark.parametrize(
    ("image", "registry"),
    [("p/user-images/x", "us-central1-docker.pkg.dev"), ("ghcr.io/course/x", "ghcr.io")],
)
def test_the_image_is_named_in_the_workflows_for_runs_that_see_no_variables(
    site: Sited, image: str, registry: str
) -> None:
    text = "image: ${{ vars.IMAGE || '%s' }}\nregistry: ${{ vars.REGISTRY || '%s' }}\n"
    path, usual = ".github/workflows/test.yaml", "us-central1-docker.pkg.dev"
    files = {path: (text % ("", usual)).encode(), "a.yaml": (text % ("", usual)).encode()}
    filled = filling(site(), files, parse_image_name(image))
    assert filled.files == {path: (text % (image, registry)).encode()}
    assert filled.text == "the image's name in test.yaml"
    assert filling(site(), files).files == {}
    assert filling(site(), filled.files, parse_image_name("p/other")).files == {}
