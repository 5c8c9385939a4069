"""A hub's first reference to its image: where it goes, and what is left to a person."""

from collections.abc import Mapping

import pytest

from hub_image_actions.fleet.new_repository.first_reference import first_reference
from hub_image_actions.references import parse_image_name

IMAGE = parse_image_name("example.org/user-images/data100-user-image")
FOLDER = "deployments/data100"
HUBPLOY, HELM = f"{FOLDER}/hubploy.yaml", f"{FOLDER}/config/common.yaml"
ITEM = "- name: example.org/user-images/data100-user-image:PLACEHOLDER"
NAME, TAG = "name: example.org/user-images/data100-user-image", "tag: PLACEHOLDER"

SPLICES = [
    # A list gets one more item, with its own indentation, before what follows.
    (
        HUBPLOY,
        "images:\n  images:\n    # one\n    - name: a/b/other:1\n      path: z\n\nc:\n  x: 1\n",
        f"images:\n  images:\n    # one\n    - name: a/b/other:1\n      path: z\n    {ITEM}\n\nc:\n  x: 1\n",
    ),
    (
        HUBPLOY,
        "images:\n  images:\n  - name: a/b/other:1 # the old one",
        f"images:\n  images:\n  - name: a/b/other:1 # the old one\n  {ITEM}\n",
    ),
    (HUBPLOY, "cluster: {x: 1}\n", f"cluster: {{x: 1}}\nimages:\n  images:\n    {ITEM}\n"),
    (HUBPLOY, "cluster: {x: 1}", f"cluster: {{x: 1}}\nimages:\n  images:\n    {ITEM}\n"),
    (HUBPLOY, "", f"images:\n  images:\n    {ITEM}\n"),
    (
        HUBPLOY,
        "images:\r\n  images:\r\n    - name: a/b/other:1\r\nx: 1\r\n",
        f"images:\r\n  images:\r\n    - name: a/b/other:1\r\n    {ITEM}\r\nx: 1\r\n",
    ),
    (
        HELM,
        "jupyterhub:\n  singleuser:\n    # enough\n    memory: 1G\n",
        f"jupyterhub:\n  singleuser:\n    image:\n      {NAME}\n      {TAG}\n    # enough\n    memory: 1G\n",
    ),
    (
        HELM,
        "jupyterhub:\n  hub: {}\n",
        f"jupyterhub:\n  singleuser:\n    image:\n      {NAME}\n      {TAG}\n  hub: {{}}\n",
    ),
    (HELM, "nfs: {}\n", f"nfs: {{}}\njupyterhub:\n  singleuser:\n    image:\n      {NAME}\n      {TAG}\n"),
]


@pytest.mark.parametrize(("file", "before", "after"), SPLICES)
def test_a_reference_is_spliced_in_and_nothing_else_changes(file: str, before: str, after: str) -> None:
    found = first_reference({file: before.encode()}, FOLDER, IMAGE)
    assert (found.file, found.reason) == (file, "")
    assert found.content == after.encode()


@pytest.mark.parametrize(
    ("file", "before", "reason"),
    [
        (HUBPLOY, "images:\n  image_name: a/b/other:1\n", "another image in `image_name`"),
        (HUBPLOY, "images: {}\n", "not a list with an item on each line"),
        (HUBPLOY, "images:\n  images: [{name: a/b:1}]\n", "not a list with an item on each line"),
        (HUBPLOY, "images:\n  images:\n    - name: [\n", "not YAML"),
        (HUBPLOY, "\xff", "not UTF-8"),
        (HELM, "jupyterhub:\n  singleuser:\n    image: {name: a/b, tag: c}\n", "holds one only"),
        (HELM, "jupyterhub: {singleuser: {memory: 1}}\n", "not written with a key on each line"),
        (HELM, "jupyterhub:\n", "not written with a key on each line"),
    ],
)
def test_what_could_be_meant_in_several_ways_is_left_to_a_person(file: str, before: str, reason: str) -> None:
    found = first_reference({file: before.encode("latin-1")}, FOLDER, IMAGE)
    assert found.content is None
    assert reason in found.reason
    assert "PLACEHOLDER" in found.lines


@pytest.mark.parametrize(
    ("others", "file"),
    [
        ({"deployments/a/hubploy.yaml": b"images:\n"}, HUBPLOY),
        ({"deployments/a/config/common.yaml": b"jupyterhub:\n  singleuser:\n"}, HELM),
        (
            {
                "deployments/a/hubploy.yaml": b"images:\n",
                "deployments/a/config/common.yaml": b"jupyterhub:\n  singleuser:\n",
            },
            HUBPLOY,
        ),
        ({}, HUBPLOY),
    ],
)
def test_a_hub_without_a_file_for_its_image_gets_one_as_the_others_have(
    others: Mapping[str, bytes], file: str
) -> None:
    new = first_reference({**others, f"{FOLDER}/secrets/x.yaml": b"a: 1\n"}, FOLDER, IMAGE)
    assert new.file == file
    assert new.content == new.lines.encode()
    no_folder = first_reference(others, FOLDER, IMAGE)
    assert (no_folder.file, no_folder.content) == (file, None)
    assert no_folder.reason == f"there is no folder {FOLDER} yet"
