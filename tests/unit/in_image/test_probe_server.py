"""What the probe makes of a server: its answers, its page, its kernels and what the image has."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from hub_image_actions.in_image import probe_server
from hub_image_actions.in_image.probe_server import Problem, first_words, module, outcome, shown

PREFIX = "/user/jovyan/"
PAGE = (
    '<script src="/user/jovyan/static/a.js"></script><script src="https://elsewhere.example/b.js"></script>'
)


class Jupyter:
    """A server that answers what it is told to, and nothing else; its kernel says one thing to each cell."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {
            "api": (200, "{}"),
            "lab": (200, PAGE),
            "static/a.js": (200, ""),
            "api/kernelspecs": (200, '{"kernelspecs": {"python3": {"spec": {"language": "python"}}}}'),
            "api/kernels": (201, '{"id": "k1"}'),
            "api/kernels/k1": (200, '{"execution_state": "idle"}'),
        }
        self.reply: dict[str, Any] = {"msg_type": "execute_reply", "content": {"status": "ok"}}
        self.port = 0
        self.asked: list[str] = []
        self.codes: list[str] = []

    def application(self) -> Application:
        server = self

        class Plain(RequestHandler):
            def answer(self) -> None:
                path = self.request.path.removeprefix(PREFIX)
                server.asked.append(f"{self.request.method} {path}")
                status, body = server.answers.get(path, (404, "none"))
                self.set_status(status)
                self.set_header("X-JupyterHub-Version", "5.3.0")
                self.write(body)

            get = post = delete = answer

        class Channels(WebSocketHandler):
            def on_message(self, message: str | bytes) -> None:
                server.codes.append(json.loads(message)["content"]["code"])
                self.write_message(json.dumps(server.reply))

        return Application(
            [(f"{PREFIX}api/kernels/k1/channels", Channels), (".*", Plain)], log_function=print
        )


@pytest.fixture
def server() -> Iterator[Jupyter]:
    """A server where a hub looks for it, which is not at a loopback address."""
    jupyter = Jupyter()
    (bound,) = bind_sockets(0, socket.gethostbyname(socket.gethostname()))
    jupyter.port = bound.getsockname()[1]
    begun, stop = threading.Event(), []

    async def serve() -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        http = HTTPServer(jupyter.application())
        http.add_socket(bound)
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        begun.set()
        await stopped.wait()
        http.stop()
        await http.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    begun.wait()
    yield jupyter
    stop[0]()
    thread.join()


