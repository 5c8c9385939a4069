"""A certificate authority of one's own: named once, it is trusted by every client."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from hub_image_actions.certificates import share_certificates
from hub_image_actions.errors import GitError
from hub_image_actions.exchange import NoAnswer
from hub_image_actions.git import Checkout, Remote, forget_environment
from hub_image_actions.http import Http
from testbed.certificates import Authority
from testbed.loopback import LoopbackServer, QuietHandler

VARIABLES = (
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
)
NAMED = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
ACTIONS = ("binder-badge", "build", "build-test", "bump-base-image", "bump-datahub-tag", "comment-result")


class _Handler(QuietHandler):
    owner: ClassVar["Server"]

    def do_GET(self) -> None:  # noqa: N802 - http.server wants this name
        self.owner.seen.append(self.path)
        self.answer(404)


class Server(LoopbackServer):
    """Has nothing, and says so to whoever trusts it."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    @property
    def https(self) -> str:
        """Its address in https."""
        return f"https://{self.host}"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return Authority(tmp_path)


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    with Server() as server:
        server.encrypt(authority.server_context())
        yield server


def shared(monkeypatch: pytest.MonkeyPatch, **named: str) -> None:
    """Set variables, and what follows from them, until the test is over."""
    environ = dict(named)
    share_certificates(environ)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


def read_by_git(server: Server, folder: Path) -> str:
    """Return what git says of a repository that is not there."""
    folder.mkdir()
    with pytest.raises(GitError) as raised:
        Checkout(folder, Remote(f"{server.https}/a/b"), sleep=lambda _: None).clone("main", ["x"])
    return str(raised.value)


@pytest.mark.parametrize("variable", NAMED)
def test_our_requests_trust_what_any_variable_names(
    server: Server, authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with Http() as http:
        with pytest.raises(NoAnswer, match="its certificate is not trusted"):
            http.request("GET", server.https)
        shared(monkeypatch, **{variable: str(authority.file)})
        assert http.request("GET", server.https).status == 404


@pytest.mark.parametrize("variable", NAMED)
def test_git_trusts_what_any_variable_names(
    server: Server, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    said = read_by_git(server, tmp_path / "before")
    assert "certificate" in said
    assert "REQUESTS_CA_BUNDLE or SSL_CERT_FILE" in said
    assert server.seen == []
    shared(monkeypatch, **{variable: str(authority.file)})
    forget_environment(os.environ)
    assert "There is no such repository" in read_by_git(server, tmp_path / "after")
    assert server.seen == ["/a/b/info/refs?service=git-upload-pack"]


@pytest.mark.parametrize("variable", NAMED)
def test_pip_trusts_what_any_variable_names(
    server: Server, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    shared(monkeypatch, **{variable: str(authority.file)})
    command = [sys.executable, "-I", "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
    # pip's own variable for where it looks; isolated Python reads it as well.
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.https}/simple")
    asked = [*command, "--retries=0", "hub-nothing"]
    subprocess.run(asked, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert server.seen == ["/simple/hub-nothing/"]


def test_a_folder_of_certificates_is_one_for_git_too(
    server: Server, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "trusted"
    folder.mkdir()
    (folder / "authority.pem").write_bytes(authority.file.read_bytes())
    subprocess.run(["openssl", "rehash", str(folder)], check=True, capture_output=True, timeout=30)
    shared(monkeypatch, SSL_CERT_DIR=f"{tmp_path / 'none'}:{folder}")
    with Http() as http:
        assert http.request("GET", server.https).status == 404
    assert "There is no such repository" in read_by_git(server, tmp_path / "clone")


@pytest.mark.parametrize(
    ("named", "bundle"),
    [
        ({}, None),
        ({"SSL_CERT_FILE": "", "SSL_CERT_DIR": "/none"}, None),
        ({"SSL_CERT_FILE": "/s", "REQUESTS_CA_BUNDLE": "/r", "CURL_CA_BUNDLE": "/c"}, "/r"),
        ({"SSL_CERT_FILE": "/s", "REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "/c"}, "/c"),
        ({"SSL_CERT_FILE": "/s", "SSL_CERT_DIR": "/"}, "/s"),
    ],
)
def test_of_several_variables_the_one_counts_that_requests_heeds_first(
    named: dict[str, str], bundle: str | None
) -> None:
    environ = dict(named)
    share_certificates(environ)
    expected = {"REQUESTS_CA_BUNDLE": bundle, "GIT_SSL_CAINFO": bundle} if bundle else {}
    assert environ == {**named, **expected}


@pytest.mark.parametrize("variable", ["GIT_SSL_CAINFO", "GIT_SSL_CAPATH"])
def test_what_is_said_to_git_alone_stays(variable: str) -> None:
    environ = {"SSL_CERT_FILE": "/s", variable: "/g"}
    share_certificates(environ)
    assert environ == {"SSL_CERT_FILE": "/s", "REQUESTS_CA_BUNDLE": "/s", variable: "/g"}


def test_a_command_trusts_what_a_variable_names(server: Server, authority: Authority, root: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environ |= {"GITHUB_API_URL": server.https, "GITHUB_SERVER_URL": server.https, "GITHUB_TOKEN": "x"}
    command = [str(root / "scripts/doctor"), "a/b"]
    choices: list[dict[str, str]] = [{}, {"SSL_CERT_FILE": str(authority.file)}]
    for trusted in choices:
        subprocess.run(command, env={**environ, **trusted}, capture_output=True, timeout=60, check=False)
        assert bool(server.seen) is bool(trusted)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_shares_the_certificates_before_it_asks_anybody(root: Path, action: str) -> None:
    main = (root / "actions" / action / "main.py").read_text().partition("def main() -> int:")[2]
    assert 0 < main.find("share_certificates(os.environ)") < main.find("Runner(")
