"""The editor of deployments in every language: only the tag's bytes change, and the file still parses."""

import ast
import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from fuzz.limits import LIMITS
from hub_image_actions.deployments.bump import Bump
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.references import TAG, parse_image_name
from unit.deployments.test_plan_properties import TODAY

# In Python 3.10, pytest brings the library that became this module.
toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

IMAGE = "quay.io/demo-org/stats-image"
OTHER = "quay.io/demo-org/stats-image-gpu:keep"
# Tags that other languages read as numbers, dates or truth values among them.
TAGS = st.one_of(
    st.from_regex(TAG, fullmatch=True).filter(str.isascii),
    st.from_regex("[0-9a-f]{12}", fullmatch=True),
    st.sampled_from(["1", "1.10", "12e456789012", "123456789012", "0x1f", "on", "null", "2026-01-01", "1_0"]),
)
COMMENTS = st.sampled_from(["", "  # a comment\n", "  # tag: 511c4637d702\n"])


def parsed_shell(text: str) -> str:
    """Returns what a shell makes of the assignment."""
    script = f'{text}\nprintf %s "$IMAGE"'
    return subprocess.run(
        ["bash", "-c", script], check=True, capture_output=True, text=True, timeout=20
    ).stdout


def parsed_python(text: str) -> Any:
    assignment = ast.parse(text).body[-1]
    assert isinstance(assignment, ast.Assign)
    return ast.literal_eval(assignment.value)


def yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


# A file, and how the reference is read from it: as `name:tag`.
SHAPES: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "Kustomize": (
        "kustomization.yaml",
        f"images:\n- name: app\n  newName: {IMAGE}\n  newTag: '<tag>'\n- name: {OTHER}\n  newTag: keep\n",
        lambda text: f"{IMAGE}:{yaml(text)['images'][0]['newTag']}",
    ),
    "JSON": (
        "values.json",
        f'{{"image": {{"name": "{IMAGE}", "tag": "<tag>"}}, "other": "{OTHER}"}}\n',
        lambda text: f"{IMAGE}:{json.loads(text)['image']['tag']}",
    ),
    "JSON in one": (
        "values.json",
        f'{{"n": 1.0, "image": "{IMAGE}:<tag>", "other": "{OTHER}"}}\n',
        lambda text: str(json.loads(text)["image"]),
    ),
    "Python": (
        "jupyterhub_config.py",
        f"# {OTHER}\nc = {{}}\nx = r'''\\n'''\nc['image'] = \"{IMAGE}:<tag>\"  # image\n",
        lambda text: str(parsed_python(text)),
    ),
    "TOML": (
        "values.toml",
        f"[hub]\nother = '{OTHER}'\nimage = \"{IMAGE}:<tag>\"\n",
        lambda text: str(toml.loads(text)["hub"]["image"]),
    ),
    "shell": ("deploy.sh", f'OTHER={OTHER}\nIMAGE="{IMAGE}:<tag>"\n', parsed_shell),
    "environment file": ("hub.env", f"OTHER=\"{OTHER}\"\nIMAGE='{IMAGE}:<tag>'\n", parsed_shell),
    "a template": (
        "values.yaml.j2",
        f'{{% if x %}}\nother: {OTHER}\n{{% endif %}}\nimage: "{IMAGE}:<tag>"\n',
        lambda text: text.rpartition('image: "')[2].partition('"')[0],
    ),
    "Terraform": (
        "main.tf",
        f'resource "x" "y" {{\n  other = "{OTHER}"\n  image = "{IMAGE}:<tag>"\n}}\n',
        lambda text: text.rpartition('image = "')[2].partition('"')[0],
    ),
}
PARTS = {"registry": "quay.io", "repository": "demo-org/stats-image", "tag": "'<tag>'"}


def bumped(name: str, text: str, tag: str) -> str:
    """Returns a file after a bump."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(text.encode())
        plan = plan_bump(Path(folder), ["."], Bump(parse_image_name(IMAGE), tag, TODAY))
        plan.write()
        return path.read_bytes().decode()


def check(name: str, text: str, old: str, new: str, read: Callable[[str], str]) -> None:
    before = text.replace("<tag>", old)
    after = bumped(name, before, new)
    assert read(after) == f"{IMAGE}:{new}"
    # All but the tag, and the quotes that it may have got, is as it was.
    start, end = text.split("<tag>")
    assert after.startswith(start.rstrip("'\""))
    assert after.endswith(end.lstrip("'\""))
    assert bumped(name, after, new) == after


@pytest.mark.parametrize("shape", SHAPES)
@LIMITS
@given(st.data())
def test_a_bump_changes_the_tag_and_the_file_parses(shape: str, data: st.DataObject) -> None:
    name, text, read = SHAPES[shape]
    old, new = data.draw(st.tuples(TAGS, TAGS).filter(lambda tags: tags[0] != tags[1]))
    check(name, text, old, new, read)


@LIMITS
@given(st.sampled_from(list(itertools.permutations(PARTS))), TAGS, TAGS, COMMENTS)
def test_a_name_in_parts_moves_in_any_order(order: tuple[str, ...], old: str, new: str, comment: str) -> None:
    text = (
        "image:\n" + "".join(f"{comment}  {key}: {PARTS[key]}\n" for key in order) + "  pullPolicy: Always\n"
    )
    if old != new:
        check("values.yaml", text, old, new, lambda after: f"{IMAGE}:{yaml(after)['image']['tag']}")


@LIMITS
@given(st.sampled_from(list(itertools.permutations(PARTS))), TAGS, st.sampled_from(["docker.io", "ghcr.io"]))
def test_another_registrys_image_never_moves(order: tuple[str, ...], old: str, registry: str) -> None:
    text = "image:\n" + "".join(f"  {key}: {PARTS[key]}\n" for key in order)
    before = text.replace("<tag>", old).replace("quay.io", registry)
    assert bumped("values.yaml", before, "moved") == before
