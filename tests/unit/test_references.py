"""Image references: what is one, what its parts are, and which names are the same image."""

import pytest

from hub_image_actions.errors import InvalidReference
from hub_image_actions.references import (
    ImageName,
    ImageReference,
    commit_of,
    find_reference,
    is_commit,
    parse_digest,
    parse_image_name,
    parse_reference,
    parse_tag,
)

SHA256 = "sha256:" + "0123456789abcdef" * 4

PARTS = {
    "ubuntu": ("", "ubuntu", "", ""),
    "ubuntu:24.04": ("", "ubuntu", "24.04", ""),
    "pangeo/ml-notebook:2026.11.23": ("", "pangeo/ml-notebook", "2026.11.23", ""),
    "quay.io/pangeo/ml-notebook": ("quay.io", "pangeo/ml-notebook", "", ""),
    "localhost/hub:1": ("localhost", "hub", "1", ""),
    "localhost:5000/hub": ("localhost:5000", "hub", "", ""),
    "registry:5000/hub": ("registry:5000", "hub", "", ""),
    "REGISTRY/hub": ("REGISTRY", "hub", "", ""),
    "[2001:db8::1]:5000/hub:1": ("[2001:db8::1]:5000", "hub", "1", ""),
    "hub:5000": ("", "hub", "5000", ""),
    "a__b/c.d/e---f:_": ("", "a__b/c.d/e---f", "_", ""),
    f"hub@{SHA256}": ("", "hub", "", SHA256),
    f"r.io/hub:1@{SHA256}": ("r.io", "hub", "1", SHA256),
    "r.io/hub:" + "t" * 128: ("r.io", "hub", "t" * 128, ""),
    "r.io/" + "p" * 255: ("r.io", "p" * 255, "", ""),
}


@pytest.mark.parametrize("text", PARTS)
def test_a_reference_has_host_path_tag_and_digest(text: str) -> None:
    reference = parse_reference(text)
    assert (reference.name.host, reference.name.path, reference.tag, reference.digest) == PARTS[text]


@pytest.mark.parametrize("text", PARTS)
def test_a_reference_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_reference(text)) == text


NO_REFERENCES = [
    "",
    " ",
    "hub ",
    "hub\n",
    "Hub",
    "r.io/Hub",
    "hub:",
    "hub:-1",
    "hub:.1",
    "hub:ü",
    "hub:1:2",
    "hub@sha256",
    "hub@sha256:abc",
    "/hub",
    "hub/",
    "a//b",
    "a___b",
    "a..b",
    "-a",
    "a-",
    "r..io/hub",
    "https://r.io/hub",
    "hub:" + "t" * 129,
    "r.io/" + "p" * 256,
    "hub:{value}",
    "hub:1 and more",
]


@pytest.mark.parametrize("text", NO_REFERENCES)
def test_a_text_that_is_no_reference_is_none(text: str) -> None:
    assert find_reference(text) is None


@pytest.mark.parametrize("text", NO_REFERENCES)
def test_a_text_that_is_no_reference_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidReference) as refusal:
        parse_reference(text)
    assert repr(text) in refusal.value.problem
    assert refusal.value.remedy


@pytest.mark.parametrize("text", ["hub:1", f"hub@{SHA256}", f"r.io/hub:1@{SHA256}", "Hub", ""])
def test_the_name_of_an_image_carries_neither_tag_nor_digest(text: str) -> None:
    with pytest.raises(InvalidReference, match="not the name of an image"):
        parse_image_name(text)


@pytest.mark.parametrize("tag", ["1", "511c4637d702", "v1.2-rc_1", "_", "A" * 128])
def test_a_tag_of_the_grammar_is_taken(tag: str) -> None:
    assert parse_tag(tag) == tag


@pytest.mark.parametrize("tag", ["", "-1", ".1", "a b", "a/b", "a:b", "$(id)", "a\n", "A" * 129, "٣"])
def test_a_tag_outside_the_grammar_is_refused(tag: str) -> None:
    with pytest.raises(InvalidReference, match="not an image tag"):
        parse_tag(tag)


@pytest.mark.parametrize("digest", [SHA256, "sha512:" + "a" * 128, "multihash+base58:" + "a" * 32])
def test_a_digest_of_the_grammar_is_taken(digest: str) -> None:
    assert parse_digest(digest) == digest


@pytest.mark.parametrize(
    "digest", ["", "sha256:", SHA256[:-1], SHA256 + "0", "sha256:" + "A" * 64, "a" * 64, "sha512:" + "a" * 64]
)
def test_a_digest_that_no_registry_has_is_refused(digest: str) -> None:
    with pytest.raises(InvalidReference, match="not a digest"):
        parse_digest(digest)


