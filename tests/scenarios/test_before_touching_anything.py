"""What is checked before anything is touched, and the errors that say what to do."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenarios.action import PYTHON
from scenarios.deployments import IMAGE_PATH, NAME, Deployments
from testbed.fault_proxy import FaultProxy
from testbed.registry import BasicAuth, Registry, TokenAuth
from testbed.seed_image import seed_image
from testbed.token_server import Account

USER, PASSWORD = "_json_key", "a-secret-that-nobody-may-see"
Arrange = Callable[[Deployments], dict[str, str]]


def untouched(world: Deployments) -> bool:
    """Say whether nothing was written, not even tried."""
    return set(world.repository.branches()) == {"staging"} and not world.repository.pulls


# ---- the token and the repository


def no_token(_: Deployments) -> dict[str, str]:
    return {"token": ""}


def revoked(world: Deployments) -> dict[str, str]:
    world.github.revoke_token(world.token)
    return {}


def of_another_repository(world: Deployments) -> dict[str, str]:
    world.repository.private = True
    return {"token": world.new_token(repositories=["somebody/else"])}


def without(permission: str) -> Arrange:
    def arrange(world: Deployments) -> dict[str, str]:
        permissions = {"contents": "write", "pull_requests": "write"} | {permission: "read"}
        return {"token": world.new_token(permissions=permissions)}

    return arrange


def persons_without(permission: str) -> Arrange:
    def arrange(world: Deployments) -> dict[str, str]:
        permissions = {"contents": "write", "pull_requests": "write"} | {permission: "read"}
        return {"token": world.new_token(login="alice", kind="personal", permissions=permissions)}

    return arrange


def missing_repository(_: Deployments) -> dict[str, str]:
    return {"repository": "berkeley-dsep-infra/nothub"}


def archived(world: Deployments) -> dict[str, str]:
    world.repository.archived = True
    return {}


def missing_branch(_: Deployments) -> dict[str, str]:
    return {"base_branch": "staqing"}


def missing_path(_: Deployments) -> dict[str, str]:
    return {"paths": "hubs"}


def missing_one_of_two_paths(_: Deployments) -> dict[str, str]:
    return {"paths": "deployments\nhubs"}


def link_out_of_the_tree(world: Deployments) -> dict[str, str]:
    world.repository.commit({"outside": ("120000", b"/etc")})
    return {"paths": "outside"}


def link_up(world: Deployments) -> dict[str, str]:
    world.repository.commit({"outside": ("120000", b"../..")})
    return {"paths": "outside"}


def base_as_branch(_: Deployments) -> dict[str, str]:
    return {"branch": "staging"}


@pytest.mark.parametrize(
    ("arrange", "said"),
    [
        pytest.param(no_token, ["`token`", "required", "GitHub App"], id="no token"),
        pytest.param(revoked, ["401", "wrong or expired", "store a new one"], id="revoked token"),
        pytest.param(of_another_repository, ["404", "token covers the repository"], id="other repository's"),
        pytest.param(without("contents"), ["403", "Contents: read and write"], id="may not push"),
        pytest.param(without("pull_requests"), ["403", "Pull requests: read and write"], id="may not open"),
        pytest.param(
            persons_without("contents"), ["403", "Contents: read and write"], id="person may not push"
        ),
        pytest.param(
            persons_without("pull_requests"),
            ["403", "Pull requests: read and write"],
            id="person may not open",
        ),
        pytest.param(missing_repository, ["nothub", "404", "Check the name"], id="no repository"),
        pytest.param(archived, [f"{NAME} is archived", "Unarchive"], id="archived"),
        pytest.param(missing_branch, ["'staqing'", "`base-branch`"], id="no base branch"),
        pytest.param(missing_path, ["'hubs'", "`paths`", NAME], id="no such path"),
        pytest.param(missing_one_of_two_paths, ["'hubs'", "`paths`", NAME], id="one path missing"),
        pytest.param(link_out_of_the_tree, ["'outside'", "out of"], id="link out of the tree"),
        pytest.param(link_up, ["'outside'", "out of"], id="relative link out of the tree"),
        pytest.param(base_as_branch, ["`branch`", "base branch"], id="the base as branch"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_touched(
    deployments: Deployments, arrange: Arrange, said: list[str]
) -> None:
    error = deployments.bump(**arrange(deployments)).error
    assert [word for word in said if word not in error] == [], error
    assert str(deployments.folder) not in error
    assert untouched(deployments)


def test_a_missing_image_is_said_before_the_clone(deployments: Deployments) -> None:
    assert deployments.bump(tag="nosuchtag").error
    assert "POST git-upload-pack" not in deployments.calls()


def test_all_wrong_inputs_are_named_at_once(deployments: Deployments) -> None:
    result = deployments.bump(tag="a b", branch="a..b", draft="maybe", token="", api_url="ftp://x")
    named = [message.split("`")[1] for message in result.said("error")]
    assert named == ["tag", "token", "branch", "draft", "api-url"]
    assert deployments.calls() == []


def test_a_link_inside_the_tree_is_followed(deployments: Deployments) -> None:
    hubs = deployments.repository.paths("staging")
    moved: dict[str, Any] = {
        path.replace("deployments/", "hubs/", 1): deployments.repository.read("staging", path)
        for path in hubs
        if path.startswith("deployments/")
    }
    gone = dict.fromkeys(path for path in hubs if path.startswith("deployments/"))
    deployments.repository.commit({**gone})
    deployments.repository.commit({**moved, "deployments": ("120000", b"hubs")})
    result = deployments.bump()
    assert result.outputs["files"].startswith("hubs/data100/hubploy.yaml\n")
    assert deployments.open_pulls()


def test_a_link_below_the_paths_is_left_alone(deployments: Deployments) -> None:
    deployments.repository.commit({"deployments/linked": ("120000", b"../docs")})
    assert deployments.bump().notice
    assert deployments.files(deployments.branch)["deployments/linked"] == "../docs"


# ---- the image


def test_a_tag_that_is_not_there_is_an_error_and_no_pull_request(deployments: Deployments) -> None:
    error = deployments.bump(tag="nosuchtag").error
    assert "nosuchtag" in error
    assert untouched(deployments)


def test_a_registry_that_is_down_is_an_error(deployments: Deployments, registry: Registry) -> None:
    with FaultProxy(registry.url) as proxy:
        down = proxy.host
    error = deployments.bump(image=f"{down}/{IMAGE_PATH}").error
    assert down in error
    assert "refused" in error
    assert untouched(deployments)


def test_another_digest_than_the_one_given_is_an_error(deployments: Deployments) -> None:
    error = deployments.bump(digest=f"sha256:{'a' * 64}").error
    assert f"has the digest {deployments.digest}, not sha256:aaa" in error
    assert untouched(deployments)


def test_the_digest_of_the_tag_will_do(deployments: Deployments) -> None:
    assert deployments.bump(digest=deployments.digest).notice


def test_without_verify_image_the_registry_is_not_asked(deployments: Deployments) -> None:
    deployments.bump(verify_image="false", tag="nosuchtag")
    assert "update-data100-image-tag-nosuchtag" in deployments.repository.branches()


BASIC = BasicAuth({USER: PASSWORD})
BEARER = TokenAuth({USER: Account(PASSWORD)})


@pytest.fixture(params=[pytest.param(BASIC, id="Basic"), pytest.param(BEARER, id="Bearer")])
def private(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A registry that wants credentials, with the image."""
    with Registry(tmp_path / "private", auth=request.param) as running:
        yield running


