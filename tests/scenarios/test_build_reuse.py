"""Building once: what was built of the same inputs is promoted, not built again."""

import base64
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from hub_image_actions.images.labels import CREATED, REF, REVISION, VERSION
from hub_image_actions.images.labels import INPUTS as INPUTS_LABEL
from hub_image_actions.images.labels import RUN as RUN_LABEL
from scenarios.candidates import (
    INPUTS,
    NO_KEY,
    build,
    candidate,
    candidates,
    ever_new,
    kept,
    kept_in,
    layers,
    read,
    relabel,
    tags,
    was_built,
)
from scenarios.engines import on_both_engines
from scenarios.images import CANDIDATES_KEY, IMAGE, NAME, ImageRepository
from testbed.fault_proxy import FaultProxy, Reset
from testbed.registry import Registry
from testbed.seed_image import seed_image

RUN = f"{NAME}/actions/runs/77"


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository whose image is another each time that it is built, of an image name of its own."""
    return ever_new(images, small_base_image)


@on_both_engines
def test_a_merge_promotes_what_the_pull_request_built(repository: ImageRepository) -> None:
    tested = candidate(repository)
    (tag,) = kept(repository)
    assert INPUTS.fullmatch(tag)
    assert tags(repository) == []
    named = f"{repository.registry.host}/{candidates(repository)}:{tag}"
    assert [tested.outputs[name] for name in ("image", "tag")] == [named, tag]
    assert f"| **Image** | `{named}`, kept for the merge |" in tested.summary
    repository.commit({})
    result = build(repository, latest="true")
    assert not was_built(result)
    assert tested.outputs["digest"] == repository.registry.digest(candidates(repository), tag)
    assert layers(repository) == layers(repository, tag, candidates(repository))
    digests = {repository.registry.digest(repository.image, other) for other in tags(repository)}
    assert digests == {result.outputs["digest"]}
    assert tags(repository) == sorted([tag, repository.head[:12], "latest"])
    assert kept(repository) == [tag]
    assert result.outputs["reused"] == "true"
    assert result.outputs["pushed"] == "true"
    assert result.outputs["image"] == f"{repository.registry.host}/{repository.image}:{repository.head[:12]}"
    assert int(result.outputs["size"]) > 1_000_000


TRIAL = "7" * 40


@on_both_engines
@pytest.mark.parametrize(
    "builder",
    [
        {"builder": "docker"},
        {"builder": "repo2docker"},
        # The newest that has Docker's older builder make the image, which writes labels into the history.
        {"builder": "repo2docker", "repo2docker_version": "2024.07.0"},
    ],
    ids=["docker", "repo2docker", "repo2docker with the older builder"],
)
def test_labels_are_those_of_the_commit_whose_tag_the_image_bears(
    repository: ImageRepository, builder: dict[str, str]
) -> None:
    given = {**builder, "extra_tags": "stable"}
    head = repository.head
    on_trial = {"GITHUB_SHA": TRIAL, "GITHUB_REF": "refs/pull/1/merge", "GITHUB_REF_NAME": "1/merge"}
    event = repository.on_pull_request(repository.pull_request())
    inputs = {**kept_in(repository), **NO_KEY, "reuse": "true", **builder}
    tested = repository.build_test({**event, **on_trial}, **inputs)
    assert tested.status == 0, tested.log
    (tag,) = kept(repository)
    told = repository.registry.image_config(candidates(repository), tag)
    assert told["config"]["Labels"][REVISION] == told["config"]["Labels"][REF] == head
    assert TRIAL not in json.dumps(told)
    of_the_build = {name: told["config"]["Labels"][name] for name in (CREATED, RUN_LABEL, INPUTS_LABEL)}
    for kind in ("merge", "change of nothing that is built"):
        commit = repository.commit({})
        result = build(repository, **given)
        assert not was_built(result), kind
        labels = repository.labels()
        assert labels[REVISION] == labels[REF] == commit, kind
        assert labels[VERSION] == commit[:12], kind
        assert {name: labels[name] for name in of_the_build} == of_the_build, kind
        assert repository.labels("stable") == labels, kind
        content = json.dumps(repository.registry.image_config(repository.image, commit[:12]))
        assert head not in content, kind
        assert layers(repository) == layers(repository, tag, candidates(repository)), kind
        head = commit


@on_both_engines
def test_a_promoted_image_can_be_pulled_and_run(repository: ImageRepository, tmp_path: Path) -> None:
    candidate(repository)
    commit = repository.commit({})
    result = build(repository)
    assert not was_built(result)
    reference = f"{result.outputs['image'].rpartition(':')[0]}@{result.outputs['digest']}"
    login = base64.b64encode(f"_json_key:{repository.password}".encode()).decode()
    config = json.dumps({"auths": {repository.registry.host: {"auth": login}}})
    (tmp_path / "login").mkdir()
    (tmp_path / "login/config.json").write_text(config)
    repository.engine.docker("--config", str(tmp_path / "login"), "pull", reference)
    shown = repository.engine.docker(
        "image", "inspect", "--format", f'{{{{index .Config.Labels "{REVISION}"}}}}', reference
    )
    assert shown.strip() == commit
    assert repository.engine.docker("run", "--rm", "--entrypoint", "cat", reference, "/made").strip()


@pytest.mark.parametrize("engine", ["containerd"], indirect=True)
def test_what_the_builder_attests_survives_labels_and_promotions(
    repository: ImageRepository, registry: Registry
) -> None:
    elsewhere = {"candidates": f"{registry.host}/{candidates(repository)}", "candidates_password": ""}
    for place, source in ((kept_in(repository), repository.registry), (elsewhere, registry)):
        repository.commit({"apt.txt": source.host})
        candidate(repository, **place)
        tag = next(
            tag
            for tag in source.tags(candidates(repository))
            if source.image_config(candidates(repository), tag)["config"]["Labels"][REVISION]
            == repository.head
        )
        before = attestation(source, candidates(repository), tag)
        for _ in range(2):
            repository.commit({})
            result = build(repository, **place)
            assert not was_built(result)
            assert attestation(repository.registry, repository.image, result.outputs["digest"]) == before


@pytest.mark.parametrize("engine", ["containerd"], indirect=True)
def test_without_attestations_an_image_is_no_index(repository: ImageRepository) -> None:
    none = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    event = repository.on_pull_request(repository.pull_request())
    tested = repository.build_test({**event, **none}, **{**kept_in(repository), **NO_KEY, "reuse": "true"})
    assert tested.status == 0, tested.log
    assert not read(repository, *kept(repository)).index
    repository.commit({})
    assert not was_built(build(repository))
    assert repository.labels()[REVISION] == repository.head


def attestation(registry: Registry, repository: str, reference: str) -> list[dict[str, object]]:
    """Return what the one attestation in an index says, which must be listed as one of the index's image."""
    image, listed = registry.manifest(repository, reference)["manifests"]
    assert image["platform"]["os"] == "linux"
    assert listed["annotations"] == {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image["digest"],
    }
    layers = registry.manifest(repository, listed["digest"])["layers"]
    assert layers
    return [registry.request("GET", repository, f"blobs/{layer['digest']}").json() for layer in layers]