# Each with the names that mean the same image when it is asked for, and some that do not.
COVERED = {
    "r.io/p/hub": (
        ["r.io/p/hub", "R.io/p/hub"],
        ["p/hub", "q.io/p/hub", "r.io/p/hub2", "r.io/hub", "r.io:443/p/hub"],
    ),
    "p/hub": (
        ["p/hub", "r.io/p/hub", "docker.io/p/hub", "localhost:5000/p/hub"],
        ["r.io/q/p/hub", "hub", "p/hub-2"],
    ),
    "docker.io/p/hub": (
        ["p/hub", "docker.io/p/hub", "index.docker.io/p/hub", "registry-1.docker.io/p/hub"],
        ["r.io/p/hub"],
    ),
    "docker.io/ubuntu": (
        ["ubuntu", "library/ubuntu", "docker.io/library/ubuntu"],
        ["p/ubuntu", "quay.io/ubuntu"],
    ),
    "docker.io/library/ubuntu": (
        ["ubuntu", "library/ubuntu", "docker.io/ubuntu"],
        ["quay.io/library/ubuntu"],
    ),
    "ubuntu": (
        ["ubuntu", "docker.io/library/ubuntu", "quay.io/ubuntu"],
        ["p/ubuntu", "quay.io/library/ubuntu"],
    ),
}


@pytest.mark.parametrize(
    ("asked", "name"), [(asked, name) for asked, (same, _) in COVERED.items() for name in same]
)
def test_an_image_covers_every_way_to_write_it(asked: str, name: str) -> None:
    assert parse_image_name(asked).covers(parse_image_name(name))


@pytest.mark.parametrize(
    ("asked", "name"), [(asked, name) for asked, (_, other) in COVERED.items() for name in other]
)
def test_an_image_covers_no_other_image(asked: str, name: str) -> None:
    assert not parse_image_name(asked).covers(parse_image_name(name))


@pytest.mark.parametrize(
    ("asked", "name"), [(asked, name) for asked, (same, _) in COVERED.items() for name in same]
)
def test_every_way_to_write_an_image_contains_its_core(asked: str, name: str) -> None:
    assert parse_image_name(asked).core in name


def test_an_image_without_a_host_is_put_on_a_registry() -> None:
    assert parse_image_name("p/hub").on("r.io") == ImageName("r.io", "p/hub")


@pytest.mark.parametrize(("name", "registry"), [("q.io/p/hub", "r.io"), ("p/hub", "")])
def test_an_image_stays_where_it_is(name: str, registry: str) -> None:
    assert str(parse_image_name(name).on(registry)) == name


def test_people_call_an_image_by_the_end_of_its_path() -> None:
    assert parse_image_name("r.io/p/user-images/data100-user-image").short == "data100-user-image"


@pytest.mark.parametrize(
    ("name", "registry", "repository"),
    [
        ("ubuntu", "docker.io", "library/ubuntu"),
        ("Index.Docker.io/p/hub", "docker.io", "p/hub"),
        ("R.io:5000/hub", "r.io:5000", "hub"),
    ],
)
def test_a_name_tells_where_to_ask_for_it(name: str, registry: str, repository: str) -> None:
    image = parse_image_name(name)
    assert (image.registry, image.repository) == (registry, repository)


@pytest.mark.parametrize("tag", ["511c463", "511c4637d702", "0" * 40])
def test_an_abbreviated_commit_is_one(tag: str) -> None:
    assert is_commit(tag)


@pytest.mark.parametrize("tag", ["511c46", "511C4637", "0" * 41, "v1.2.3", "PLACEHOLDER"])
def test_other_tags_are_no_commits(tag: str) -> None:
    assert not is_commit(tag)


@pytest.mark.parametrize(
    ("tag", "commit"),
    [
        ("511c4637d702", "511c4637d702"),
        ("511c4637d702-2026-11-23", "511c4637d702"),
        ("511c463-2026-11-23-12", "511c463"),
        ("511c4637d702-2026-11-23-", ""),
        ("511c4637d702-2026-11", ""),
        ("511c4637d702-dirty", ""),
        ("1.4.0", ""),
    ],
)
def test_a_tag_of_a_rebuild_names_its_commit_too(tag: str, commit: str) -> None:
    assert commit_of(tag) == commit


def test_an_empty_reference_part_leaves_no_separator() -> None:
    assert str(ImageReference(ImageName("", "hub"))) == "hub"


@pytest.mark.parametrize(
    ("text", "official"),
    [
        ("ubuntu", True),
        ("library/ubuntu", True),
        ("docker.io/ubuntu", False),
        ("jupyter/base-notebook", False),
        ("library/a/b", False),
    ],
)
def test_official_images_have_neither_host_nor_owner(text: str, official: bool) -> None:
    assert parse_image_name(text).is_official is official


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("ubuntu", "docker.io/library/ubuntu"),
        ("library/ubuntu", "docker.io/library/ubuntu"),
        ("docker.io/ubuntu", "docker.io/library/ubuntu"),
        ("index.docker.io/library/ubuntu", "docker.io/library/ubuntu"),
        ("jupyter/base-notebook", "docker.io/jupyter/base-notebook"),
        ("Quay.io/jupyter/base-notebook", "quay.io/jupyter/base-notebook"),
    ],
)
def test_an_image_has_one_name_in_its_registry(text: str, canonical: str) -> None:
    assert str(parse_image_name(text).canonical) == canonical
