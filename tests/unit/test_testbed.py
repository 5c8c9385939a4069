"""The parts of the test bed that need no program: what they get wrong, every test above them gets wrong."""

import gzip
import json
import os
import socket
from pathlib import Path

import jwt
import pytest
import requests

from testbed import debian, engine_programs
from testbed.engine_programs import major_version, newer_programs
from testbed.fault_proxy import Answer, Fault, FaultProxy, Reset, Truncated
from testbed.process import Daemon, ProgramError, run
from testbed.seed_image import Format, seed_image, seed_index, sha256, with_layer
from testbed.token_server import Account, TokenServer

DEB822 = """Types: deb
URIs: http://archive.test/security
Suites: bookworm-security
Components: main

Types: deb
# a comment
URIs: http://archive.test/debian
Suites: bookworm bookworm-updates
Components: main
"""
ONE_LINE = "deb [signed-by=/k.gpg] http://archive.test/debian bookworm main\n"


@pytest.mark.parametrize("form", ["oci", "docker"])
def test_a_seed_image_names_its_blobs_by_their_digests(form: Format) -> None:
    image = seed_image({"a": b"b"}, form=form, config={"Labels": {"x": "y"}})
    manifest = json.loads(image.manifest)
    layer = image.blobs[manifest["layers"][0]["digest"]]
    config = json.loads(image.blobs[image.config_digest])
    assert config["rootfs"]["diff_ids"] == [sha256(gzip.decompress(layer))]
    assert config["config"]["Labels"] == {"x": "y"}


def test_a_seed_image_is_the_same_every_time() -> None:
    assert seed_image().digest == seed_image().digest


def test_a_layer_may_be_put_on_top_of_an_image() -> None:
    image = with_layer(seed_image({"a": b"b"}, form="docker"), {"etc/passwd": b"root"})
    layers = json.loads(image.manifest)["layers"]
    config = json.loads(image.blobs[image.config_digest])
    unpacked = [sha256(gzip.decompress(image.blobs[layer["digest"]])) for layer in layers]
    assert config["rootfs"]["diff_ids"] == unpacked
    assert len(image.blobs) == len(layers) + 1 == len(config["history"]) + 1 == 3


def test_an_index_lists_its_platforms() -> None:
    body, media_type = seed_index([seed_image(), seed_image(architecture="arm64")])
    assert [entry["platform"]["architecture"] for entry in json.loads(body)["manifests"]] == [
        "amd64",
        "arm64",
    ]
    assert media_type == "application/vnd.oci.image.index.v1+json"


@pytest.mark.parametrize(("name", "text"), [("debian.sources", DEB822), ("debian.list", ONE_LINE)])
def test_the_archive_is_the_one_of_the_machines_own_release(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / name).write_text(text)
    (tmp_path / "release").write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    monkeypatch.setattr(debian, "SOURCES", tmp_path)
    monkeypatch.setattr(debian, "RELEASE", tmp_path / "release")
    assert debian.archive_url() == "http://archive.test/debian"


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("Docker version 20.10.24+dfsg1, build 5d6db84", 20),
        ("Docker version 29.1.0, build 1234567", 29),
        (None, 0),
    ],
)
def test_of_a_program_of_docker_the_first_number_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None, version: int
) -> None:
    if answer:
        (tmp_path / "dockerd").write_text(f"#!/bin/sh\necho '{answer}'\n")
        (tmp_path / "dockerd").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert major_version("dockerd") == version


def test_an_engine_whose_programs_cannot_be_fetched_is_an_error_and_no_skip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unpacked(package: str, suite: str) -> Path:
        raise ProgramError(f"{package}: not in {suite}")

    monkeypatch.setattr(engine_programs, "unpacked", unpacked)
    monkeypatch.setattr(engine_programs, "major_version", lambda _: 20)
    with pytest.raises(ProgramError, match=r"docker\.io: not in forky"):
        newer_programs(tmp_path)


def test_an_engine_of_the_machine_that_is_new_enough_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_programs, "major_version", lambda _: 28)
    assert newer_programs(tmp_path) == os.environ["PATH"]
    assert not list(tmp_path.iterdir())


def test_a_fault_is_met_as_often_as_it_says() -> None:
    with FaultProxy("127.0.0.1:9") as proxy:
        proxy.fail(Answer(503), method="GET", path=r"/tags/list$", times=2)
        met = [proxy.failure_for("GET", "/v2/a/tags/list") for _ in range(3)]
    assert met == [Answer(503), Answer(503), None]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v2/a/manifests/1"), ("PUT", "/v2/a/blobs/1")])
def test_a_fault_lets_other_requests_pass(method: str, path: str) -> None:
    assert not Fault(Reset(), "PUT", "/manifests/").matches(method, path)


def test_who_tries_tls_is_told_that_it_is_not_spoken() -> None:
    with FaultProxy("127.0.0.1:9") as proxy:
        host, _, port = proxy.host.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(b"\x16\x03\x01\x00\x02\n\n")
            assert connection.recv(12) == b"HTTP/1.1 400"


def test_a_proxy_cuts_an_answer_off() -> None:
    with TokenServer({}) as behind, FaultProxy(behind.url) as proxy:
        proxy.fail(Truncated(after=5))
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{proxy.url}/token", timeout=10)


@pytest.mark.parametrize(
    ("name", "password", "scope", "actions"),
    [
        ("writer", "w", "repository:demo/x:push,pull", ["pull", "push"]),
        ("writer", "w", "repository:other/x:push,pull", []),
        ("reader", "r", "repository:demo/x:push,pull", ["pull"]),
        ("", "", "repository:public/x:push,pull", ["pull"]),
        ("", "", "repository:demo/x:pull", []),
    ],
)
def test_a_token_grants_what_the_account_may_do(
    name: str, password: str, scope: str, actions: list[str]
) -> None:
    accounts = {"writer": Account("w", repositories=("demo/*",)), "reader": Account("r", frozenset({"pull"}))}
    with TokenServer(accounts, ("public/*",)) as server:
        token = server.token(name, password, (scope,))
        public_key = server.key.key.public_key()
    assert token is not None
    access = jwt.decode(token, public_key, algorithms=["RS256"], audience="testbed-registry")["access"]
    assert [action for granted in access for action in granted["actions"]] == actions


def test_a_wrong_password_gets_no_token() -> None:
    with TokenServer({"writer": Account("w")}) as server:
        assert requests.get(f"{server.url}/token", auth=("writer", "x"), timeout=10).status_code == 401
        assert [request.status for request in server.requests] == [401]


def test_a_command_that_takes_too_long_is_ended() -> None:
    with pytest.raises(ProgramError, match=r"not done after 0\.2 s"):
        run(["sh", "-c", "sleep 30 & wait"], seconds=0.2)


def test_a_daemon_that_ends_early_says_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with (
        Daemon(["sh", "-c", "echo no such thing; exit 3"], log) as daemon,
        pytest.raises(ProgramError, match="no such thing"),
    ):
        daemon.wait_until(lambda: False, seconds=10)
