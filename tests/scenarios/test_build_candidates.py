"""What whoever can write candidates tries, and what the default branch takes of it."""

import json
from dataclasses import replace

import pytest

from hub_image_actions.images.labels import CHECKS, CREATED, INPUTS, REVISION, RUN, SOURCE, TESTS, VERSION
from hub_image_actions.images.pushed_image import PushedImage
from hub_image_actions.images.renewed_labels import RenewedLabels
from scenarios.action import Result
from scenarios.candidates import (
    build,
    candidate,
    candidates,
    ever_new,
    kept,
    kept_in,
    layers,
    plant,
    read,
    tags,
    was_built,
)
from scenarios.images import CANDIDATES_KEY, NAME, ImageRepository
from testbed.fault_proxy import Answer, FaultProxy
from testbed.registry import Registry
from testbed.seed_image import canonical, seed_image, sha256

EVIL = {"srv/evil": b"yes\n"}


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository whose image is another each time that it is built, of an image name of its own."""
    return ever_new(images, small_base_image)


def evil(image: PushedImage, **changed: str) -> PushedImage:
    """Return an image that says of itself what another one does, and holds something else."""
    labels = {name: text for name, text in image.labels.items() if name not in changed} | changed
    seed = seed_image(EVIL, config={"Labels": labels})
    manifest = replace(image.manifest, digest=seed.digest, media_type=seed.media_type, body=seed.manifest)
    return PushedImage(manifest, seed.blobs[seed.config_digest])


def overwrite(repository: ImageRepository, tag: str, image: PushedImage) -> None:
    """Put an evil image in the place of a candidate."""
    repository.registry.push(candidates(repository), "evil", seed_image(EVIL))
    plant(repository, tag, image)
    assert repository.registry.digest(candidates(repository), tag) == image.manifest.digest


def holds_evil(repository: ImageRepository, result: Result) -> bool:
    """Say whether the image that a run pushed holds what the attacker put into one."""
    seed = seed_image(EVIL)
    return any(layer in seed.blobs for layer in layers(repository, result.outputs["digest"]))


@pytest.mark.parametrize("name", ["README.md", "LICENSE.txt", ".github/x.sh", ".gitattributes", "apt.txt"])
def test_what_was_pushed_first_is_not_promoted_for_what_was_pushed_then(
    repository: ImageRepository, small_base_image: str, name: str
) -> None:
    # Whatever the file is called, the Dockerfile runs it.
    run = f"FROM {small_base_image}\nUSER root\nCOPY . /srv/repo\nRUN sh /srv/repo/{name}\n"
    repository.commit({"Dockerfile": run, name: "echo yes > /evil\n"})
    candidate(repository)
    (first,) = kept(repository)
    clean = repository.commit({name: "true\n"})
    candidate(repository)
    result = build(repository)
    assert not was_built(result)
    (then,) = set(kept(repository)) - {first}
    assert layers(repository) == layers(repository, then, candidates(repository))
    assert layers(repository) != layers(repository, first, candidates(repository))
    assert repository.labels()[REVISION] == clean


@pytest.mark.parametrize(
    "source",
    [
        'COPY --from="<I>" /srv /srv/x\n',
        'COPY --fr"om"=<I> /srv /srv/x\n',
        "RUN true \\\n\x1c# x\nCOPY --from=<I> /srv /srv/x\n",
    ],
)
def test_an_image_that_comes_from_where_it_is_not_looked_for_is_not_used_again(
    repository: ImageRepository, registry: Registry, small_base_image: str, source: str
) -> None:
    seed = seed_image({"srv/a": b"clean\n"})
    registry.push("testbed/source", "1", seed)
    line = source.replace("<I>", f"{registry.host}/testbed/source:1")
    repository.commit({"Dockerfile": f"FROM {small_base_image}\nUSER root\n{line}"})
    candidate(repository)
    assert kept(repository) == []
    assert was_built(build(repository))


def test_the_default_branch_takes_its_own_image_whatever_is_planted(repository: ImageRepository) -> None:
    candidate(repository)
    first = build(repository)
    (tag,) = kept(repository)
    overwrite(repository, tag, evil(read(repository, tag)))
    repository.commit({})
    second = build(repository)
    assert not was_built(second)
    assert layers(repository, second.outputs["digest"]) == layers(repository, first.outputs["digest"])
    assert not holds_evil(repository, second)


def test_the_key_of_candidates_writes_nothing_that_hubs_run(repository: ImageRepository) -> None:
    given = {"registry_username": "candidates", "registry_password": CANDIDATES_KEY, "push": "true"}
    result = repository.build(**given)
    assert result.status == 1
    assert "cannot be pushed to" in result.said("error")[0]
    assert tags(repository) == []


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({INPUTS: "0" * 64}, "it was made of something else"),
        ({CHECKS: "0" * 64, TESTS: "18 passed"}, "what it passed were other checks"),
        ({CHECKS: "", TESTS: "18 passed"}, "what it passed were other checks"),
        ({CREATED: "tomorrow"}, "it does not say when it was made"),
    ],
)
def test_a_candidate_whose_labels_do_not_fit_is_built_again(
    repository: ImageRepository, lie: dict[str, str], reason: str
) -> None:
    candidate(repository)
    (tag,) = kept(repository)
    overwrite(repository, tag, evil(read(repository, tag), **lie))
    result = build(repository)
    assert was_built(result)
    assert f"is not used again: {reason}" in result.log
    assert not holds_evil(repository, result)


def test_a_candidate_of_the_same_name_made_of_other_inputs_is_not_taken(repository: ImageRepository) -> None:
    candidate(repository)
    (other,) = kept(repository)
    repository.commit({"apt.txt": "git\n"})
    candidate(repository)
    (tag,) = set(kept(repository)) - {other}
    plant(repository, tag, read(repository, other))
    result = build(repository)
    assert was_built(result)
    assert "it was made of something else" in result.log


@pytest.mark.parametrize("architectures", [("amd64",), ("amd64", "arm64")])
def test_a_candidate_that_is_an_index_is_not_taken(
    repository: ImageRepository, architectures: tuple[str, ...]
) -> None:
    candidate(repository)
    (tag,) = kept(repository)
    labels = {"Labels": read(repository, tag).labels}
    images = [seed_image(EVIL, config=labels, architecture=name) for name in architectures]
    repository.registry.push_index(candidates(repository), tag, images)
    result = build(repository)
    assert was_built(result)
    assert "is not used again: it is an index of several images" in result.log
    assert not holds_evil(repository, result)


def test_a_candidate_for_another_machine_is_not_taken(repository: ImageRepository) -> None:
    candidate(repository)
    (tag,) = kept(repository)
    image = seed_image(EVIL, config={"Labels": read(repository, tag).labels}, architecture="s390x")
    repository.registry.push(candidates(repository), tag, image)
    result = build(repository)
    assert was_built(result)
    assert "is not used again: it is for linux/s390x" in result.log


@pytest.mark.parametrize("layers", [[], [{"digest": "sha256:x", "size": 1}], [{"digest": 1}], "x", None])
def test_a_manifest_with_other_layers_than_it_may_have_promotes_nothing(
    repository: ImageRepository, layers: object
) -> None:
    candidate(repository)
    (tag,) = kept(repository)
    manifest = read(repository, tag).manifest
    body = canonical({**json.loads(manifest.body), "layers": layers})
    broken = replace(manifest, digest=sha256(body), body=body)
    with FaultProxy(repository.registry.url) as proxy:
        proxy.fail(Answer(200, body=body), path=f"manifests/{tag}", times=9)
        given = {**kept_in(repository), "candidates": f"{proxy.host}/{candidates(repository)}"}
        result = repository.build(**given, reuse="true", push="true")
    assert result.status == 0, result.log
    assert was_built(result)
    assert result.outputs["digest"] != broken.digest


def test_a_planted_link_is_not_shown(repository: ImageRepository) -> None:
    candidate(repository)
    (tag,) = kept(repository)
    image = read(repository, tag)
    plant(repository, tag, image.with_labels({**image.labels, RUN: "https://evil.example/"}))
    result = build(repository)
    assert not was_built(result)
    assert "evil.example" not in result.summary
    assert "evil.example" not in result.outputs["built-by"]
    assert RUN not in repository.labels()


HOSTILE_LABELS = {
    REVISION: "evil " * 100_000,
    VERSION: "\x1b[2J\x00\r\n::error::evil",
    SOURCE: "https://evil.example/",
    "repo2docker.ref": "\ud800",
}


def test_what_a_candidate_says_of_its_commit_is_not_believed(repository: ImageRepository) -> None:
    candidate(repository)
    (tag,) = kept(repository)
    image = read(repository, tag)
    plant(repository, tag, image.renewed(RenewedLabels(HOSTILE_LABELS)))
    assert read(repository, tag).labels[VERSION] == HOSTILE_LABELS[VERSION]
    commit = repository.commit({})
    result = build(repository)
    assert not was_built(result)
    labels = repository.labels()
    source = f"{repository.github.server_url}/{NAME}"
    assert (labels[REVISION], labels[VERSION], labels[SOURCE]) == (commit, commit[:12], source)
    assert labels["repo2docker.ref"] == commit
    assert "evil" not in json.dumps(repository.registry.image_config(repository.image, commit[:12]))
    assert "evil" not in result.log


@pytest.mark.parametrize(
    "broken",
    [
        {"config": "x"},
        {"config": {"Labels": ["x"]}},
        {"config": ["x"]},
        {"history": 3},
        {"x": float("inf")},
        [],
    ],
    ids=str,
)
def test_a_candidate_whose_configuration_is_of_another_kind_is_built_again(
    repository: ImageRepository, broken: object
) -> None:
    candidate(repository)
    (tag,) = kept(repository)
    image = read(repository, tag)
    content = json.loads(image.config)
    config = json.dumps({**content, **broken} if isinstance(broken, dict) else broken).encode()
    described = json.loads(image.manifest.body)
    described["config"].update({"digest": sha256(config), "size": len(config)})
    body = canonical(described)
    manifest = replace(image.manifest, digest=sha256(body), body=body)
    plant(repository, tag, PushedImage(manifest, config))
    repository.commit({})
    result = build(repository)
    assert was_built(result)
    assert "Whether this image was built before cannot be told." in result.log


def test_a_candidate_that_changes_after_it_was_looked_at_is_the_one_that_was_looked_at(
    repository: ImageRepository,
) -> None:
    candidate(repository)
    (tag,) = kept(repository)
    image = read(repository, tag)
    wanted = layers(repository, tag, candidates(repository))
    with FaultProxy(repository.registry.url) as proxy:
        # Whoever asks for the tag gets the image that was looked at; by then it is another.
        proxy.fail(Answer(200, body=image.named.body), path=f"candidates/.*/manifests/{tag}")
        overwrite(repository, tag, evil(image))
        result = build(repository, candidates=f"{proxy.host}/{candidates(repository)}")
        assert not was_built(result)
        assert len(proxy.seen("GET", f"candidates/.*/manifests/{tag}")) == 1
    assert layers(repository) == wanted
    assert not holds_evil(repository, result)
