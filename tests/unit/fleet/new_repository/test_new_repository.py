"""The parts of making an image repository that need no GitHub: the first reference, and what is shared."""

from collections.abc import Mapping

import pytest

from hub_image_actions.fleet.new_repository.first_reference import first_reference
from hub_image_actions.fleet.new_repository.placeholders import Rebased, filled_in, rebased
from hub_image_actions.fleet.new_repository.settings import needed
from hub_image_actions.github.settings import Hidden, Kind, Visibility
from hub_image_actions.references import parse_image_name, parse_reference

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


APP = {"PRIVATE_KEY_SECRET": "selected", "APP_ID": "selected", "GAR_SECRET_KEY": "selected"}


@pytest.mark.parametrize(
    ("organisation", "expected"),
    [
        (APP, ["share GAR_SECRET_KEY", "share APP_ID", "share PRIVATE_KEY_SECRET"]),
        (
            {**APP, "CLIENT_ID": "all", "DATAHUB_CREATE_PR": "selected"},
            ["share GAR_SECRET_KEY", "seen CLIENT_ID", "share PRIVATE_KEY_SECRET"],
        ),
        (
            {"GAR_SECRET_KEY": "all", "DATAHUB_USER_IMAGE_BRANCH_PUSH": "selected"},
            ["seen GAR_SECRET_KEY", "share DATAHUB_USER_IMAGE_BRANCH_PUSH"],
        ),
        ({"GAR_SECRET_KEY": "private"}, ["private GAR_SECRET_KEY", "missing DATAHUB_CREATE_PR"]),
        ({"PRIVATE_KEY_SECRET": "private"}, ["missing GAR_SECRET_KEY", "private PRIVATE_KEY_SECRET"]),
    ],
)
def test_one_way_to_the_deployments_is_opened_and_the_app_comes_first(
    organisation: Mapping[str, Visibility], expected: list[str]
) -> None:
    def look(kind: Kind, name: str) -> Visibility | None:
        belongs = (kind == "variables") == (name == "CLIENT_ID")
        return organisation.get(name) if belongs else None

    assert [f"{one.way} {one.name}" for one in needed((), (), look, private=False)] == expected


def test_what_a_repository_sees_already_is_not_asked_for() -> None:
    def look(kind: Kind, name: str) -> Visibility | None:
        raise AssertionError(f"asked for {kind} {name}")

    secrets = ("GAR_SECRET_KEY", "PRIVATE_KEY_SECRET", "APP_ID")
    assert {one.way for one in needed(secrets, ("CLIENT_ID",), look, private=False)} == {"seen"}


def test_what_the_token_may_not_look_at_is_said_to_be_hidden() -> None:
    hidden = Hidden("the organisation's secrets", "Organization secrets: write", "no")
    ways = {one.way for one in needed((), (), lambda *_: hidden, private=False)}
    assert ways == {"hidden"}


def test_marks_are_filled_in_and_files_without_one_or_that_are_no_text_are_left() -> None:
    files = {"a": b"# <HUB> of <WHO>\r\n", "b": b"none\n", "c": b"<HUB>\xff"}
    assert filled_in(files, {"<HUB>": "data100", "<WHO>": "us"}) == {"a": b"# data100 of us\r\n"}


BASE = parse_reference("example.org/base:2")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"FROM example.org/old:1\n", b"FROM example.org/base:2\n"),
        (
            b"# from x:1\r\nFROM x:1 AS a\r\nRUN x:1\r\n",
            b"# from x:1\r\nFROM example.org/base:2 AS a\r\nRUN x:1\r\n",
        ),
        (b"FROM x:1\nCOPY --from=y:1 / /\n", b"FROM example.org/base:2\nCOPY --from=y:1 / /\n"),
        (b"FROM x:1 AS a\nFROM a\n", b"FROM example.org/base:2 AS a\nFROM a\n"),
    ],
)
def test_a_dockerfile_gets_another_base_and_nothing_else_changes(before: bytes, after: bytes) -> None:
    assert rebased({"Dockerfile": before}, BASE) == Rebased("Dockerfile", after)


@pytest.mark.parametrize(
    ("files", "obstacle"),
    [
        ({"environment.yml": b""}, "no Dockerfile"),
        ({"Dockerfile": b"FROM a:1\nFROM b:1\n"}, "several images"),
        ({"Dockerfile": b"ARG T=1\nFROM a:$T\n"}, "put together"),
    ],
)
def test_a_base_that_cannot_be_told_is_left_to_a_person(files: Mapping[str, bytes], obstacle: str) -> None:
    found = rebased(files, BASE)
    assert found.content is None
    assert obstacle in found.obstacle


def test_a_dockerfile_that_builds_on_it_already_stays() -> None:
    assert rebased({"Dockerfile": b"FROM example.org/base:2\n"}, BASE) == Rebased("Dockerfile")
