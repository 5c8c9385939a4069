"""Steps of pipelines that are written out: which of their settings are read, and from where."""

from collections.abc import Callable
from typing import Any, Literal

import pytest

from hub_image_actions.fleet.migration.configuration import Origin, Reading
from hub_image_actions.fleet.migration.shell_steps import (
    own_step,
    read_app,
    read_build,
    read_deploy,
    read_deployments,
    read_keyless,
    read_login,
)
from hub_image_actions.fleet.migration.steps import Place, kind_of
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile

HEAD = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
BUILD = "jupyterhub/repo2docker-action@master"


def place(step: str) -> Place:
    """Returns a step; its lines are indented as in a list of a job."""
    body = "\n".join(f"        {line}" for line in step.splitlines()).replace("        ", "      - ", 1)
    file = WorkflowFile("a.yaml", f"{HEAD}{body}\n".encode())
    (job,) = file.jobs
    return Place(file, job, job.steps[0], kind_of(job.steps[0]))


def called(action: str, **inputs: str) -> Place:
    lines = [f"  {name.replace('__', '-')}: {value}" for name, value in inputs.items()]
    return place("\n".join([f"uses: {action}", "with:", *lines] if lines else [f"uses: {action}"]))


def values(read: Callable[[Reading, Place], object], *steps: Place) -> dict[str, Any]:
    reading = Reading("o/r", {})
    for step in steps:
        read(reading, step)
    return reading.values


def built(step: Place, purpose: Literal["publish", "test"] = "publish") -> Reading:
    reading = Reading("o/r", {})
    read_build(reading, step, purpose)
    return reading


def test_a_login_is_read_with_the_lines_of_its_inputs() -> None:
    reading = Reading("o/r", {})
    step = called("docker/login-action@v3", registry="a.org", username="me", password="${{secrets.KEY}}")
    assert read_login(reading, step)
    assert reading.values == {
        "registry": "a.org",
        "registry_username": "me",
        "registry_password": "${{ secrets.KEY }}",
    }
    assert reading.origins["registry_username"] == Origin("a.yaml", 9, "username: me")


def test_a_login_to_another_registry_is_none_of_the_images() -> None:
    reading = Reading("o/r", {})
    reading.take("registry", "a.org", Origin("a.yaml", 1, ""))
    assert not read_login(reading, called("docker/login-action@v3", registry="b.org", username="me"))
    assert reading.values == {"registry": "a.org"}


def test_a_password_that_another_step_made_is_not_carried_over() -> None:
    step = called(
        "docker/login-action@v3", registry="a.org", username="me", password="${{ steps.auth.outputs.token }}"
    )
    assert values(read_login, step) == {"registry": "a.org"}


def test_a_login_without_a_key_names_its_provider_and_account() -> None:
    step = called("google-github-actions/auth@v2", workload_identity_provider="p", service_account="s")
    assert values(read_keyless, step) == {"provider": "p", "service_account": "s"}


def test_a_login_to_google_with_a_key_has_it_as_the_password() -> None:
    step = called("google-github-actions/auth@v2", credentials_json="${{ secrets.KEY }}")
    assert values(read_keyless, step) == {"registry_password": "${{ secrets.KEY }}"}


@pytest.mark.parametrize("name", ["client__id", "app__id", "app_id"])
@pytest.mark.parametrize("key", ["private__key", "private_key"])
def test_an_app_is_read_whatever_its_inputs_are_called(name: str, key: str) -> None:
    step = called("actions/create-github-app-token@v1", **{name: "7", key: "k"})
    assert values(read_app, step) == {"app": "7", "private_key": "k"}


def test_deployments_are_read_with_their_branch_and_each_token() -> None:
    step = called(
        "actions/checkout@v4",
        repository="o/datahub",
        ref="staging",
        token="${{ steps.app.outputs.token || secrets.A || secrets.B }}",
    )
    assert values(read_deployments, step) == {
        "deployments": "o/datahub",
        "base_branch": "staging",
        "tokens": ("${{ secrets.A }}", "${{ secrets.B }}"),
    }


def test_a_script_that_deploys_tells_the_author_the_branch_and_the_token() -> None:
    step = place(
        "run: |\n"
        '  git config user.name "A Bot"\n'
        "  git config user.email a@b.org\n"
        "  gh pr create --base staging\n"
        "env:\n"
        "  GH_TOKEN: ${{ secrets.A }}"
    )
    assert values(read_deploy, step) == {
        "author_name": "A Bot",
        "author_email": "a@b.org",
        "base_branch": "staging",
        "tokens": ("${{ secrets.A }}",),
    }


