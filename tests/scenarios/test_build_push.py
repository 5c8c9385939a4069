"""The push: tried again where that is worth it, checked in the registry, never before tests passed."""

import pytest

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


def test_a_failure_that_stays_is_one_error(repository: ImageRepository) -> None:
    with FaultProxy(repository.registry.url) as proxy:
        proxy.fail(Answer(503), method="PUT", path=r"/manifests/", times=99)
        result = repository.build(registry=proxy.host, push="true")
    assert "could not be pushed in 4 attempts: " in result.error
    assert "503" in result.error
    assert result.outputs["pushed"] == "false"
    assert result.outputs["digest"] == ""


def test_a_refusal_is_not_tried_again(repository: ImageRepository) -> None:
    with FaultProxy(repository.registry.url) as proxy:
        denied = b'{"errors":[{"code":"DENIED","message":"Permission to upload artifacts denied"}]}'
        proxy.fail(Answer(403, body=denied), method="PUT", path=r"/manifests/", times=99)
        result = repository.build(registry=proxy.host, push="true")
        assert len(proxy.seen("PUT", "/manifests/")) == 1
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