def test_the_report_names_the_run_that_built_the_image(repository: ImageRepository) -> None:
    candidate(repository)
    result = build(repository)
    assert f"♻️ Nothing was built: [an earlier run]({repository.github.server_url}/{RUN})" in result.summary
    assert result.outputs["built-by"] == f"{repository.github.server_url}/{RUN}"


@on_both_engines
def test_a_promotion_needs_no_engine_and_moves_no_layer(repository: ImageRepository) -> None:
    candidate(repository)
    with FaultProxy(repository.registry.url) as proxy:
        here = {"candidates": f"{proxy.host}/{candidates(repository)}", "registry": proxy.host}
        given = {**kept_in(repository), **here, "reuse": "true", "push": "true"}
        nowhere = {"DOCKER_HOST": "unix:///nowhere.sock"}
        result = repository.build(nowhere, **given)
        assert result.status == 0, result.log
        # The configuration, for its labels; and no layer.
        assert len(proxy.seen("GET", "/blobs/")) == 1
        assert len(proxy.seen("PUT", "/blobs/uploads/")) == 1
        # Beside one for each layer, and what is said of each attestation.
        parts = read(repository, *kept(repository))
        assert len(proxy.seen()) <= 16 + len(parts.layers) + 6 * len(parts.attestations)
        assert "mounted by the registry, which moves nothing" in result.log
        assert "mounted by the registry, which moves nothing" in result.summary
        assert candidates(repository) in result.summary
        before = len(proxy.seen("POST", "/blobs/uploads/"))
        again = repository.build(nowhere, **given)
        assert again.status == 0, again.log
        assert len(proxy.seen("POST", "/blobs/uploads/")) == before


@on_both_engines
def test_candidates_may_be_in_another_registry(repository: ImageRepository, registry: Registry) -> None:
    elsewhere = {"candidates": f"{registry.host}/{candidates(repository)}", "candidates_password": ""}
    candidate(repository, **elsewhere)
    (tag,) = registry.tags(candidates(repository))
    assert tags(repository) == kept(repository) == []
    result = build(repository, **elsewhere)
    assert not was_built(result)
    assert "layers: " in result.summary
    assert " copied (" in result.summary
    assert layers(repository) == [
        layer["digest"] for layer in registry.image_manifest(candidates(repository), tag)["layers"]
    ]
    assert tags(repository) == sorted([tag, repository.head[:12]])


