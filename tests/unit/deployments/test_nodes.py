"""What a YAML text says, as nodes with positions."""

import pytest
from ruamel.yaml.nodes import ScalarNode

from hub_image_actions.deployments.nodes import NO_YAML, DocumentNodes, Place, is_null, lines_of_aliases
from hub_image_actions.references import parse_image_name
from hub_image_actions.text_lines import TextLines

IMAGE = parse_image_name("quay.io/course/image")


def nodes(text: str) -> DocumentNodes:
    return DocumentNodes(text, IMAGE)


def scalar(text: str, value: str) -> tuple[ScalarNode, Place]:
    return next(pair for pair in nodes(text).scalars if pair[0].value == value)


def test_a_node_that_aliases_lead_to_is_seen_once() -> None:
    assert len([node for node, _ in nodes("a: &x one\nb: *x\nc: *x\n").scalars if node.value == "one"]) == 1


def test_a_list_that_holds_itself_ends() -> None:
    assert nodes("a: &x [*x, one]\n").scalars[0][0].value == "one"


def test_a_scalar_knows_the_keys_the_profile_and_the_anchors_that_lead_to_it() -> None:
    _, place = scalar("profileList:\n- &p\n  display_name: Big\n  image_name: x\n", "x")
    assert place.keys == ("profileList", "image_name")
    assert place.profile == ("Big",)
    assert place.anchors == ("p",)
    assert place.shape == "image_name"


def test_name_and_tag_of_one_mapping_are_a_group() -> None:
    text = "image:\n  name: quay.io/course/image\n  tag: '1'\n"
    ((group,),) = nodes(text).tagged.values()
    assert [name.value for name in group.names] == ["quay.io/course/image"]
    assert group.tag is not None
    assert group.tag.value == "1"


def test_a_name_and_a_digest_without_a_tag_are_a_group_too() -> None:
    (group,) = nodes("image:\n  name: quay.io/course/image\n  digest: sha256:aa\n").untagged
    assert list(group.filled(["digest", "sha"])) == ["digest"]


def test_what_is_merged_in_stands_behind_the_keys_of_the_mapping() -> None:
    text = "base: &b {name: quay.io/course/image, tag: '1'}\nimage:\n  <<: *b\n  tag: '2'\n"
    tags = {group.tag.value for groups in nodes(text).tagged.values() for group in groups if group.tag}
    assert tags == {"1", "2"}


def test_a_key_that_comes_twice_begins_another_group() -> None:
    text = "name: quay.io/course/image\ntag: '1'\nname: quay.io/course/image\ntag: '2'\n"
    assert len(nodes(text).tagged) == 2


@pytest.mark.parametrize("text", ["sops: {mac: x}\na: b\n", "a: ENC[AES256_GCM,data:x]\n"])
def test_a_file_of_sops_is_known_by_its_block_or_a_value(text: str) -> None:
    assert nodes(text).encrypted


@pytest.mark.parametrize(("value", "null"), [("~", True), ("", True), ("null", True), ("'null'", False)])
def test_null_is_told_from_its_name_in_quotes(value: str, null: bool) -> None:
    node = nodes(f"a: {value}\n").scalars[0][0]
    assert is_null(node) is null


def test_the_lines_of_aliases_are_told_by_their_anchor() -> None:
    text = "a: &x one\nb: *x\nc:\n- *x\n"
    assert lines_of_aliases(text, TextLines(text)) == {"x": [2, 4]}


@pytest.mark.parametrize("text", ["a: [", "a: *x\n", "\ta: {\n"])
def test_what_is_not_yaml_is_an_error_of_one_family(text: str) -> None:
    with pytest.raises(NO_YAML):
        nodes(text)