def test_a_base_of_another_command_is_no_branch() -> None:
    assert values(read_deploy, place("run: git push --base staging")) == {}


def test_inputs_of_repo2docker_get_the_names_of_ours() -> None:
    version = "jupyter-repo2docker==2024.7.0"
    read = built(called(BUILD, FORCE_REPO2DOCKER_VERSION=version, NOTEBOOK_USER="me", IMAGE_NAME="a/b"))
    assert read.values == {
        "build": {"repo2docker-version": "2024.7.0", "user-name": "me", "repo-dir": "/home/jovyan"},
        "image": "a/b",
        # Docker's registry is the one that the action pushes to where none is named.
        "registry": "docker.io",
        "publish": {"latest": "true"},
    }


@pytest.mark.parametrize(("off", "published"), [("'true'", {}), ("'false'", {"latest": "true"})])
def test_the_tag_latest_is_kept_unless_it_was_off(off: str, published: dict[str, str]) -> None:
    assert built(called(BUILD, LATEST_TAG_OFF=off)).values.get("publish", {}) == published


@pytest.mark.parametrize(("check", "kept"), [("'true'", "true"), ("'false'", None)])
def test_a_check_of_a_public_registry_is_kept(check: str, kept: str | None) -> None:
    read = built(called(BUILD, PUBLIC_REGISTRY_CHECK=check))
    assert read.values["publish"].get("public-check") == kept


def test_a_test_publishes_nothing_and_has_inputs_of_its_own() -> None:
    read = built(called(BUILD, NOTEBOOK_USER="me"), "test")
    assert read.values == {"test": {"user-name": "me", "repo-dir": "/home/jovyan"}}
    assert read.notes == []


def test_an_input_without_a_counterpart_is_told_with_its_line() -> None:
    (left,) = built(called(BUILD, REPO_DIR="/srv/repo", EXTRA_PIP_INSTALL="nbgitpuller")).left_out
    assert (left.what, left.line) == ("the input `EXTRA_PIP_INSTALL` of repo2docker-action", 9)


def test_what_was_done_for_binder_is_read() -> None:
    read = built(called(BUILD, BINDER_CACHE="'true'", MYBINDERORG_TAG="main"))
    assert (read.values["binder_cache"], read.values["prebuilt"]) == ("true", "main")
    assert read.left_out == []


def test_a_test_does_nothing_for_binder() -> None:
    assert "binder_cache" not in built(called(BUILD, BINDER_CACHE="'true'"), "test").values


def test_options_of_docker_become_inputs_unless_only_the_shell_knows_them() -> None:
    run = "docker build -f 'a/Dockerfile' --platform linux/amd64 --build-arg A=1 --build-arg B=$C ."
    read = built(place(f"run: {run}"))
    assert read.values["build"] == {
        "builder": "docker",
        "dockerfile": "a/Dockerfile",
        "platform": "linux/amd64",
        "build-args": "A=1",
    }
    assert [left.what for left in read.left_out] == ["the build argument B=$C"]


@pytest.mark.parametrize(
    ("shortened", "tag"),
    [
        ("${GITHUB_SHA::8}", "{sha:8}"),
        ("${GITHUB_SHA:0:9}", "{sha:9}"),
        ("$(git rev-parse --short HEAD)", "{sha:7}"),
        ("$(echo $GITHUB_SHA | cut -c1-10)", "{sha:10}"),
        ("${GITHUB_SHA::12}", None),
    ],
)
def test_tags_keep_their_length_where_it_is_not_ours(shortened: str, tag: str | None) -> None:
    read = built(place(f"run: |\n  docker build -t a:{shortened} ."))
    assert read.values.get("publish", {}).get("tag") == tag


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("name: Mine\nrun: make", "Mine"),
        ("uses: o/r@v1", "o/r@v1"),
        ("run: make", "a step without a name"),
    ],
)
def test_a_step_of_the_repositorys_own_is_carried_over_as_it_is_written(step: str, name: str) -> None:
    extra = own_step(place(step), "bump", after=True)
    assert (extra.name, extra.place, extra.after) == (name, "bump", True)
    assert extra.source.splitlines() == [
        f"{'  ' if index else '- '}{line}" for index, line in enumerate(step.splitlines())
    ]
