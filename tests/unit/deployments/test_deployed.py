"""What a snapshot of the deployments deploys, in every shape, and nothing that only looks like it."""

from datetime import date

import pytest

from hub_image_actions.deployments.deployed import Deployed, Wanted, deployed, hub_of
from hub_image_actions.references import ImageName

DAY = date(2026, 11, 23)
IMAGE = "us-central1-docker.pkg.dev/p/user-images/data100-user-image"
SHA256 = f"sha256:{'0' * 64}"
ANY = Wanted((), DAY)


def found(text: str, wanted: Wanted = ANY, path: str = "deployments/data100/hubploy.yaml") -> list[Deployed]:
    references, problems = deployed({path: text.encode()}, wanted)
    assert problems == ()
    return list(references)


def tags(text: str, wanted: Wanted = ANY) -> list[str]:
    return [one.tag for one in found(text, wanted)]


SHAPES = {
    "a list of names": f"images:\n  images:\n    - name: {IMAGE}:511c4637d702\n",
    "a single name": f"images:\n  image_name: {IMAGE}:511c4637d702\n",
    "name and tag": f"singleuser:\n  image:\n    name: {IMAGE}\n    tag: '511c4637d702'\n",
    "tag before name": f"image:\n  tag: 511c4637d702\n  pullPolicy: Always\n  name: {IMAGE}\n",
    "a profile": f"profileList:\n  - kubespawner_override:\n      image: {IMAGE}:511c4637d702\n",
    "an environment variable": f"env:\n  - name: IMAGE\n    value: {IMAGE}:511c4637d702\n",
    "no YAML": f"{{% if x %}}\nimages:\n  image_name: {IMAGE}:511c4637d702\n",
    "with a digest": f"image: {IMAGE}:511c4637d702@{SHA256}\n",
    "an anchor of two images": (
        f"a: {{name: {IMAGE}, tag: &t 511c4637d702}}\nb: {{name: registry.example.org/other, tag: *t}}\n"
    ),
    "over two lines": f'image: "{IMAGE}:\\\n  511c4637d702"\n',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_reference_is_found(shape: str) -> None:
    (one,) = found(SHAPES[shape])
    assert (one.hub, str(one.image), one.tag) == ("data100", IMAGE, "511c4637d702")


NOTHING = {
    "prose": f"description: The image {IMAGE}:1 is large.\n",
    "a comment": f"# {IMAGE}:1\nimage: {{}}\n",
    "a format string": f"image: '{IMAGE}:{{tag}}'\n",
    "sops": f"image: {IMAGE}:1\nsops:\n  version: 3\n",
    "an encrypted value": f"image: {IMAGE}:1\nkey: ENC[AES256_GCM,data:x]\n",
    "another folder": "image: registry.example.org/p/other-images/x:1\n",
    "an address": f"url: https://{IMAGE}\n",
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_what_deploys_nothing_is_not_found(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "path", ["docs/x.yaml", "deployments/x/README.md", "deployments/x/run.sh", "deployment/x/a.yaml"]
)
def test_only_yaml_below_the_given_folders_counts(path: str) -> None:
    assert found(f"image: {IMAGE}:1\n", path=path) == []


def test_a_pattern_names_the_images_that_count() -> None:
    text = f"a: {IMAGE}:1\nb: registry.example.org/lab/x:2\n"
    assert tags(text, Wanted((), DAY, "*/lab/*")) == ["2"]


def test_an_image_that_is_known_counts_whatever_the_pattern() -> None:
    known = (ImageName("", "lab/x"),)
    text = "a: registry.example.org/lab/x:2\nb: registry.example.org/lab/x-2:3\n"
    assert tags(text, Wanted(known, DAY, "")) == ["2"]


def test_an_image_that_is_known_and_fits_the_pattern_counts_once() -> None:
    known = (ImageName("", "p/user-images/data100-user-image"),)
    assert tags(f"image: {IMAGE}:1\n", Wanted(known, DAY)) == ["1"]


def test_images_whose_names_begin_the_same_are_kept_apart() -> None:
    (short, long) = found(f"a: {IMAGE}:1\nb: {IMAGE}-03-26:2\n")
    assert [(short.image.short, short.tag), (long.image.short, long.tag)] == [
        ("data100-user-image", "1"),
        ("data100-user-image-03-26", "2"),
    ]


def test_untagged_images_on_one_line_are_kept_apart() -> None:
    assert len(found(f"images: [{IMAGE}, {IMAGE}-2]\n")) == 2


@pytest.mark.parametrize(
    ("until", "held"), [("2026-11-23", "held until 2026-11-23: finals"), ("2026-11-22", "")]
)
def test_a_hold_counts_up_to_its_day(until: str, held: str) -> None:
    (one,) = found(f"# image-hold until {until}: finals\nimage: {IMAGE}:1\n")
    assert (one.hold, one.problem) == (held, "")


def test_a_hold_that_is_none_is_the_references_problem() -> None:
    (one,) = found(f"# image-hold til Friday\nimage: {IMAGE}:1\n")
    assert (one.tag, one.hold) == ("1", "")
    assert "deployments/data100/hubploy.yaml:1: 'image-hold til Friday' is not a hold" in one.problem


def test_an_image_without_a_tag_is_told_where_the_hub_has_no_other() -> None:
    assert tags(f"image_name: {IMAGE}\n") == [""]
    assert tags(f"image_name: {IMAGE}\nimage:\n  name: {IMAGE}\n  tag: '1'\n") == ["1"]


def test_a_digest_alone_pins_an_image() -> None:
    (one,) = found(f"image: {IMAGE}@{SHA256}\n")
    assert (one.tag, one.digest) == ("", SHA256)


def test_a_file_that_is_no_utf8_is_told() -> None:
    path = "deployments/x/hubploy.yaml"
    references, problems = deployed({path: f"image: {IMAGE}:1".encode("utf-16")}, ANY)
    assert (references, problems) == ((), (f"{path} is not UTF-8; what it deploys is not known.",))


def test_a_file_of_another_branch_does_not_count() -> None:
    files = {f"deployments/x/config/{name}.yaml": b"image: a.org/user-images/x:1" for name in ("prod", "x")}
    references, _ = deployed(files, Wanted((), DAY, other_branches=("prod",)))
    assert [one.file for one in references] == ["deployments/x/config/x.yaml"]


def test_a_template_of_hubs_is_no_hub() -> None:
    path = "deployments/template/{{cookiecutter.hub_name}}/hubploy.yaml"
    (one,) = found(f"images:\n  image_name: {IMAGE}:PLACEHOLDER\n", path=path)
    assert one.in_template


@pytest.mark.parametrize(
    ("path", "hub"),
    [
        ("deployments/data100/config/common.yaml", "data100"),
        ("clusters/deployments/data100/x.yaml", "data100"),
        ("config/clusters/x/staging.yaml", "x"),
        ("deployments/x.yaml", "deployments"),
        ("x.yaml", ""),
    ],
)
def test_the_hub_is_the_folder_below_deployments(path: str, hub: str) -> None:
    assert hub_of(path) == hub
