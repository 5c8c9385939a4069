"""Where references stand in a text: every shape of deployments, and what only looks like one.

In the tables `IMAGE` stands for the image that is looked for. What is to be found stands between « and ».
"""

import re

import pytest

from hub_image_actions.deployments.documents import sightings
from hub_image_actions.deployments.sightings import Obstacle, Sighting
from hub_image_actions.references import parse_image_name

IMAGE = "us-central1-docker.pkg.dev/p/user-images/data100-user-image"
OLD = "130d6247d491"
DIGEST = "sha256:" + "a" * 64


def seen(text: str, image: str = IMAGE) -> list[Sighting]:
    return sightings(text, parse_image_name(image))[0]


def marked(text: str, found: list[Sighting]) -> str:
    """Return the text with « and » around what was found."""
    for sighting in sorted(found, key=lambda sighting: -sighting.start):
        if not sighting.obstacle:
            inside = text[sighting.start : sighting.end]
            text = f"{text[: sighting.start]}«{inside}»{text[sighting.end :]}"
    return text


SHAPES = {
    "an item of a list of names": ("images list", "images:\n  images:\n    - name: IMAGE:«130d6247d491»\n"),
    "several items of a list": (
        "images list",
        "images:\n- name: IMAGE:«1a»\n- name: other:1a\n- name: IMAGE:«2b»\n",
    ),
    "a list of names alone": ("images list", "images:\n  - IMAGE:«1a»\n  - IMAGE:«2b»\n"),
    "a single name": ("image_name", "images:\n  image_name: IMAGE:«1a»\n"),
    "name and tag": ("name and tag", "singleuser:\n  image:\n    name: IMAGE\n    tag: «1a»\n"),
    "tag before name": ("name and tag", "image:\n  tag: «1a»\n  name: IMAGE\n"),
    "a single-quoted tag": ("name and tag", "image:\n  name: IMAGE\n  tag: '«1a»'\n"),
    "a double-quoted tag": ("name and tag", 'image:\n  name: "IMAGE"\n  tag: "«1a»" # why\n'),
    "keys and comments between": (
        "name and tag",
        "image:\n  name: IMAGE # name: x\n  # tag: 0\n  pullPolicy: Always\n\n  tag: «1a» # tag: 0\n",
    ),
    "repository and tag": ("name and tag", "image:\n  repository: IMAGE\n  tag: «1a»\n"),
    "repository beside a name of its own": (
        "name and tag",
        "image: {name: hub, repository: IMAGE, tag: «1a»}\n",
    ),
    "a tag in flow style": ("name and tag", "image: {name: IMAGE, tag: «1a»}\n"),
    "a tag in braces over lines": ("name and tag", "image: {\n  name: 'IMAGE',\n  tag: '«1a»',\n}\n"),
    "a tag with an anchor": ("name and tag", "image:\n  name: IMAGE\n  tag: &1a «1a»\n"),
    "a tag with a YAML tag": ("name and tag", "image:\n  name: IMAGE\n  tag: !!str «1a»\n"),
    "a tag that lies elsewhere": ("name and tag", "x-tag: &t «1a»\nimage:\n  name: IMAGE\n  tag: *t\n"),
    "a tag that is merged in": ("name and tag", "x: &x\n  tag: «1a»\nimage:\n  <<: *x\n  name: IMAGE\n"),
    "a tag merged from a list": ("name and tag", "x: &x {tag: «1a»}\nimage: {<<: [*x], name: IMAGE}\n"),
    "a tag beside a merged one": (
        "name and tag",
        "x: &x {name: IMAGE, tag: «1a»}\nimage:\n  <<: *x\n  tag: «2b»\n",
    ),
    "a tag in a block": ("name and tag", "image:\n  name: IMAGE\n  tag: >- # 1a\n    «1a»\n"),
    "a digest in the tag": ("name and tag", f"image:\n  name: IMAGE\n  tag: «1a@{DIGEST}»\n"),
    "an aliased mapping": ("name and tag", "a: &a\n  name: IMAGE\n  tag: «1a»\nb: *a\n"),
    "a registry in a key of its own": (
        "name and tag",
        """image:
  registry: us-central1-docker.pkg.dev
  # x
  pullPolicy: x
  repository: p/user-images/data100-user-image
  tag: «1a»
""",
    ),
    "a registry behind the tag": (
        "name and tag",
        "image: {tag: «1a», name: p/user-images/data100-user-image, registry: us-central1-docker.pkg.dev}\n",
    ),
    "a registry that is null": ("name and tag", "a:\n  registry: ~\n  repository: IMAGE\n  tag: «1a»\n"),
    "a name that is null": ("name and tag", "{newName: null, name: IMAGE, image: , newTag: «1a»}\n"),
    "a name in three parts": (
        "name and tag",
        """image:
  registry: us-central1-docker.pkg.dev
  repository: p/user-images
  name: data100-user-image
  tag: '«1a»'
""",
    ),
    "image and tag": ("name and tag", "web:\n  image: IMAGE\n  tag: «1a»\n"),
    "a list of Kustomize": (
        "images list",
        "images:\n- name: x\n  newName: IMAGE\n  newTag: «1a»\n- name: IMAGE\n  newTag: «2b»\n",
    ),
    "a scheme in front": (
        "scalar",
        "a: docker://IMAGE:«1a»\nb: 'docker-image://IMAGE:«2b»'\nc: oras://IMAGE:«3c»\n",
    ),
    "a key that comes twice": ("name and tag", "{name: IMAGE, tag: «1a», name: IMAGE-2, tag: 2b}\n"),
    "a profile override": (
        "profile override",
        "profileList:\n  - display_name: Large\n    kubespawner_override:\n      image: IMAGE:«1a»\n",
    ),
    "a profile choice": (
        "profile choice",
        "profile_options:\n  image:\n    choices:\n      a: {kubespawner_override: {image: 'IMAGE:«1a»'}}\n",
    ),
    "an extra container": ("extra container", "extraContainers:\n  - name: web\n    image: IMAGE:«1a»\n"),
    "an init container": ("init container", "initContainers:\n  - name: chown\n    image: IMAGE:«1a»\n"),
    "a pre-puller image": (
        "pre-puller image",
        "prePuller:\n  extraImages:\n    a:\n      name: IMAGE\n      tag: «1a»\n",
    ),
    "a variable by key": ("environment variable", "extraEnv:\n  NOTEBOOK_IMAGE: IMAGE:«1a»\n"),
    "a variable by name": (
        "environment variable",
        "extraEnv:\n  - name: NOTEBOOK_IMAGE\n    value: IMAGE:«1a»\n",
    ),
    "a display name": ("display name", "profileList:\n  - display_name: IMAGE:«1a»\n"),
    "any other scalar": ("scalar", "image: IMAGE:«1a»\n"),
    "a quoted scalar": ("scalar", "image: 'IMAGE:«1a»'\n"),
    "a scalar on the next line": ("scalar", "image:\n  IMAGE:«1a»\n"),
    "a literal block": ("scalar", "image: |\n  IMAGE:«1a»\n"),
    "a folded block": ("scalar", "image: >2- # IMAGE:0\n    IMAGE:«1a»\n"),
    "an anchored scalar": ("scalar", "a: &1a IMAGE:«1a»\nb: *1a\n"),
    "a scalar of a type": ("scalar", "a: !image IMAGE:«1a»\n"),
    "a digest behind the tag": ("scalar", f"image: IMAGE:«1a@{DIGEST}»\n"),
    "a value of a complex key": ("scalar", "? [a, b]\n: IMAGE:«1a»\n"),
    "a placeholder": ("image_name", "image_name: IMAGE:«PLACEHOLDER»\n"),
    "JSON": ("name and tag", '{"image": {"name": "IMAGE", "tag": "«1a»"}}'),
    "JSON with tabs": ("scalar", '{\n\t"image":\t"IMAGE:«1a»"\n}\n'),
    "CRLF": ("name and tag", "image:\r\n  name: IMAGE\r\n  tag: «1a»\r\n"),
    "CR": ("name and tag", "image:\r  name: IMAGE\r  tag: «1a»\r"),
    "a byte order mark": ("image_name", "\ufeffimage_name: IMAGE:«1a»\n"),
    "no line end": ("image_name", "image_name: IMAGE:«1a»"),
    "wide characters before": ("image_name", "# é 漢 🎉\nx: '🎉'\nimage_name: IMAGE:«1a» # 🎉\n"),
    "two documents": ("image_name", "---\nimage_name: IMAGE:«1a»\n...\n---\nimage_name: IMAGE:«2b»\n"),
    "directives": ("image_name", "%YAML 1.1\n%TAG !e! tag:example.org,2000:\n---\nimage_name: IMAGE:«1a»\n"),
    "a duplicate key": ("image_name", "image_name: IMAGE:«1a»\nimage_name: IMAGE:«2b»\n"),
    "an encrypted neighbour of another kind": ("image_name", "a: !vault |\n  61\nimage_name: IMAGE:«1a»\n"),
    "a map that contains itself": ("scalar", "a: &a [*a, IMAGE:«1a»]\n"),
    "a map that is merged into itself": ("name and tag", "a: &a\n  <<: *a\n  name: IMAGE\n  tag: «1a»\n"),
    "a template that is YAML": (
        "images list",
        "hub: '{{ cookiecutter.hub }}'\nimages:\n- name: IMAGE:«PLACEHOLDER»\n",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_reference_is_found(shape: str) -> None:
    text = SHAPES[shape][1].replace("IMAGE", IMAGE)
    plain = re.sub("[«»]", "", text)
    assert marked(plain, seen(plain)) == text


@pytest.mark.parametrize("shape", SHAPES)
def test_a_reference_has_the_name_of_its_shape(shape: str) -> None:
    name, text = SHAPES[shape]
    found = seen(re.sub("[«»]", "", text).replace("IMAGE", IMAGE))
    assert {sighting.shape for sighting in found} == {name}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_with_a_reference_is_yaml(shape: str) -> None:
    text = re.sub("[«»]", "", SHAPES[shape][1]).replace("IMAGE", IMAGE)
    assert sightings(text, parse_image_name(IMAGE))[1]


OBSTACLES = {
    Obstacle.UNTAGGED: [
        "image:\n  registry: us-central1-docker.pkg.dev\n  repository: p/user-images/data100-user-image\n",
        "image: IMAGE\n",
        "image: {name: IMAGE}\n",
        "image:\n  name: IMAGE\n  tag:\n",
        "image:\n  name: IMAGE\n  tag: null\n",
        "image:\n  name: IMAGE\n  tag: ''\n",
        "image:\n  name: IMAGE\n  tag: not a tag\n",
        "image:\n  name: IMAGE\n  tag: [1a]\n",
    ],
    Obstacle.DIGEST_ONLY: [
        f"image: {{name: IMAGE, tag: '', digest: '{DIGEST}'}}\n",
        f"image: {{name: IMAGE, tag: null, digest: '{DIGEST}'}}\n",
        f"image: IMAGE@{DIGEST}\n",
        f"image: {{name: IMAGE, digest: '{DIGEST}'}}\n",
        f"image: docker://IMAGE@{DIGEST}\n",
    ],
    Obstacle.FORMAT_STRING: [
        "image: 'IMAGE:{value}'\n",
        "image: IMAGE:$TAG\n",
        "image: IMAGE:%(tag)s\n",
        "image:\n  name: IMAGE\n  tag: '{{ tag }}'\n",
        "image:\n  name: IMAGE\n  tag: ${TAG}\n",
    ],
    Obstacle.PART_OF_A_TEXT: [
        "description: runs IMAGE:1a since Friday\n",
        "description: see IMAGE, please\n",
        "description: |\n  IMAGE:1a\n  IMAGE:2b\n",
        "image: IMAGE:-1\n",
        "images: 'IMAGE:1a,IMAGE:2b'\n",
    ],
    Obstacle.ENCRYPTED: [
        "image: IMAGE:1a\nsops:\n  mac: x\n",
        "image: IMAGE:1a\n---\nsops:\n  mac: x\n",
        "image: IMAGE:1a\ntoken: ENC[AES256_GCM,data:eA==,type:str]\n",
        '{"image": "IMAGE:1a", "sops": {"mac": "x"}}',
        "{% raw %}\nimage: IMAGE:1a\ntoken: ENC[AES256_GCM,data:eA==,type:str]\n",
    ],
    Obstacle.SHARED_TAG: [
        "a: {name: IMAGE, tag: &t 1a}\nb: {name: other, tag: *t}\n",
        "x: &t 1a\nb: {name: other, tag: *t}\na: {name: IMAGE, tag: *t}\n",
        "a: &a {name: other, tag: 1a}\nb:\n  <<: *a\n  name: IMAGE\n",
        "a: &a {name: IMAGE, tag: 1a}\nb:\n  <<: *a\n  name: IMAGE-2\n",
    ],
    Obstacle.SUFFIX: [
        "image: {name: IMAGE, tag: 1a, tagSuffix: -cuda}\n",
        "web: {image: 'IMAGE:1a', tagSuffix: -cuda}\n",
    ],
    Obstacle.SEVERAL_NAMES: ["image: {name: IMAGE, repository: quay.io/x/y, tag: 1a}\n"],
    Obstacle.OTHER_DIGEST: [
        f"image: {{name: IMAGE, tag: 1a, digest: 'sha512:{'a' * 128}'}}\n",
        "image: {name: IMAGE, tag: 1a, digest: '{{ digest }}'}\n",
        f"web: {{image: 'IMAGE:1a', digest: 'sha512:{'a' * 128}'}}\n",
    ],
    Obstacle.SPELLED_OUT: [
        'image: "IMAGE\\x3a1a"\n',
        'image: "IMAGE:\\\n  1a"\n',
        'a: {name: IMAGE, tag: "1\\x61"}\n',
    ],
}


@pytest.mark.parametrize(
    ("obstacle", "text"), [(kind, text) for kind, texts in OBSTACLES.items() for text in texts]
)
def test_a_reference_that_cannot_move_is_seen_with_its_obstacle(obstacle: Obstacle, text: str) -> None:
    assert [sighting.obstacle for sighting in seen(text.replace("IMAGE", IMAGE))] == [obstacle]


DECOYS = [
    "image: {}\n",
    "image: '{value}'\n",
    "image: IMAGE-03-26:1a\n",
    "image: IMAGE_2:1a\n",
    "image: IMAGE.old:1a\n",
    "image: IMAGE/sub:1a\n",
    "image: mirror.example.org/IMAGE:1a\n",
    "image: mirror/IMAGE:1a\n",
    "image: p/user-images/data100-user-image:1a\n",
    "image: quay.io/p/user-images/data100-user-image:1a\n",
    "image: data100-user-image:1a\n",
    "image: {name: IMAGE-2, tag: 1a}\n",
    "image: {name: p/user-images/data100-user-image, tag: 1a}\n",
    "# IMAGE:1a\n",
    "postgres:\n  tag: 1a # of IMAGE:1a\n",
    "see: IMAGE-2, and not.IMAGE:1a\n",
    "see: https://IMAGE is a page\n",
    "a: xdocker://IMAGE:1a\n",
    "image: {registry: quay.io, repository: IMAGE, tag: 1a}\n",
    "image: {registry: quay.io, repository: p/user-images/data100-user-image, tag: 1a}\n",
    "images: [{name: IMAGE, newName: quay.io/x/y, newTag: 1a}]\n",
]


@pytest.mark.parametrize("text", DECOYS)
def test_what_only_looks_like_the_image_is_not_seen(text: str) -> None:
    assert seen(text.replace("IMAGE", IMAGE)) == []


def test_a_name_without_a_host_is_found_on_any_registry() -> None:
    text = "a: p/hub:«1»\nb: quay.io/p/hub:«2»\nc: x/p/hub:3\nd: p/hub-2:4\n"
    plain = re.sub("[«»]", "", text)
    assert marked(plain, seen(plain, "p/hub")) == text


@pytest.mark.parametrize("image", ["docker.io/ubuntu", "docker.io/library/ubuntu"])
def test_an_official_image_of_docker_hub_is_found_by_all_its_names(image: str) -> None:
    names = ["ubuntu:«1»", "docker.io/ubuntu:«2»", "library/ubuntu:«3»", "index.docker.io/library/ubuntu:«4»"]
    text = "".join(f"- {name}\n" for name in [*names, "x/ubuntu:5"])
    plain = re.sub("[«»]", "", text)
    assert marked(plain, seen(plain, image)) == text


def test_an_official_image_is_found_within_a_text_by_all_its_names() -> None:
    text = "a: [use ubuntu now, use docker.io/library/ubuntu now, use x/ubuntu now]\n"
    assert [sighting.image for sighting in seen(text, "docker.io/ubuntu")] == [
        "ubuntu",
        "docker.io/library/ubuntu",
    ]


def test_a_reference_knows_its_tag_and_digest() -> None:
    (sighting,) = seen(f"a: {IMAGE}:{OLD}@{DIGEST}\n")
    assert (sighting.image, sighting.tag, sighting.digest) == (IMAGE, OLD, DIGEST)


def test_the_line_of_a_reference_is_that_of_its_tag() -> None:
    (sighting,) = seen(f"image:\n  name: {IMAGE}\n  # comment\n  tag: {OLD}\n")
    assert sighting.line == 4


OWN_LINES = {
    "x: &x\n  name: IMAGE\n  tag: 1a\na: *x\n\nb: *x\n": {1, 2, 3, 4, 6},
    "x: &x IMAGE:1a\na:\n  - *x\n": {1, 3},
    f"image:\n  name: IMAGE\n  tag: 1a\n\n  digest: {DIGEST}\n": {1, 2, 3, 5},
    "image:\n  name: IMAGE\n  pullPolicy: x\n  tag: 1a\n": {1, 2, 4},
    "images:\n  - pullPolicy: x\n    name: IMAGE\n    tag: 1a\n": {2, 3, 4},
    "image: >-\n  IMAGE:1a\n": {1, 2},
    "images:\n  - IMAGE:1a\n": {2},
    "x: &t 1a\na:\n  name: IMAGE\n  tag: *t\nb:\n  name: IMAGE\n  tag: *t\n": {1, 2, 3, 5, 6},
}


@pytest.mark.parametrize("text", OWN_LINES)
def test_the_lines_of_a_reference_are_those_a_hold_may_stand_on(text: str) -> None:
    (sighting,) = seen(text.replace("IMAGE", IMAGE))
    assert set(sighting.own_lines) == OWN_LINES[text]


def test_a_profile_is_named_by_all_that_people_choose() -> None:
    text = f"""
profileList:
  - display_name: R and Python
    profile_options:
      image:
        display_name: Image
        choices:
          new:
            display_name: Next term
            kubespawner_override:
              image: {IMAGE}:{OLD}
"""
    assert [sighting.profile for sighting in seen(text)] == ["R and Python / Image / Next term"]


TEMPLATES = [
    "{% if x %}\nimage: {name: IMAGE, tag: «1a»}\n{% else %}\nimage: {name: IMAGE-2, tag: 1a}\n{% endif %}\n",
    "image:\n{% if x %}\n  name: IMAGE\n  tag: «1a»\n{% else %}\n  name: x\n  tag: 1a\n{% endif %}\n",
    "image:\n  name: IMAGE\n{% if x %}\n  tag: «1a»\n{% else %}\n  tag: «2b»\n{% endif %}\n",
    "image:\n{% if x %}\n  tag: «1a»\n{% else %}\n  tag: «2b»\n{% endif %}\n  name: IMAGE\n",
    "{{- if .x }}\nimage:\n  name: IMAGE\n  {{- if .y }}\n  a: {{.}}z\n  {{- end }}\n  tag: «1a»\n{{end}}\n",
    "{{ hub }}-x:\n  image: {repository: IMAGE, tag: '«1a»'}\n",
    '{ // why\n  "image": {"name": "IMAGE", /* x */ "tag": "«1a»"}, // IMAGE\n}\n',
    "{% if hub %}\nimages:\n  - name: IMAGE:«1a»\n{% endif %}\n",
    "{% if hub %}\n- IMAGE:«1a»\r\n- 'IMAGE:«2b»' # 3c\r\n",
    'a: {{ b }}c\nimage: "IMAGE:«1a»"\n',
    "a: {{ b }}c\nimages: [IMAGE:«1a», 'IMAGE:«2b»']\n",
    "\tIMAGE=IMAGE:«1a»\n",
    f"\timage: IMAGE:«1a@{DIGEST}»\n",
    "\timage: IMAGE:«1a»{% endif %}\n",
    "\timage: IMAGE-2:1a\n\timage: IMAGE:«1a»\n",
    "a: *undefined\nimage: IMAGE:«1a»",
    "a: \x01\nimage: IMAGE:«1a»\n",
    "a: '🎉\nimage: IMAGE:«1a»\n",
    "%YAML 1.10\n---\nimage: IMAGE:«1a»\n",
    "%YAML 2.0\n---\nimage: IMAGE:«1a»\n",
    'a: "\\UFFFFFFFF"\nimage: IMAGE:«1a»\n',
    "a: " + "[" * 400 + "\nimage: IMAGE:«1a»\n",
]


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_whole_value_is_found_in_a_text_that_is_no_yaml(text: str) -> None:
    text = text.replace("IMAGE=", "NAME=").replace("IMAGE", IMAGE)
    plain = re.sub("[«»]", "", text)
    found, parsed = sightings(plain, parse_image_name(IMAGE))
    assert not parsed
    assert marked(plain, found) == text


@pytest.mark.parametrize(
    ("line", "obstacle"),
    [
        ("image: IMAGE", Obstacle.UNTAGGED),
        ("image: IMAGE:{{ tag }}", Obstacle.FORMAT_STRING),
        ("image: IMAGE:1a{{ more }}", Obstacle.FORMAT_STRING),
        ("image: {{ registry }}/p/user-images/data100-user-image:1a", Obstacle.FORMAT_STRING),
        ("image: '${REGISTRY}/p/user-images/data100-user-image:1a'", Obstacle.FORMAT_STRING),
        ("text: use IMAGE:1a today", Obstacle.PART_OF_A_TEXT),
        ("text: first IMAGE:1a, then another", Obstacle.PART_OF_A_TEXT),
        ("text: first, IMAGE:2b", Obstacle.PART_OF_A_TEXT),
        ("# image: IMAGE:1a", Obstacle.PART_OF_A_TEXT),
        ("image: {{ default('IMAGE:1a') }}", Obstacle.PART_OF_A_TEXT),
    ],
)
def test_a_reference_that_cannot_move_in_a_template_is_seen_with_its_obstacle(
    line: str, obstacle: Obstacle
) -> None:
    found = seen("{% if x %}\n" + line.replace("IMAGE", IMAGE) + "\n")
    assert [(sighting.line, sighting.obstacle) for sighting in found] == [(2, obstacle)]


QUOTED = [
    "123456789012", "12e456789012", "1e3", "1_000", "0x1f", "0o17", "0b1", "017", "1.", "1.50", "12.20",
    "1_0e1_0",    "2026-11-23", "20261123", "null", "true", "False", "yes", "No", "on", "OFF", "y", "N",
]  # fmt: skip
PLAIN = [
    "511c4637d702",
    "1.2.3",
    "2026.11.23",
    "v1",
    "latest",
    "e12",
    "_1",
    "1-2",
    "12e",
    "0xg",
    "2026-11-23a",
]


@pytest.mark.parametrize("tag", QUOTED)
def test_a_tag_that_reads_as_something_else_is_quoted_where_it_stands_alone(tag: str) -> None:
    (sighting,) = seen(f"image:\n  name: {IMAGE}\n  tag: {OLD}\n")
    assert sighting.spelling(tag, "") == f'"{tag}"'


@pytest.mark.parametrize("tag", PLAIN)
def test_a_tag_that_reads_as_text_stays_plain(tag: str) -> None:
    (sighting,) = seen(f"image:\n  name: {IMAGE}\n  tag: {OLD}\n")
    assert sighting.spelling(tag, "") == tag


@pytest.mark.parametrize("tag", QUOTED)
@pytest.mark.parametrize(
    "text",
    ["image: {name: IMAGE, tag: '1a'}", "image: IMAGE:1a", "image:\n  name: IMAGE\n  tag: |-\n    1a\n"],
)
def test_a_tag_that_does_not_stand_alone_is_not_quoted(text: str, tag: str) -> None:
    (sighting,) = seen(text.replace("IMAGE", IMAGE))
    assert sighting.spelling(tag, "") == tag


@pytest.mark.parametrize(
    ("old", "new", "spelling"),
    [
        ("12.1", "12.2", "12.2"),
        ("12", "13", "13"),
        ("12.1", "12.20", '"12.20"'),
        ("12.1", "1234567", '"1234567"'),
        ("12.1", "0.1234567890123", '"0.1234567890123"'),
        ("12.10", "12.2", '"12.2"'),
        (OLD, "12.2", '"12.2"'),
    ],
)
def test_a_plain_number_stays_plain_where_it_survives(old: str, new: str, spelling: str) -> None:
    (sighting,) = seen(f"image:\n  name: {IMAGE}\n  tag: {old}\n")
    assert sighting.spelling(new, "") == spelling


def test_a_digest_makes_any_tag_a_text() -> None:
    (sighting,) = seen(f"image:\n  name: {IMAGE}\n  tag: {OLD}\n")
    assert sighting.spelling("12", DIGEST) == f"12@{DIGEST}"
