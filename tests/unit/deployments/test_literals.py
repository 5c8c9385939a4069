"""References in programs and settings: whole texts in quotes move, all else is told."""

import re

import pytest

from hub_image_actions.deployments.literals import literal_sightings
from hub_image_actions.deployments.sightings import Obstacle
from hub_image_actions.references import parse_image_name

IMAGE = "quay.io/demo/stats-image"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("Python", 'c.KubeSpawner.image = "IMAGE:«1a»"\n'),
        ("Python", "c.KubeSpawner.image = 'IMAGE:«1a»'  # IMAGE:1\n"),
        ("Python", 'x = r"IMAGE:«1a»"; y = "docker://IMAGE:«2b»"\n'),
        ("Python", "x = ['IMAGE:«1a»', \"it's\", 'IMAGE:«2b»']\n"),
        ("TOML", '[image]\nref = "IMAGE:«1a»" # IMAGE:1\n'),
        ("Terraform", 'image = "IMAGE:«1a»" // IMAGE:1\n/* "IMAGE:1" */\n'),
        ("shell", 'export IMAGE_REF="IMAGE:«1a»"\nOTHER=IMAGE:«2b»\n# X=IMAGE:1\n'),
        ("shell", "A='IMAGE:«1a»'; B=IMAGE:«2b»\n"),
        ("Python", f'x = "IMAGE:«1a@sha256:{"a" * 64}»"\n'),
        ("Python", 'x = "IMAGE:«1a»"\n"a text of its own"\n'),
        ("Python", 'x = {"a": "IMAGE:«1a»", "b": ["IMAGE:«2b»",  # "c"\n "IMAGE:«3c»"]}\n'),
        ("Python", 'x = [\n    # a "word"\n    "IMAGE:«1a»",\n]\n'),
        ("shell", 'skopeo copy docker://"IMAGE:«1a»" x && docker run "IMAGE:«2b»" \\\n bash\n'),
        ("shell", 'cat <<END\n{"image":"IMAGE:«1a»","all":["IMAGE:«2b»"]}\nEND\n'),
        ("TOML", f'[a]\nimage = "IMAGE:«1a»"\n[b]\ndigest = "sha256:{"a" * 64}"\n'),
        ("Terraform", f'a = "IMAGE:«1a»"\nb = {{image = "x", digest = "{"a" * 64}"}}\n'),
        ("Python", f'x = "IMAGE:«1a»"\nu = dict(digest="sha256:{"a" * 64}")\n'),
        ("Python", f'x = "IMAGE:«1a»"\n\ndigest = "sha256:{"a" * 64}"\n'),
    ],
)
def test_a_whole_text_moves(language: str, text: str) -> None:
    text = text.replace("IMAGE_REF", "REF").replace("IMAGE", IMAGE)
    plain = re.sub("[«»]", "", text)
    for sighting in reversed(literal_sightings(plain, parse_image_name(IMAGE), language)):
        if not sighting.obstacle:
            inside = plain[sighting.start : sighting.end]
            plain = f"{plain[: sighting.start]}«{inside}»{plain[sighting.end :]}"
    assert plain == text


