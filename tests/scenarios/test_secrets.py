"""The actions that need no Docker, in a job full of secrets: none comes out, wherever one looks."""

import base64
import json
from pathlib import Path

import pytest
import requests

from local_github import LocalGitHub
from scenarios.action import ROOT, run_action
from scenarios.base_images import BRANCH, BaseImages
from scenarios.deployments import IMAGE_NAME, Deployments
from scenarios.planted_secrets import JOB, SECRETS, Watch, forms, found_in, in_files, on_github, told
from testbed.registry import Registry, TokenAuth
from testbed.token_server import Account


@pytest.fixture
def guarded(tmp_path: Path) -> Registry:
    """A registry with an account for each kind of password."""
    accounts = {f"user{number}": Account(secret.strip()) for number, secret in enumerate(SECRETS.values())}
    return Registry(tmp_path / "registry", auth=TokenAuth(accounts))


def docker_config(folder: Path, registry: Registry, kind: str) -> Path:
    """Return a folder of Docker's configuration with a login."""
    user = f"user{list(SECRETS).index(kind)}"
    auth = base64.b64encode(f"{user}:{SECRETS[kind].strip()}".encode()).decode()
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    return folder


def open_pull_request(github: LocalGitHub, branch: str) -> None:
    """Open a pull request in the image's repository."""
    github.create_user("carol")
    headers = {"Authorization": f"Bearer {github.create_token(login='carol', kind='personal')}"}
    url = f"{github.api_url}/repos/{IMAGE_NAME}/pulls"
    body = {"title": "Kernel", "head": branch, "base": "main"}
    with requests.Session() as session:
        session.trust_env = False
        assert session.post(url, json=body, headers=headers, timeout=30).ok


def test_the_search_finds_what_is_there() -> None:
    for secret in SECRETS.values():
        assert found_in(f"before {secret} after")
        assert found_in(json.dumps({"a": secret}))
    assert not found_in("nothing of the kind")
    assert all(len(form) >= 4 for secret in SECRETS.values() for form in forms(secret))


@pytest.mark.parametrize("kind", SECRETS)
def test_a_bump_keeps_every_kind_of_secret(guarded: Registry, tmp_path: Path, kind: str) -> None:
    with guarded, Deployments(tmp_path / "world", guarded) as world:
        config = docker_config(tmp_path / "docker", guarded, kind)
        result = world.bump({**JOB, "DOCKER_CONFIG": str(config)})
        assert result.notice
        assert not found_in(told(result), world.secrets)
        assert not found_in(on_github(world.repository, world.images), world.secrets)
        assert not found_in(in_files(world.folder), world.secrets)
        assert not found_in("\n".join(world.arguments), world.secrets)


def test_a_bump_that_fails_keeps_them_too(guarded: Registry, tmp_path: Path) -> None:
    with guarded, Deployments(tmp_path / "world", guarded) as world:
        config = docker_config(tmp_path / "docker", guarded, "JSON key")
        world.github.faults.add(kind="refuse-push", path="git-receive-pack", message="no", times=9)
        result = world.bump({**JOB, "DOCKER_CONFIG": str(config)})
        assert result.error
        wrong = world.bump({**JOB, "DOCKER_CONFIG": str(config)}, token=f"{SECRETS['token']}\nx")
        assert wrong.error
        refused = world.bump({**JOB, "DOCKER_CONFIG": str(config)}, token=SECRETS["shell characters"])
        assert refused.error
        for each in (result, wrong, refused):
            assert not found_in(told(each), world.secrets)


def test_a_badge_keeps_every_kind_of_secret(tmp_path: Path) -> None:
    with LocalGitHub(tmp_path / "github") as github:
        repository = github.create_repository(IMAGE_NAME, {"environment.yml": b"x"})
        commit = repository.commit({"a": b"1"}, branch="kernel")
        token = github.create_token(
            login="github-actions[bot]",
            kind="installation",
            permissions={"contents": "write", "pull_requests": "write"},
            repositories=[IMAGE_NAME],
        )
        head = {"ref": "kernel", "sha": commit, "repo": {"full_name": IMAGE_NAME}}
        pull = {
            "number": 1,
            "html_url": "",
            "title": "t",
            "body": "",
            "user": None,
            "state": "open",
            "head": head,
        }
        event = tmp_path / "event.json"
        event.write_text(json.dumps({"pull_request": pull}))
        job = {
            **JOB,
            "GITHUB_API_URL": github.api_url,
            "GITHUB_SERVER_URL": github.server_url,
            "GITHUB_REPOSITORY": IMAGE_NAME,
            "GITHUB_EVENT_PATH": str(event),
        }
        open_pull_request(github, "kernel")
        watch = Watch()
        result = run_action(
            ROOT / "actions/binder-badge", {"token": token}, folder=tmp_path, environ=job, started=watch
        )
        assert result.outputs["comment-id"]
        assert not found_in(told(result), [token])
        assert not found_in(on_github(repository), [token])
        assert not found_in(in_files(tmp_path), [token])
        assert watch.seen
        assert not found_in("\n".join(watch.seen), [token])


def test_a_move_of_base_images_keeps_every_kind_of_secret(guarded: Registry, tmp_path: Path) -> None:
    with guarded, BaseImages(tmp_path / "world", guarded) as world:
        config = docker_config(tmp_path / "docker", guarded, "whole")
        watch = Watch()
        job = {**JOB, **world.environ, "GITHUB_REPOSITORY": "berkeley-dsep-infra/base-python-image"}
        inputs = {"token": world.token, "image": world.image, "tag": world.new}
        inputs |= {"owner": "berkeley-dsep-infra", "topic": "hub-user-image"}
        result = run_action(
            ROOT / "actions/bump-base-image",
            inputs,
            folder=world.folder,
            environ={**job, "DOCKER_CONFIG": str(config)},
            started=watch,
        )
        assert result.status == 0, result.log
        assert world.pulls()
        assert BRANCH in world.repositories["stat20-user-image"].branches()
        assert not found_in(told(result), [world.token])
        assert not found_in(on_github(*world.repositories.values()), [world.token])
        assert not found_in(in_files(world.folder), [world.token])
        assert watch.seen
        assert not found_in("\n".join(watch.seen), [world.token])
        assert not result.left_behind
