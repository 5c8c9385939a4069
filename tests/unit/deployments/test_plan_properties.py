"""What holds for every document: a bump changes tags of the image and nothing else."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub_image_actions.deployments.bump import Bump, Plan
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.references import parse_image_name

IMAGE = "us-central1-docker.pkg.dev/p/user-images/hub-user-image"
OTHERS = [
    f"{IMAGE}-03-26",
    "quay.io/p/user-images/hub-user-image",
    f"{IMAGE}/sub",
    "user-images/hub-user-image",
    "r.io/x",
]
TODAY = date(2026, 11, 23)
# Tags that need no quotes wherever they stand.
TEXT_TAGS = st.from_regex(r"[a-d][0-9a-f]{11}|v[0-9]\.[0-9]|PLACEHOLDER", fullmatch=True)
ANY_TAGS = st.one_of(
    TEXT_TAGS,
    st.from_regex(
        r"[0-9]{12}|[0-9]{2}e[0-9]{9}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}\.[0-9]{1,2}|0x[0-9a-f]{4}",
        fullmatch=True,
    ),
    st.sampled_from(["null", "true", "off", "y", "1_000", "0o17", "1."]),
)
LIMITS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Case:
    """A document with the places of the image's tags left open."""

    parts: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def text(self) -> str:
        """The document, with its tags."""
        return "".join(part + tag for part, tag in zip(self.parts, (*self.tags, ""), strict=True))


# `{}` is where a tag of the image stands, `<tag>` some tag, `<other>` another image, `<text>` any text.
BLOCKS = [
    "images:\n  images:\n    - name: IMAGE:{}\n    - name: <other>:<tag>\n",
    "images:\n  image_name: 'IMAGE:{}'  # <tag> <text>\n",
    "image:\n  name: IMAGE\n  # <text>\n  tag: '{}'\n",
    'image:\n  tag: "{}" # <tag>\n  pullPolicy: <text>\n  name: "IMAGE"\n',
    "image: {{name: IMAGE, tag: '{}', text: <text>}}\n",
    'image: {{"name": "<other>", "tag": "<tag>"}}\n',
    "profileList:\n  - display_name: <text>\n    kubespawner_override:\n      image: IMAGE:{}\n",
    "profile_options:\n  image:\n    choices:\n      a: {{kubespawner_override: {{image: IMAGE:{}}}}}\n",
    "initContainers: [{{name: <text>, image: 'IMAGE:{}'}}, {{image: <other>:<tag>}}]\n",
    "anchored: &anchor\n  name: IMAGE\n  tag: '{}'\nalias: *anchor\n",
    "folded: >-\n  IMAGE:{}\nliteral: |\n  <text>\n  IMAGE:<tag>\n",
    "extraEnv:\n  - name: A\n    value: IMAGE:{}\n  - name: B\n    value: see IMAGE:<tag> for <text>\n",
    "<text>: <tag>\nother: {{tag: <tag>}}\nformat: 'IMAGE:{{{{value}}}}'\nbare: IMAGE\n",
    "# IMAGE:<tag>\n? [<text>, <text>]\n: IMAGE:{}\n",
    "held: IMAGE:<tag> # image-hold until 2027-01-01: <text>\n",
]
TEXTS = st.text("aé漢🎉 0-_", min_size=1, max_size=8).map(lambda text: f"t{text}t")


@st.composite
def cases(draw: st.DrawFn, tags: st.SearchStrategy[str]) -> Case:
    """Return documents of all shapes, mixed, with all kinds of line ends."""
    blocks = draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=5))
    texts = [f"part{number}:\n{_indented(block, number)}" for number, block in enumerate(blocks)]
    joined = draw(st.sampled_from(["", "---\n", "%YAML 1.1\n---\n", "# comment\n\n"])) + "".join(texts)
    filled = re.sub(
        "<(tag|other|text)>",
        lambda match: draw({"tag": TEXT_TAGS, "text": TEXTS, "other": st.sampled_from(OTHERS)}[match[1]]),
        joined,
    )
    whole = draw(st.sampled_from(["", "\ufeff"])) + filled.replace("IMAGE", IMAGE)
    if draw(st.booleans()):
        whole = whole.removesuffix("\n")
    whole = whole.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    parts = tuple(part.replace("{{", "{").replace("}}", "}") for part in whole.split("{}"))
    return Case(parts, tuple(draw(tags) for _ in parts[1:]))


def _indented(block: str, number: int) -> str:
    return "".join(f"  {line}\n" for line in block.replace("anchor", f"anchor{number}").splitlines())


def bumped(text: str, tag: str) -> tuple[str, Plan]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.yaml")
        path.write_bytes(text.encode())
        plan = plan_bump(Path(folder), ["."], Bump(parse_image_name(IMAGE), tag, TODAY))
        plan.write()
        return path.read_bytes().decode(), plan


def scalars(text: str) -> list[tuple[str, str]]:
    """Return each scalar of a text with the type that YAML gives it."""
    found: list[tuple[str, str]] = []

    def visit(node: Node) -> None:
        if isinstance(node, ScalarNode):
            found.append((str(node.tag), node.value))
        elif isinstance(node, SequenceNode):
            for item in node.value:
                visit(item)
        elif isinstance(node, MappingNode):
            for key, value in node.value:
                visit(key)
                visit(value)

    for document in YAML(typ="safe", pure=True).compose_all(text):
        visit(document)
    return found


@LIMITS
@given(cases(ANY_TAGS), ANY_TAGS)
def test_only_the_bytes_of_tags_change(case: Case, tag: str) -> None:
    after, _ = bumped(case.text, tag)
    assert after == Case(case.parts, (tag,) * len(case.tags)).text


@LIMITS
@given(cases(ANY_TAGS), ANY_TAGS)
def test_a_second_bump_changes_nothing(case: Case, tag: str) -> None:
    once, _ = bumped(case.text, tag)
    twice, plan = bumped(once, tag)
    assert (twice, plan.edits) == (once, ())


@LIMITS
@given(cases(st.just("511c4637d702")), ANY_TAGS)
def test_there_and_back_gives_the_original_bytes(case: Case, tag: str) -> None:
    there, _ = bumped(case.text, tag)
    assert bumped(there, "511c4637d702")[0] == case.text


@LIMITS
@given(cases(TEXT_TAGS), ANY_TAGS)
def test_every_other_scalar_keeps_value_and_type(case: Case, tag: str) -> None:
    before, after = scalars(case.text), scalars(bumped(case.text, tag)[0])
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert {value for _, value in changed} <= {tag, f"{IMAGE}:{tag}"}


@LIMITS
@given(TEXT_TAGS, ANY_TAGS)
def test_a_tag_that_stands_alone_stays_a_text(old: str, tag: str) -> None:
    after, _ = bumped(f"image:\n  name: {IMAGE}\n  tag: {old}\n", tag)
    assert scalars(after)[-1] == ("tag:yaml.org,2002:str", tag)
    assert scalars("%YAML 1.1\n---\n" + after)[-1] == ("tag:yaml.org,2002:str", tag)


@LIMITS
@given(cases(ANY_TAGS), ANY_TAGS)
def test_every_reference_is_reported_once(case: Case, tag: str) -> None:
    _, plan = bumped(case.text, tag)
    at_the_tag = sum(old == tag for old in case.tags)
    assert len(plan.moved) == len(case.tags) - at_the_tag
    assert all(reference.reason for reference in plan.left)