def docker_config(folder: Path, content: dict[str, Any]) -> dict[str, str]:
    """Write Docker's configuration and return the environment that leads to it."""
    (folder / "docker").mkdir()
    (folder / "docker" / "config.json").write_text(json.dumps(content))
    return {"DOCKER_CONFIG": str(folder / "docker")}


def entry(password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{USER}:{password}".encode()).decode()}


def bump_private(world: Deployments, private: Registry, environ: dict[str, str]) -> Any:
    """Bump an image of the private registry."""
    private.push(IMAGE_PATH, world.new, seed_image())
    world.secrets.add(PASSWORD)
    image = f"{private.host}/{IMAGE_PATH}"
    world.repository.commit({"deployments/private/hubploy.yaml": f"image: {image}:{world.old}\n".encode()})
    return world.bump(environ, image=image)


def test_credentials_come_from_dockers_configuration(
    deployments: Deployments, private: Registry, tmp_path: Path
) -> None:
    environ = docker_config(tmp_path, {"auths": {private.host: entry(PASSWORD)}})
    assert bump_private(deployments, private, environ).notice


def test_credentials_come_from_a_credential_helper(
    deployments: Deployments, private: Registry, tmp_path: Path
) -> None:
    helper = tmp_path / "helpers" / "docker-credential-test"
    helper.parent.mkdir()
    answer = json.dumps({"ServerURL": private.host, "Username": USER, "Secret": PASSWORD})
    helper.write_text(
        f"#!/bin/sh\nread -r host\n[ \"$1 $host\" = 'get {private.host}' ] && echo '{answer}'\n"
    )
    helper.chmod(0o755)
    environ = docker_config(tmp_path, {"credHelpers": {private.host: "test"}})
    environ["PATH"] = f"{helper.parent}:/usr/bin:/bin"
    python = tmp_path / "helpers" / "python3"
    python.symlink_to(PYTHON)
    assert bump_private(deployments, private, environ).notice


@pytest.mark.parametrize("password", ["wrong", ""], ids=["wrong", "none"])
def test_credentials_that_are_wrong_or_missing_are_an_error(
    deployments: Deployments, private: Registry, tmp_path: Path, password: str
) -> None:
    auths = {private.host: entry(password)} if password else {}
    error = bump_private(deployments, private, docker_config(tmp_path, {"auths": auths})).error
    assert private.host in error
    assert untouched(deployments)


def test_a_title_that_github_would_not_take_is_refused_before_anything_is_pushed(
    deployments: Deployments,
) -> None:
    assert "has 300 characters" in deployments.bump(title="x" * 300).error
    assert untouched(deployments)


# ---- only checking, before a long build


def test_check_only_finds_nothing_wrong_and_touches_nothing(deployments: Deployments) -> None:
    result = deployments.bump(check_only="true", tag="")
    assert "can be bumped; nothing was changed" in result.notice
    assert result.outputs["changed"] == "false"
    assert untouched(deployments)


@pytest.mark.parametrize("arrange", [no_token, revoked, without("contents"), without("pull_requests")])
def test_check_only_finds_a_token_that_would_not_do(arrange: Arrange, deployments: Deployments) -> None:
    assert deployments.bump(check_only="true", tag="", **arrange(deployments)).status == 1
    assert untouched(deployments)
