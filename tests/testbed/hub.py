"""A real JupyterHub on this machine, whose DockerSpawner starts images in an engine."""

import json
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from testbed.engine import RunningEngine
from testbed.process import Daemon

NODE_TOOLS = Path(__file__).resolve().parents[1] / "node_modules" / ".bin"
# Servers that do not answer are given up after this time.
HTTP_TIMEOUT = 30
CONFIG = """
c.JupyterHub.bind_url = {public!r}
c.JupyterHub.hub_bind_url = {private!r}
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret_file = {cookie!r}
c.JupyterHub.cleanup_servers = True
c.ConfigurableHTTPProxy.api_url = {proxy!r}
c.ConfigurableHTTPProxy.pid_file = {pid!r}
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0}}
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [{{"name": "tests", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["admin:users", "admin:servers", "access:servers"]}}
]
c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.allowed_images = "*"
c.DockerSpawner.cmd = ["jupyterhub-singleuser"]
c.DockerSpawner.default_url = "/lab"
c.DockerSpawner.remove = True
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.network_name = "bridge"
c.DockerSpawner.extra_create_kwargs = {{"user": "1000"}}
c.DockerSpawner.extra_host_config = {{
    "tmpfs": {{"/home/jovyan": "exec,uid=1000,gid=100"}}, "security_opt": ["no-new-privileges"]
}}
c.DockerSpawner.http_timeout = {timeout}
"""


class Hub:
    """A hub for as long as a `with` block.

    Args:
        folder: for its files.
        engine: the engine in which it starts servers.
    """

    def __init__(self, folder: Path, engine: RunningEngine) -> None:
        self.folder = folder
        self.engine = engine
        self.token = secrets.token_hex(16)
        self.public = f"http://127.0.0.1:{free_port('127.0.0.1')}"
        self.daemon: Daemon | None = None
        self._numbers = count()

    def __enter__(self) -> "Hub":
        """Start it and wait until it answers.

        Raises:
            ProgramError: it does not start.
        """
        # Containers reach the machine by the address of the bridge, which nobody else can reach.
        bridge = self.engine.docker(
            "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"
        ).strip()
        config = self.folder / "jupyterhub_config.py"
        text = CONFIG.format(
            public=self.public,
            private=f"http://{bridge}:{free_port(bridge)}",
            proxy=f"http://127.0.0.1:{free_port('127.0.0.1')}",
            cookie=str(self.folder / "cookie"),
            pid=str(self.folder / "proxy.pid"),
            token=self.token,
            timeout=HTTP_TIMEOUT,
        )
        config.write_text(text, encoding="utf-8")
        path = f"{NODE_TOOLS}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.daemon = Daemon(
            [sys.executable, "-m", "jupyterhub", "--config", str(config)],
            self.folder / "hub.log",
            lifetime=600,
            environment={**self.engine.environment, "PATH": path},
        )
        self.daemon.start()
        try:
            self.daemon.wait_until(self._answers, seconds=60)
        except BaseException:
            self.daemon.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and with it the servers."""
        if self.daemon:
            self.daemon.stop()

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/hub/api/")[0] == 200
        except OSError:
            return False

    def use(self, images: Iterable[str]) -> dict[str, bool]:
        """Start a server of each image for a user of its own; return which of them serve JupyterLab."""
        users = {f"user{next(self._numbers)}": image for image in images}
        for user, image in users.items():
            self.ask("POST", f"/hub/api/users/{user}")
            status, body = self.ask("POST", f"/hub/api/users/{user}/server", {"image": image})
            assert status in {201, 202}, body
        return {image: self._serves(user) for user, image in users.items()}

    def _serves(self, user: str) -> bool:
        until = time.monotonic() + 2 * HTTP_TIMEOUT + 20
        while time.monotonic() < until:
            model = json.loads(self.ask("GET", f"/hub/api/users/{user}?include_stopped_servers")[1])
            server = model["servers"].get("", {})
            if server.get("ready"):
                return self.ask("GET", f"/user/{user}/lab")[0] == 200
            if not server.get("pending"):
                return False
            time.sleep(0.5)
        raise AssertionError(f"the hub does not say what became of the server of {user}")

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, str]:
        """Ask the hub, or a server behind it, as an administrator."""
        body = None if content is None else json.dumps(content).encode()
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = Request(f"{self.public}{path}", data=body, headers=headers, method=method)  # noqa: S310 - http
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()


def free_port(address: str) -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind((address, 0))
        return int(taken.getsockname()[1])
