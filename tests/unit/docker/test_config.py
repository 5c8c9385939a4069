"""Which credentials Docker's configuration file holds."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub_image_actions.docker.config import Credentials, DockerConfig
from hub_image_actions.errors import CommandError, RegistryError
from hub_image_actions.process import Completed

SECRET = "s3cr:et"
AUTH = base64.b64encode(f"somebody:{SECRET}".encode()).decode()
HOST = "registry.example.org"
HUB = "https://index.docker.io/v1/"


@dataclass
class Helpers:
    """Answers in place of credential helpers and remembers what it was asked."""

    answer: str | CommandError
    asked: list[tuple[list[str], str]] = field(default_factory=list)

    def __call__(self, command: Sequence[str], *, stdin: str, timeout: float) -> Completed:
        self.asked.append((list(command), stdin))
        if isinstance(self.answer, CommandError):
            raise self.answer
        return Completed(self.answer, "")


def no_helpers(command: Sequence[str], *, stdin: str, timeout: float) -> Completed:
    raise AssertionError(f"{command} was run")


def written(folder: Path, content: Any) -> Path:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / "config.json").write_bytes(text)
    return folder


def found(folder: Path, content: Any, host: str = HOST) -> tuple[str, str, str] | None:
    credentials = DockerConfig.load(written(folder, content), no_helpers).credentials(host)
    if credentials is None:
        return None
    return credentials.username, credentials.password, credentials.identity_token


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"auth": AUTH}, id="auth"),
        pytest.param({"username": "somebody", "password": SECRET}, id="username and password"),
        pytest.param({"auth": AUTH, "username": "other", "password": "other"}, id="auth goes first"),
        pytest.param(
            {"auth": base64.b64encode(f"somebody:{SECRET}\0\0".encode()).decode()}, id="padded with zeros"
        ),
    ],
)
def test_name_and_password_are_read(tmp_path: Path, entry: dict[str, str]) -> None:
    assert found(tmp_path, {"auths": {HOST: entry}}) == ("somebody", SECRET, "")


def test_an_identity_token_goes_before_name_and_password(tmp_path: Path) -> None:
    entry = {
        "auth": base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode(),
        "identitytoken": "t",
    }
    assert found(tmp_path, {"auths": {HOST: entry}}) == ("", "", "t")


@pytest.mark.parametrize(
    ("key", "host"),
    [
        (HOST, HOST),
        (f"https://{HOST}", HOST),
        (f"http://{HOST}/", HOST),
        (f"https://{HOST}/v2/", HOST),
        (f"{HOST}/v1", HOST),
        (HOST.upper(), HOST),
        ("localhost:5000", "localhost:5000"),
        ("http://localhost:5000/v2/", "localhost:5000"),
        (HUB, "docker.io"),
        (HUB, "index.docker.io"),
        ("docker.io", "docker.io"),
        ("https://registry-1.docker.io/v2/", "docker.io"),
    ],
)
def test_a_key_is_found_in_each_form_that_docker_takes(tmp_path: Path, key: str, host: str) -> None:
    assert found(tmp_path, {"auths": {key: {"auth": AUTH}}}, host) == ("somebody", SECRET, "")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({}, id="an empty file"),
        pytest.param(b"", id="a file without a byte"),
        pytest.param({"auths": None}, id="null"),
        pytest.param({"auths": {HOST: {}}}, id="an empty entry"),
        pytest.param({"auths": {f"{HOST}:5000": {"auth": AUTH}}}, id="another port"),
        pytest.param({"auths": {f"other.{HOST}": {"auth": AUTH}}}, id="a longer host"),
        pytest.param({"auths": {"other.example.org": 5}}, id="another registry's entry is malformed"),
    ],
)
def test_there_are_no_credentials(tmp_path: Path, content: Any) -> None:
    assert found(tmp_path, content) is None


def test_without_a_file_there_are_no_credentials(tmp_path: Path) -> None:
    assert DockerConfig.load(tmp_path / "nowhere").credentials(HOST) is None


def test_the_exact_key_goes_before_one_for_the_same_host(tmp_path: Path) -> None:
    other = base64.b64encode(b"other:other").decode()
    auths = {f"https://{HOST}/v1/": {"auth": other}, HOST: {"auth": AUTH}}
    assert found(tmp_path, {"auths": auths}) == ("somebody", SECRET, "")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b'{"auths": {\n"x": s3cr:et}}', "is not JSON", id="no JSON"),
        pytest.param(b"\xff\xfe\xfd", "is not", id="no text"),
        pytest.param([], "the file is not a JSON object", id="a list"),
        pytest.param({"auths": [1]}, "`auths` is not a JSON object", id="auths is a list"),
        pytest.param(
            {"credHelpers": "gcloud"}, "`credHelpers` is not a JSON object", id="credHelpers is a text"
        ),
        pytest.param({"credsStore": 5}, "`credsStore` that is not a text", id="credsStore is a number"),
        pytest.param({"auths": {HOST: "s3cr:et"}}, "the entry for", id="an entry is a text"),
        pytest.param({"auths": {HOST: {"password": 5}}}, "that are no texts", id="a password is a number"),
        pytest.param({"auths": {HOST: {"auth": "s3cr:et"}}}, "in base64", id="auth is not base64"),
        pytest.param(
            {"auths": {HOST: {"auth": base64.b64encode(b"s3cret").decode()}}},
            "in base64",
            id="auth has no colon",
        ),
        pytest.param(
            {"credHelpers": {HOST: "../../bin/sh"}}, "as a credential helper", id="a helper is a path"
        ),
    ],
)
def test_a_malformed_file_is_one_error_with_file_and_remedy(
    tmp_path: Path, content: Any, problem: str
) -> None:
    with pytest.raises(RegistryError) as caught:
        found(tmp_path, content)
    assert problem in caught.value.problem
    assert caught.value.file == str(tmp_path / "config.json")
    assert "docker login" in caught.value.remedy
    assert "s3cr" not in str(caught.value)


def test_the_line_of_a_mistake_in_the_json_is_told(tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        found(tmp_path, b'{"auths": {\n"x": nothing}}')
    assert caught.value.line == 2


def test_a_file_that_is_a_folder_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(RegistryError, match="cannot be read") as caught:
        DockerConfig.load(tmp_path)
    assert "DOCKER_CONFIG" in caught.value.remedy


@pytest.mark.parametrize(
    ("content", "host", "program", "address"),
    [
        pytest.param({"credsStore": "pass"}, HOST, "docker-credential-pass", HOST, id="the store"),
        pytest.param({"credsStore": "pass"}, "docker.io", "docker-credential-pass", HUB, id="Docker Hub"),
        pytest.param(
            {"credsStore": "pass", "credHelpers": {HOST: "gcloud"}},
            HOST,
            "docker-credential-gcloud",
            HOST,
            id="the registry's own",
        ),
        pytest.param(
            {"credsStore": "pass", "auths": {HOST: {"auth": AUTH}}},
            HOST,
            "docker-credential-pass",
            HOST,
            id="the store goes before the file, as with Docker",
        ),
    ],
)
def test_a_credential_helper_is_asked(
    tmp_path: Path, content: Any, host: str, program: str, address: str
) -> None:
    helpers = Helpers(json.dumps({"ServerURL": host, "Username": "u", "Secret": SECRET}))
    credentials = DockerConfig.load(written(tmp_path, content), helpers).credentials(host)
    assert credentials == Credentials("u", SECRET, source=f"`{program}`")
    assert helpers.asked == [([program, "get"], address)]


def test_a_helper_for_another_registry_is_not_asked(tmp_path: Path) -> None:
    content = {"credHelpers": {"gcr.io": "gcloud"}, "auths": {HOST: {"auth": AUTH}}}
    assert found(tmp_path, content) == ("somebody", SECRET, "")


def test_a_helper_marks_an_identity_token_by_its_user_name(tmp_path: Path) -> None:
    helpers = Helpers(json.dumps({"Username": "<token>", "Secret": SECRET}))
    credentials = DockerConfig.load(written(tmp_path, {"credsStore": "x"}), helpers).credentials(HOST)
    assert credentials is not None
    assert (credentials.username, credentials.identity_token) == ("", SECRET)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_helper_that_has_no_credentials_is_no_error(tmp_path: Path, stream: str) -> None:
    streams = {"stdout": "", "stderr": "", stream: "credentials not found in native keychain\n"}
    helpers = Helpers(CommandError("docker-credential-x get", 1, **streams))
    assert DockerConfig.load(written(tmp_path, {"credsStore": "x"}), helpers).credentials(HOST) is None


def test_a_helper_that_answers_nothing_has_no_credentials(tmp_path: Path) -> None:
    helpers = Helpers(json.dumps({"Username": "", "Secret": ""}))
    assert DockerConfig.load(written(tmp_path, {"credsStore": "x"}), helpers).credentials(HOST) is None


def test_a_helper_that_fails_is_named_with_what_it_said(tmp_path: Path) -> None:
    helpers = Helpers(CommandError("docker-credential-x get", 1, "", "no gcloud\nlogin"))
    with pytest.raises(RegistryError, match=r"`docker-credential-x`.*failed: no gcloud login"):
        DockerConfig.load(written(tmp_path, {"credsStore": "x"}), helpers).credentials(HOST)


@pytest.mark.parametrize("answer", ["s3cret", "[]", '{"Username": "s3cret"}', '"s3cret"', ""])
def test_a_helper_that_answers_something_else_is_named_without_its_answer(
    tmp_path: Path, answer: str
) -> None:
    with pytest.raises(RegistryError, match="`docker-credential-x` answered") as caught:
        DockerConfig.load(written(tmp_path, {"credsStore": "x"}), Helpers(answer)).credentials(HOST)
    assert "s3cret" not in str(caught.value)


def test_credentials_show_no_secret() -> None:
    credentials = Credentials("somebody", SECRET, "t0ken")
    assert "s3cr" not in repr(credentials)
    assert "t0ken" not in repr(credentials)
    assert set(credentials.secrets) == {SECRET, "t0ken", AUTH}


def test_the_configuration_shows_no_secret(tmp_path: Path) -> None:
    config = DockerConfig.load(written(tmp_path, {"auths": {HOST: {"auth": AUTH}}}))
    assert AUTH not in repr(config)