@pytest.mark.parametrize(
    ("language", "text", "obstacle"),
    [
        ("Python", 'x = "IMAGE"\n', Obstacle.TAG_ELSEWHERE),
        ("Python", f'x = "IMAGE@sha256:{"a" * 64}"\n', Obstacle.DIGEST_ONLY),
        ("Python", 'x = f"IMAGE:{tag}"\n', Obstacle.FORMAT_STRING),
        ("Python", 'x = "use IMAGE:1a now"\n', Obstacle.PART_OF_A_TEXT),
        ("Python", "# IMAGE:1a\n", Obstacle.PART_OF_A_TEXT),
        ("Python", 'x = """IMAGE:1a"""\n', Obstacle.PART_OF_A_TEXT),
        ("Terraform", 'image = "IMAGE:${var.tag}"\n', Obstacle.FORMAT_STRING),
        ("shell", "docker pull IMAGE:1a\n", Obstacle.PART_OF_A_TEXT),
        ("shell", 'X="IMAGE:$TAG"\n', Obstacle.FORMAT_STRING),
        ("shell", 'X="${X:-IMAGE:1a}"\n', Obstacle.PART_OF_A_TEXT),
        ("shell", 'Y="${HOST}/demo/stats-image:1a"\n', Obstacle.FORMAT_STRING),
        ("Python", 'x = f"{registry}/demo/stats-image:1a"\n', Obstacle.FORMAT_STRING),
        ("Terraform", 'x = "${var.registry}/demo/stats-image:1a"\n', Obstacle.FORMAT_STRING),
        ("Python", 'x = "IMAGE:1a-" + flavor\n', Obstacle.PUT_TOGETHER),
        ("Python", 'x = PREFIX + "IMAGE:1a"\n', Obstacle.PUT_TOGETHER),
        ("Python", 'x = "IMAGE:1a" "-gpu"\n', Obstacle.PUT_TOGETHER),
        ("Python", 'x = ("IMAGE:1a"  # why\n     f"-{flavor}")\n', Obstacle.PUT_TOGETHER),
        ("Python", 'x = ("docker://"\n     "IMAGE:1a")\n', Obstacle.PUT_TOGETHER),
        ("Python", 'x = ("docker://"  # why\n     "IMAGE:1a")\n', Obstacle.PUT_TOGETHER),
        ("Python", 'x = "IMAGE:1a" \\\n    "-gpu"\n', Obstacle.PUT_TOGETHER),
        ("Python", 'x = "IMAGE:1a".replace("1a", tag)\n', Obstacle.PUT_TOGETHER),
        ("Python", 'x = ("IMAGE:1a"\n     .upper())\n', Obstacle.PUT_TOGETHER),
        ("shell", 'X="IMAGE:1a"-gpu\n', Obstacle.PUT_TOGETHER),
        ("shell", 'X="IMAGE:1a"$SUFFIX\n', Obstacle.PUT_TOGETHER),
        ("shell", 'X=mirror.example.org/"IMAGE:1a"\n', Obstacle.PUT_TOGETHER),
        ("TOML", f'[a]\nimage = "IMAGE:1a"\ndigest = "sha256:{"a" * 64}"\n', Obstacle.DIGEST_BESIDE),
        ("Terraform", f'a = {{image = "IMAGE:1a", sha = "{"a" * 64}"}}\n', Obstacle.DIGEST_BESIDE),
        ("Python", f'x = {{"image": "IMAGE:1a", "digest": "sha256:{"a" * 64}"}}\n', Obstacle.DIGEST_BESIDE),
        ("shell", f"X_DIGEST=sha256:{'a' * 64}\nX='IMAGE:1a'\n", Obstacle.DIGEST_BESIDE),
    ],
)
def test_what_is_not_a_whole_text_is_left_with_its_reason(
    language: str, text: str, obstacle: Obstacle
) -> None:
    seen = literal_sightings(text.replace("IMAGE", IMAGE), parse_image_name(IMAGE), language)
    assert [sighting.obstacle for sighting in seen] == [obstacle]


@pytest.mark.parametrize("text", ["x = 'IMAGE-2:1a'\n", "x = 'ghcr.io/demo/stats-image:1a'\n", "x = 1\n"])
def test_another_image_is_not_seen(text: str) -> None:
    assert literal_sightings(text.replace("IMAGE", IMAGE), parse_image_name(IMAGE), "Python") == []


def test_a_reference_knows_its_line() -> None:
    (sighting,) = literal_sightings(f"\n\nx = '{IMAGE}:1a'\n", parse_image_name(IMAGE), "Python")
    assert (sighting.line, sighting.tag, sighting.own_lines) == (3, "1a", (3,))
