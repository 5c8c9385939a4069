"""The push: tried again where that is worth it, checked in the registry, never before tests passed."""

import re

import pytest

from scenarios.candidates import build, ever_new, tags, was_built
from scenarios.engines import on_both_engines
from scenarios.images import IMAGE, ImageRepository
from testbed.fault_proxy import Answer, FaultProxy, Reset


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository that could be built and pushed."""
    images.commit({"Dockerfile": f"FROM {small_base_image}\n"})
    return images


@pytest.mark.parametrize("fault", [Answer(500), Reset(), Reset(forwarded=True)], ids=str)
def test_a_passing_failure_is_tried_again(repository: ImageRepository, fault: Answer | Reset) -> None:
    with FaultProxy(repository.registry.url) as proxy:
        proxy.fail(fault, method="PUT", path=r"/manifests/", times=2)
        result = repository.build(registry=proxy.host, push="true", latest="true")
        assert result.status == 0, result.log
        digest = repository.registry.digest(IMAGE, repository.head[:12])
    assert result.outputs["digest"] == digest == repository.registry.digest(IMAGE, "latest")
    assert len(result.said("warning")) == 2


@on_both_engines
def test_a_failure_that_stays_is_one_error(repository: ImageRepository) -> None:
    with FaultProxy(repository.registry.url) as proxy:
        proxy.fail(Answer(503), method="PUT", path=r"/manifests/", times=99)
        result = repository.build(registry=proxy.host, push="true")
    assert "could not be pushed in 4 attempts: " in result.error
    # Newer engines tell the registry's words alone.
    assert re.search("503|a fault of the test bed", result.error)
    assert result.outputs["pushed"] == "false"
    assert result.outputs["digest"] == ""


@on_both_engines
def test_a_refusal_is_not_tried_again(repository: ImageRepository) -> None:
    with FaultProxy(repository.registry.url) as proxy:
        denied = b'{"errors":[{"code":"DENIED","message":"Permission to upload artifacts denied"}]}'
        proxy.fail(Answer(403, body=denied), method="PUT", path=r"/manifests/", times=99)
        result = repository.build(registry=proxy.host, push="true")
    # One push sends several manifests where there is an attestation.
    assert result.log.count("$ docker push ") == 1
    assert "the right to write to the repository" in result.error


def test_everybody_may_pull_a_public_image(repository: ImageRepository) -> None:
    repository.image = "public/data100-user-image"
    result = repository.build(push="true", public_check="true")
    assert result.status == 0, result.log
    assert "Everybody may pull it." in result.log


def test_an_image_that_is_not_public_is_told(repository: ImageRepository) -> None:
    result = repository.build(push="true", public_check="true", tag="private")
    assert "was pushed, but not everybody may pull it." in result.error
    assert "`allUsers`" in result.error
    assert result.outputs["pushed"] == "true"
    assert repository.registry.digest(IMAGE, "private") == result.outputs["digest"]


def test_logins_made_before_are_used_where_no_password_is_given(repository: ImageRepository) -> None:
    folder = str(repository.home / ".docker")
    who = ("--username", "_json_key", "--password", repository.password)
    repository.engine.docker("login", *who, repository.registry.host, DOCKER_CONFIG=folder)
    result = repository.build(push="true", registry_password="", tag="login")
    assert result.status == 0, result.log
    assert repository.registry.digest(IMAGE, "login") == result.outputs["digest"]


@pytest.fixture
def other_each_time(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository whose image is another each time that it is built."""
    return ever_new(images, small_base_image)


@pytest.mark.parametrize("reuse", ["true", "false"])
def test_a_second_run_takes_what_the_first_pushed(other_each_time: ImageRepository, reuse: str) -> None:
    first = build(other_each_time, reuse=reuse, latest="true")
    second = build(other_each_time, reuse=reuse, latest="true", reuse_max_age="0")
    assert was_built(first)
    assert not was_built(second)
    assert second.outputs["reused"] == "true"
    names = ("image", "tag", "digest", "pushed")
    assert [second.outputs[name] for name in names] == [first.outputs[name] for name in names]


@pytest.mark.parametrize("reuse", ["true", "false"])
def test_an_image_that_hubs_may_run_is_not_replaced_by_another(
    other_each_time: ImageRepository, reuse: str
) -> None:
    repository = other_each_time
    before = build(repository, reuse=reuse, tag="1.4.0", latest="true").outputs["digest"]
    repository.commit({"apt.txt": "git\n"})
    again = repository.build(reuse=reuse, push="true", tag="1.4.0", latest="true")
    assert not was_built(again)
    assert f":1.4.0 exists ({before}) and is not what this build makes" in again.error
    assert "`tag-exists: overwrite` replaces it" in again.error
    assert again.outputs["pushed"] == "false"
    assert {repository.registry.digest(repository.image, tag) for tag in ("1.4.0", "latest")} == {before}
    replaced = build(repository, reuse=reuse, tag="1.4.0", tag_exists="overwrite")
    assert repository.registry.digest(repository.image, "1.4.0") == replaced.outputs["digest"] != before


def test_of_further_tags_only_those_of_one_image_stay_where_they_are(
    other_each_time: ImageRepository,
) -> None:
    repository, moving = other_each_time, ("latest", "stable", "main")
    given = {"latest": "true", "extra_tags": "stable\n{ref_name}"}
    before = build(repository, **given).outputs["digest"]
    repository.commit({"apt.txt": "git\n"})
    after = build(repository, **given).outputs["digest"]
    assert before != after
    assert {repository.registry.digest(repository.image, tag) for tag in moving} == {after}
    build(repository, force="true", extra_tags="2.0.0")
    taken = repository.build(push="true", force="true", extra_tags="2.0.0")
    assert ":2.0.0 exists" in taken.error


def test_a_tag_that_appears_during_the_build_is_not_replaced(other_each_time: ImageRepository) -> None:
    repository = other_each_time
    before = build(repository, tag="earlier").outputs["digest"]
    repository.commit({"apt.txt": "git\n"})
    with FaultProxy(repository.registry.url) as proxy:
        # Before the build the tag seems not to be there: a manifest, without and with login, and a digest,
        # for which a manifest is asked where HEAD says nothing.
        unknown = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
        proxy.fail(Answer(404, body=unknown), path=r"/manifests/earlier", times=4)
        result = repository.build(registry=proxy.host, reuse="true", push="true", tag="earlier")
    assert was_built(result)
    assert ":earlier exists" in result.error
    assert repository.registry.digest(repository.image, "earlier") == before


def test_a_forced_build_gets_a_tag_of_its_own_each_time(other_each_time: ImageRepository) -> None:
    repository = other_each_time
    first = build(repository)
    forced = [build(repository, force="true") for _ in range(3)]
    named = [result.outputs["tag"] for result in forced]
    assert re.fullmatch(rf"{repository.head[:12]}-\d{{4}}-\d\d-\d\d", named[0])
    assert named[1:] == [f"{named[0]}-2", f"{named[0]}-3"]
    assert all(was_built(result) for result in forced)
    assert len({result.outputs["digest"] for result in (first, *forced)}) == 4
    assert set(named) < set(tags(repository))
    assert [result.outputs["image"].rpartition(":")[2] for result in forced] == named
    kept = repository.registry.digest(repository.image, repository.head[:12])
    assert kept == first.outputs["digest"]
