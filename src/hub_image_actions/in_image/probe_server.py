"""Ask a user's server what a hub, a browser and a notebook ask, beside it in its network.

This file is mounted into a container of the image and runs with the image's own Python (3.8 or newer), so
that it uses nothing but the standard library and the tornado that every Jupyter server brings.

    python3 probe_server.py ready SECONDS        wait for an answer to what a hub asks first
    python3 probe_server.py use SECONDS          open the page, and run a cell in each kernel
    python3 probe_server.py find HOME NAME…      look for files, commands and modules below HOME

The variable HUB_CHECK holds JSON, see hub_api.py; `server_port`, `command` and `default_url` of the server
are in it too. What is found is written as one JSON object a line.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import socket
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import ProxyHandler, Request, build_opener

FACTS = json.loads(os.environ.get("HUB_CHECK", "{}"))
# Seconds for one answer, and between two questions.
ANSWER = 10.0
PAUSE = 0.1
SERVER_ERROR = 500
CLIENT_ERROR = 400
MOST_SCRIPTS = 10
LISTENING = "0A"
DEAD = {"restarting", "dead", "autorestarting"}
# What any kernel of a language runs in no time. Of other languages it is enough that they answer.
CELLS = {
    "python": "print(6 * 7)",
    "r": "cat(6 * 7)",
    "julia": "print(6 * 7)",
    "bash": "echo $((6 * 7))",
    "octave": "disp(6 * 7)",
    "javascript": "console.log(6 * 7)",
}


class Problem(Exception):
    """The server does not do what it is for."""


def main() -> int:
    """Do what the command line asks for."""
    what, *arguments = sys.argv[1:]
    actions: dict[str, Callable[..., None]] = {"ready": ready, "use": use, "find": find}
    try:
        actions[what](*arguments)
    except Problem as problem:
        text = str(problem)
    except (OSError, ValueError) as error:
        text = f"the server does not answer as a server of Jupyter does: {error}"
    else:
        return 0
    tell(event="problem", text=" ".join(text.split()))
    return 1


def tell(**event: Any) -> None:  # noqa: ANN401  # any JSON
    """Write what was found."""
    print(json.dumps(event), flush=True)


# ---- what a hub asks


def ready(seconds: str) -> None:
    """Wait until the server answers as a hub wants it: any answer will do that is no error of the server's.

    Source: `jupyterhub.utils.wait_for_http_server`, which asks for `api` below the server's prefix.
    """
    until = time.monotonic() + float(seconds)
    said = ""
    while time.monotonic() < until:
        try:
            status, headers, _ = get(server_url("api"), float(seconds), known=False)
        except OSError as error:
            said = str(error)
        else:
            if status < SERVER_ERROR:
                tell(event="ready", version=headers.get("X-JupyterHub-Version", ""))
                return
            said = f"it answers {status}"
        time.sleep(PAUSE)
    tell(event="waiting", said=said, listening=listening())


def server_url(path: str) -> str:
    """Return an address below the server's prefix, where a hub reaches it: not by loopback."""
    host = socket.gethostbyname(socket.gethostname())
    return f"http://{host}:{FACTS['server_port']}{FACTS['prefix']}{path.lstrip('/')}"


def get(
    url: str, seconds: float = ANSWER, method: str = "GET", content: object = None, *, known: bool = True
) -> tuple[int, Any, bytes]:
    """Ask the server, as its user or as nobody it knows; return status, headers and body."""
    body = None if content is None else json.dumps(content).encode()
    headers = {"Content-Type": "application/json"}
    if known:
        headers["Authorization"] = f"token {FACTS['token']}"
    request = Request(url, data=body, headers=headers, method=method)  # noqa: S310  # http alone
    try:
        # No variable of the image sends it through a proxy.
        with build_opener(ProxyHandler({})).open(request, timeout=seconds) as response:
            return response.status, response.headers, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def listening() -> list[str]:
    """Return the addresses on which anything but the hub's API listens."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        rows = Path(table).read_text(encoding="ascii").splitlines()[1:] if Path(table).exists() else []
        for fields in map(str.split, rows):
            address, _, port = fields[1].partition(":")
            # Docker's own resolver of names listens on 127.0.0.11, on any port.
            if fields[3] == LISTENING and int(port, 16) != FACTS["port"] and address != "0B00007F":
                found.add(f"{shown(address)}:{int(port, 16)}")
    return sorted(found)


def shown(address: str) -> str:
    """Return an address of the kernel's table as people write it; IPv6 is shown only as all or loopback."""
    words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
    if len(words) == 1:
        return socket.inet_ntoa(words[0])
    text = socket.inet_ntop(socket.AF_INET6, b"".join(words))
    return f"[{text}]"


# ---- what people ask


def use(seconds: str) -> None:
    """Open the page that the hub shows, and run a cell in each kernel.

    Raises:
        Problem: the page or a kernel fails.
    """
    open_page(float(seconds))
    status, _, body = get(server_url("api/kernelspecs"))
    if status >= CLIENT_ERROR:
        raise Problem(f"the list of kernels answers {status}: {first_words(body)}")
    specs = json.loads(body)["kernelspecs"]
    for name in sorted(specs):
        started = time.monotonic()
        language = str(specs[name]["spec"].get("language", "")).lower()
        asyncio.run(try_kernel(name, language, float(seconds)))
        tell(event="kernel", name=name, seconds=round(time.monotonic() - started, 3))