def probe(server: Jupyter, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Runs the probe as the hub check does; returns its status and what it tells."""
    facts = {"port": 1, "server_port": server.port, "prefix": PREFIX, "token": "t", "default_url": "/lab"}
    done = subprocess.run(
        [sys.executable, "-B", probe_server.__file__, *arguments],
        env={"HUB_CHECK": json.dumps(facts), "http_proxy": "http://127.0.0.1:1"},
        stdout=subprocess.PIPE,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("status", [200, 302, 404])
def test_a_server_is_ready_with_any_answer_that_is_no_error_of_its_own(server: Jupyter, status: int) -> None:
    server.answers["api"] = (status, "")
    assert probe(server, "ready", "5") == (0, [{"event": "ready", "version": "5.3.0"}])


def test_a_server_that_fails_is_waited_for_and_it_is_told_where_it_listens(server: Jupyter) -> None:
    server.answers["api"] = (503, "")
    status, (told,) = probe(server, "ready", "0.2")
    assert (status, told["event"], told["said"]) == (0, "waiting", "it answers 503")
    assert str(server.port) in {address.rpartition(":")[2] for address in told["listening"]}


def test_the_page_and_each_kernel_are_used(server: Jupyter) -> None:
    status, (page, kernel) = probe(server, "use", "5")
    assert (status, page) == (0, {"event": "page", "url": "/lab"})
    assert (kernel["event"], kernel["name"]) == ("kernel", "python3")
    assert server.codes == ["print(6 * 7)"]
    assert server.asked[-1] == "DELETE api/kernels/k1"


@pytest.mark.parametrize(
    ("path", "answer", "problem"),
    [
        ("lab", (500, "<title>Oops</title>"), "/lab answers 500: Oops"),
        ("static/a.js", (404, ""), "/static/a.js, which /lab loads, answers 404"),
        ("api/kernelspecs", (403, '{"message": "Forbidden"}'), "the list of kernels answers 403: Forbidden"),
        ("api/kernels", (500, '{"message": "no ir"}'), "kernel python3 does not start: no ir"),
        ("api/kernels/k1", (404, ""), "kernel python3 died"),
        ("api/kernels/k1", (200, '{"execution_state": "dead"}'), "kernel python3 died"),
        ("api/kernelspecs", (200, "<html>"), "the server does not answer as a server of Jupyter does: Exp"),
    ],
)
def test_what_does_not_work_is_named(
    server: Jupyter, path: str, answer: tuple[int, str], problem: str
) -> None:
    server.reply = {"msg_type": "status"}
    server.answers[path] = answer
    status, told = probe(server, "use", "5")
    assert (status, told[-1]["event"]) == (1, "problem")
    assert told[-1]["text"].startswith(problem)


def test_a_kernel_that_says_nothing_is_ended(server: Jupyter) -> None:
    server.reply = {"msg_type": "status"}
    _, told = probe(server, "use", "0.2")
    assert told[-1]["text"] == "kernel python3 does not answer within 0.2 seconds"
    assert "DELETE api/kernels/k1" in server.asked


class Channel:
    """The connection to a kernel, which says some messages and is closed then."""

    def __init__(self, *messages: object) -> None:
        self.messages = [message if message is None else json.dumps(message) for message in messages]

    async def read_message(self) -> str | None:
        return self.messages.pop(0) if self.messages else None


FAILED = {"msg_type": "execute_reply", "content": {"status": "error", "ename": "NameError", "evalue": "x"}}
DIED = {"msg_type": "status", "content": {"execution_state": "restarting"}}


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([FAILED], "kernel ir cannot run a cell: NameError: x"),
        ([{"msg_type": "status"}, DIED, FAILED], "kernel ir died"),
        ([], "kernel ir died: its connection was closed"),
    ],
)
def test_a_kernel_that_fails_says_how(messages: list[object], problem: str) -> None:
    with pytest.raises(Problem) as raised:
        asyncio.run(outcome(Channel(*messages), "ir", True))
    assert str(raised.value) == problem


def test_of_a_language_without_a_cell_any_answer_will_do() -> None:
    asyncio.run(outcome(Channel(FAILED), "sas", False))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"plain\n text", "plain text"),
        (b"<html><h1>Not\nhere</h1></html>", "Not here"),
        (b'{"message": "no", "traceback": "a\\nb\\nKeyError: x"}', "no KeyError: x"),
        (b'{"reason": 5}', '{"reason": 5}'),
        (b"[1]", "[1]"),
        (b"x" * 300, "x" * 200),
        (b"\xff", "\ufffd"),
    ],
)
def test_an_answers_first_words_are_a_line(body: bytes, text: str) -> None:
    assert first_words(body) == text


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("0100007F", "127.0.0.1"),
        ("0A0000C0", "192.0.0.10"),
        ("0" * 32, "[::]"),
        ("00000000000000000000000001000000", "[::1]"),
    ],
)
def test_addresses_are_shown_as_people_write_them(address: str, text: str) -> None:
    assert shown(address) == text


def test_what_the_image_has_below_its_home_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "serve.py").touch()
    (tmp_path / ".local/bin").mkdir(parents=True)
    (tmp_path / ".local/bin/voila").touch()
    (tmp_path / "otter").mkdir()
    (tmp_path / "otter/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    probe_server.find(str(tmp_path), str(tmp_path / "serve.py"), "voila", "otter.check", "sh", "none", "json")
    told = map(json.loads, capsys.readouterr().out.splitlines())
    assert {each["name"]: each["path"] for each in told} == {
        str(tmp_path / "serve.py"): str(tmp_path / "serve.py"),
        "voila": str(tmp_path / ".local/bin/voila"),
        "otter.check": str(tmp_path / "otter/__init__.py"),
    }


@pytest.mark.parametrize("name", ["no_such_module", "not a name", "sys", ""])
def test_a_module_that_is_nowhere_has_a_path_that_does_not_exist(name: str) -> None:
    assert not module(name).exists()


@pytest.mark.parametrize(
    ("first_line", "python"), [("#!{python} -E", True), ("#!/bin/sh", False), ("", False)]
)
def test_without_tornado_the_servers_own_python_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_line: str, *, python: bool
) -> None:
    other = tmp_path / "python3"
    other.touch()
    (tmp_path / "start").write_text(f"{first_line.format(python=other)}\n")
    (tmp_path / "start").chmod(0o755)
    begun: list[list[str]] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(probe_server, "FACTS", {"command": "start"})
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(os, "execv", lambda _, words: begun.append(words))
    monkeypatch.setattr(sys, "argv", ["probe_server.py", "use", "5"])
    probe_server.with_tornado()
    assert begun == ([[str(other), "probe_server.py", "use", "5"]] if python else [])