def test_candidates_may_have_the_login_of_the_images_own_registry(repository: ImageRepository) -> None:
    login = {"registry_username": "candidates", "registry_password": CANDIDATES_KEY}
    candidate(repository, **login, candidates_username="", candidates_password="")
    (tag,) = kept(repository)
    assert INPUTS.fullmatch(tag)
    assert tags(repository) == []
    assert not was_built(build(repository, candidates_username="", candidates_password=""))


def test_a_copy_that_was_interrupted_is_finished_by_the_next_run(
    repository: ImageRepository, registry: Registry
) -> None:
    elsewhere = {"candidates": f"{registry.host}/{candidates(repository)}", "candidates_password": ""}
    candidate(repository, **elsewhere)
    (tag,) = registry.tags(candidates(repository))
    of_candidate = registry.manifest(candidates(repository), tag)["layers"]
    last = of_candidate[-1]["digest"].partition(":")[2]
    with FaultProxy(repository.registry.url) as proxy:
        proxy.fail(Reset(), method="PUT", path=last, times=3)
        nowhere = {"DOCKER_HOST": "unix:///nowhere.sock"}
        given = {**kept_in(repository), **elsewhere, "reuse": "true", "push": "true", "registry": proxy.host}
        broken = repository.build(nowhere, **given)
        # It was to be built instead, for which there is no engine here.
        assert broken.status == 1
        assert "The image is built again, since " in broken.said("warning")[0]
        assert tags(repository) == []
        result = repository.build(nowhere, **given)
        assert result.status == 0, result.log
    assert "layers: 1 copied (" in result.log
    assert f"{len({layer['digest'] for layer in of_candidate}) - 1} there already" in result.log
    assert tags(repository) == sorted([tag, repository.head[:12]])


def test_a_pull_request_without_candidates_needs_no_key(repository: ImageRepository) -> None:
    result = candidate(repository, candidates="", candidates_username="", candidates_password="")
    assert was_built(result)
    assert tags(repository) == kept(repository) == []
    assert not result.said("warning")


@pytest.mark.parametrize(
    "change",
    [
        {"environment.yml": "dependencies: []\n"},
        {"image-tests/data.txt": "other\n"},
        {"untracked.txt": "other\n"},
        {"Dockerfile": "FROM {base}\nUSER root\nRUN true\n"},
        {"README.md": "other\n"},
        {".github/workflows/test.yaml": "other\n"},
    ],
    ids=["a file", "a test", "a new file", "the Dockerfile", "a README", "a workflow"],
)
def test_what_may_be_in_the_image_makes_it_another(
    repository: ImageRepository, small_base_image: str, change: dict[str, str]
) -> None:
    candidate(repository)
    repository.commit({name: text.replace("{base}", small_base_image) for name, text in change.items()})
    assert was_built(build(repository))


@pytest.mark.parametrize("name", [".github/workflows/test.yaml", "README.md", ".gitignore", "LICENSE"])
def test_what_is_kept_out_of_the_image_does_not(repository: ImageRepository, name: str) -> None:
    repository.commit({".dockerignore": ".github\nREADME.md\n.gitignore\nLICENSE\n"})
    candidate(repository)
    repository.commit({name: "x\n"})
    assert not was_built(build(repository))


@pytest.mark.parametrize(
    "given",
    [{"build_args": "A=1"}, {"builder": "repo2docker"}, {"labels": "a=b"}, {"repo_dir": "/srv/x"}],
)
def test_another_way_to_build_makes_another_image(repository: ImageRepository, given: dict[str, str]) -> None:
    candidate(repository)
    assert was_built(build(repository, **given))


def test_a_new_base_image_makes_another_image(images: ImageRepository, small_base_image: str) -> None:
    images.image = f"{IMAGE}-{images.folder.parent.name.lower()}"
    base = f"{images.registry.host}/{images.image}-base:1"
    images.commit({"Dockerfile": f"FROM {base}\n"})
    images.commit({"base/Dockerfile": f"FROM {small_base_image}\n"})
    make = {"image": f"{images.image}-base", "context": "base", "tag": "1", "push": "true"}
    assert images.build(**make).status == 0
    login = {"registry_password": images.password}
    # The base is in a registry that wants a password: the one that is given for the image's own registry.
    assert was_built(build(images, **login))
    assert not was_built(build(images, **login))
    assert images.build(labels="new=base", tag_exists="overwrite", **make).status == 0
    images.commit({})
    assert was_built(build(images, **login))


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"hub-image-actions__inputs": "0" * 64}, "it was made of something else"),
        ({CREATED.replace(".", "__"): "2020-01-01T00:00:00+00:00"}, "days old, and its packages with it"),
        ({CREATED.replace(".", "__"): "yesterday"}, "it does not say when it was made"),
        ({CREATED.replace(".", "__"): "2999-01-01T00:00:00+00:00"}, "it does not say when it was made"),
        ({"hub-image-actions__checks": "0" * 64}, "what it passed were other checks"),
    ],
)
def test_an_image_that_does_not_show_what_it_must_is_built_again(
    repository: ImageRepository, labels: dict[str, str], reason: str
) -> None:
    candidate(repository)
    relabel(repository, **labels)
    result = build(repository)
    assert was_built(result)
    assert reason in result.log