def open_page(seconds: float) -> None:
    """Open the page, and look whether the scripts are there that it loads.

    Raises:
        Problem: the server does not serve them.
    """
    url = server_url(FACTS["default_url"])
    status, _, body = get(url, seconds)
    if status >= CLIENT_ERROR:
        raise Problem(f"{FACTS['default_url']} answers {status}: {first_words(body)}")
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', body.decode(errors="replace"))
    own = [urljoin(url, script) for script in scripts]
    for script in [each for each in own if each.startswith(server_url(""))][:MOST_SCRIPTS]:
        status, _, body = get(script, seconds)
        if status >= CLIENT_ERROR:
            path = script[len(server_url("")) - 1 :]
            raise Problem(f"{path}, which {FACTS['default_url']} loads, answers {status}")
    tell(event="page", url=FACTS["default_url"])


def first_words(body: bytes) -> str:
    """Return what an error's page or JSON says, in a line."""
    text = body.decode(errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        heading = re.search(r"<(title|h1)[^>]*>(.*?)</\1>", text, re.DOTALL)
        return " ".join((heading.group(2) if heading else text).split())[:200]
    said = content if isinstance(content, dict) else {}
    traceback = str(said.get("traceback") or "").strip().splitlines()[-1:]
    return " ".join([str(said.get("message") or text)[:300], *traceback])


async def try_kernel(name: str, language: str, seconds: float) -> None:
    """Start a kernel, run a cell and end it.

    Raises:
        Problem: any of it fails.
    """
    loop = asyncio.get_running_loop()
    status, _, body = await loop.run_in_executor(
        None, lambda: get(server_url("api/kernels"), seconds, "POST", {"name": name})
    )
    if status >= CLIENT_ERROR:
        raise Problem(f"kernel {name} does not start: {first_words(body)}")
    kernel = server_url(f"api/kernels/{json.loads(body)['id']}")
    tasks = [
        asyncio.ensure_future(run_cell(kernel, name, language)),
        asyncio.ensure_future(watch(kernel, name)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await loop.run_in_executor(None, lambda: get(kernel, ANSWER, "DELETE"))
    if not done:
        raise Problem(f"kernel {name} does not answer within {seconds:g} seconds")


async def watch(kernel: str, name: str) -> None:
    """Look at a kernel until it is dead; one that dies before it answers says nothing at all.

    Raises:
        Problem: it died.
    """
    loop = asyncio.get_running_loop()
    while True:
        status, _, body = await loop.run_in_executor(None, lambda: get(kernel))
        state = json.loads(body).get("execution_state") if status < CLIENT_ERROR else "dead"
        if state in DEAD:
            raise Problem(f"kernel {name} died")
        await asyncio.sleep(5 * PAUSE)


async def run_cell(kernel: str, name: str, language: str) -> None:
    """Run a cell in a kernel.

    Raises:
        Problem: it fails.
    """
    from tornado.httpclient import HTTPClientError, HTTPRequest
    from tornado.websocket import websocket_connect

    address = f"ws{kernel[len('http') :]}/channels"
    # A server keeps this waiting until the kernel answers, as long as it takes.
    request = HTTPRequest(
        address, headers={"Authorization": f"token {FACTS['token']}"}, connect_timeout=0, request_timeout=0
    )
    try:
        connection = await websocket_connect(request)
    except HTTPClientError as error:
        raise Problem(f"kernel {name} does not answer: {error}") from None
    await connection.write_message(json.dumps(cell(CELLS.get(language, ""))))
    await outcome(connection, name, language in CELLS)
    connection.close()


def cell(code: str) -> dict[str, Any]:
    """Return the message that runs a cell, of Jupyter's messaging protocol 5."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "session": uuid.uuid4().hex,
        "username": "",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    return {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}


async def outcome(connection: Any, name: str, strict: bool) -> None:  # noqa: ANN401  # tornado is not here
    """Read what a kernel says until it has run the cell.

    Raises:
        Problem: the kernel dies, or the cell fails though it should not.
    """
    while (text := await connection.read_message()) is not None:
        message = json.loads(text) if isinstance(text, str) else {}
        content = message.get("content", {})
        if content.get("execution_state") in DEAD:
            raise Problem(f"kernel {name} died")
        if message.get("msg_type") == "execute_reply":
            if strict and content.get("status") != "ok":
                said = f"{content.get('ename')}: {content.get('evalue')}"
                raise Problem(f"kernel {name} cannot run a cell: {said}")
            return
    raise Problem(f"kernel {name} died: its connection was closed")


# ---- what is where


def find(home: str, *names: str) -> None:
    """Tell which of the names are files, commands or modules below the home directory of the image."""
    for name in names:
        places = (
            Path(name),
            Path(shutil.which(name) or "-"),
            Path(home, ".local", "bin", name),
            module(name),
        )
        for place in places:
            if home in map(str, place.parents) and place.exists():
                tell(event="found", name=name, path=str(place))
                break


def module(name: str) -> Path:
    """Return where a module is; a path that does not exist where it is nowhere."""
    top = name.partition(".")[0]
    found = importlib.util.find_spec(top) if top.isidentifier() else None
    places = [found.origin or "", *(found.submodule_search_locations or [])] if found else []
    return next((Path(place) for place in places if place.startswith("/")), Path("-"))


def with_tornado() -> None:
    """Go on with the Python that the server's command names, where this one has no tornado."""
    script = shutil.which(FACTS.get("command", ""))
    if importlib.util.find_spec("tornado") is not None or not script:
        return
    with Path(script).open("rb") as file:
        first = file.readline().decode(errors="replace").strip()
    python = first[2:].split(" ")[0] if first.startswith("#!") else ""
    if "python" in Path(python).name and not os.path.samefile(python, sys.executable):  # noqa: PTH121
        os.execv(python, [python, *sys.argv])  # noqa: S606  # the server's own Python


if __name__ == "__main__":
    with_tornado()
    sys.exit(main())
