"""Refusals: what a reader is told of an answer that is an error."""

import json

import pytest

from hub_image_actions.docker.config import Credentials
from hub_image_actions.errors import ManifestMissing
from hub_image_actions.exchange import Response
from hub_image_actions.registry.calls import Actions, Call
from hub_image_actions.registry.refusals import Refusals, named

HOST, WHAT = "quay.io", "quay.io/berkeley/stat20:v1"
ROBOT = Credentials("berkeley+robot", "s3cr3t-pass", source="~/.docker/config.json")


def call(actions: Actions = "pull") -> Call:
    return Call("GET", "berkeley/stat20", "manifests/v1", actions)


def answer(status: int, code: str = "", message: str = "", *, attempts: int = 1) -> Response:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Response(status, body=body, attempts=attempts)


@pytest.mark.parametrize(
    ("credentials", "who"),
    [
        (ROBOT, "the user 'berkeley+robot' of ~/.docker/config.json"),
        (Credentials("robot"), "the user 'robot'"),
        (Credentials(identity_token="t", source="a helper"), "the identity token of a helper"),
    ],
)
def test_credentials_are_named_without_their_secrets(credentials: Credentials, who: str) -> None:
    assert named(credentials) == who


def test_a_password_in_an_answer_is_not_shown() -> None:
    error = Refusals(HOST, ROBOT).of(call(), answer(401, message=f"bad {ROBOT.password}\nsorry"), WHAT)
    assert ROBOT.password not in str(error)
    assert error.problem.endswith("sorry")


@pytest.mark.parametrize(
    ("host", "actions", "right"),
    [
        (HOST, "pull", "the right to read the repository"),
        (HOST, "pull,push", "the right to push to the repository"),
        (HOST, "delete", "the right to delete from the repository"),
        ("us-docker.pkg.dev", "pull", "the role roles/artifactregistry.reader"),
        ("gcr.io", "pull,push", "the role roles/artifactregistry.writer"),
        ("gcr.io.example.org", "pull", "the right to read the repository"),
    ],
)
def test_the_right_that_an_account_lacks_is_told(host: str, actions: Actions, right: str) -> None:
    assert right in Refusals(host, ROBOT).of(call(actions), answer(403), WHAT).remedy


def test_without_a_login_the_remedy_is_one() -> None:
    error = Refusals(HOST, None).of(call(), answer(401), WHAT)
    assert error.remedy.startswith("Log in:")


@pytest.mark.parametrize(("actions", "is_missing"), [("pull", True), ("pull,push", False)])
def test_a_missing_tag_is_no_missing_place_to_push_to(actions: Actions, is_missing: bool) -> None:
    error = Refusals(HOST, ROBOT).of(call(actions), answer(404), WHAT)
    assert isinstance(error, ManifestMissing) is is_missing


@pytest.mark.parametrize(
    ("status", "attempts", "problem", "remedy"),
    [
        (429, 1, "takes no more for now from the user", "Run this again later."),
        (503, 4, "answered 503 to 4 attempts", "Run this again later."),
        (405, 1, f"answered 405 for {WHAT}", "Look at the registry's settings"),
    ],
)
def test_only_what_passes_is_worth_another_run(status: int, attempts: int, problem: str, remedy: str) -> None:
    error = Refusals(HOST, ROBOT).of(call(), answer(status, attempts=attempts), WHAT)
    assert problem in error.problem
    assert error.remedy.startswith(remedy)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"errors": "none"}', b'{"errors": [1]}', b'{"errors": [{"message": []}]}'],
)
def test_an_answer_in_another_form_adds_nothing(body: bytes) -> None:
    error = Refusals(HOST, ROBOT).of(call(), Response(500, body=body), WHAT)
    assert error.problem == f"The registry {HOST} answered 500 for {WHAT}."