def test_an_image_may_be_as_old_as_one_says(repository: ImageRepository) -> None:
    candidate(repository)
    then = datetime.now(timezone.utc) - timedelta(days=20)
    relabel(repository, **{CREATED.replace(".", "__"): then.isoformat(timespec="seconds")})
    assert not was_built(build(repository, reuse_max_age="30"))


@pytest.mark.parametrize("given", [{"force": "true"}, {"reuse": "false"}])
def test_an_image_is_built_again_on_demand(repository: ImageRepository, given: dict[str, str]) -> None:
    candidate(repository)
    assert was_built(build(repository, **given))


def test_a_second_run_of_a_pull_request_builds_nothing(repository: ImageRepository) -> None:
    first = candidate(repository)
    number = repository.remote.pulls[0].number
    again = repository.build_test(
        repository.on_pull_request(number), **{**kept_in(repository), **NO_KEY, "reuse": "true"}
    )
    assert again.status == 0, again.log
    assert not was_built(again)
    (tag,) = kept(repository)
    assert again.outputs["image"] == f"{repository.registry.host}/{candidates(repository)}:{tag}"
    assert first.outputs["reused"] == "false"
    assert "♻️ Nothing was built" in repository.comments(number)[0].body


def test_a_forks_pull_request_pushes_nothing(repository: ImageRepository) -> None:
    event = repository.on_pull_request(repository.pull_request(), "stranger/data100-user-image")
    result = repository.build_test(event, **{**kept_in(repository), **NO_KEY, "reuse": "true"})
    assert result.status == 0, result.log
    assert "The image of a fork's pull request is not kept." in result.said("notice")
    assert tags(repository) == kept(repository) == []


def test_a_candidate_that_cannot_be_kept_is_tested_all_the_same(repository: ImageRepository) -> None:
    event = repository.on_pull_request(repository.pull_request())
    only_reads = {"candidates_username": "reader", "candidates_password": "only reads"}
    result = repository.build_test(event, **{**kept_in(repository), **NO_KEY, "reuse": "true", **only_reads})
    assert result.status == 0, result.log
    (warning,) = result.said("warning")
    assert warning.startswith("The image is built again after the merge, since it cannot be kept.")


def test_a_base_image_of_no_registry_is_no_reason_to_fail(
    images: ImageRepository, small_base_image: str
) -> None:
    images.engine.docker("tag", small_base_image, "127.0.0.1:9/only/here:1")
    images.commit({"Dockerfile": "FROM 127.0.0.1:9/only/here:1\n"})
    result = build(images)
    assert "Whether this image was built before cannot be told." in result.log


def test_an_image_that_failed_its_tests_is_not_kept(images: ImageRepository, jupyter_base_image: str) -> None:
    images.image = f"{IMAGE}-{images.folder.parent.name.lower()}"
    images.commit(
        {
            "Dockerfile": f"FROM {jupyter_base_image}\n",
            "image-tests/test_x.py": "def test_x():\n    assert 0\n",
        }
    )
    event = images.on_pull_request(images.pull_request())
    result = images.build_test(event, **{**kept_in(images), **NO_KEY, "reuse": "true"})
    assert result.status == 1
    assert tags(images) == kept(images) == []


@pytest.mark.parametrize("builder", ["docker", "repo2docker"])
def test_an_engine_that_has_an_older_base_builds_on_the_one_that_counts(
    repository: ImageRepository, small_base_image: str, builder: str
) -> None:
    base = f"{repository.registry.host}/public/{repository.image.rpartition('/')[2]}-{builder}:1"
    repository.engine.docker("tag", small_base_image, base)
    repository.commit({"Dockerfile": f"FROM {base}\n"})
    path = base.partition("/")[2].partition(":")[0]
    repository.registry.push(path, "1", seed_image({"newer": b"yes\n"}, form="docker"))
    result = build(repository, builder=builder)
    built = repository.registry.image_config(repository.image, result.outputs["digest"])
    assert built["rootfs"]["diff_ids"] == repository.registry.image_config(path, "1")["rootfs"]["diff_ids"]
