"""A real JupyterHub whose KubeSpawner reads what people chose, and notes what it would start."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from testbed.hub import NODE_TOOLS, free_port
from testbed.process import Daemon

# What KubeSpawner asks for when it begins; nothing is ever asked of that cluster.
CLUSTER = """\
apiVersion: v1
kind: Config
current-context: none
contexts: [{name: none, context: {cluster: none, user: none}}]
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: none, user: {}}]
"""
PROFILES = [
    {"display_name": "Usual", "slug": "usual", "default": True},
    {
        "display_name": "Any image",
        "slug": "any-image",
        "kubespawner_override": {"mem_limit": "2G"},
        "profile_options": {
            "image": {
                "display_name": "Image",
                "unlisted_choice": {
                    "enabled": True,
                    "display_name": "Other image",
                    "display_name_in_choices": "Another image",
                    "validation_regex": "^.+[:@].+$",
                    "validation_message": "An image with a tag or a digest",
                    "kubespawner_override": {"image": "{value}"},
                },
                "choices": {
                    "datahub": {"display_name": "DataHub", "kubespawner_override": {"image": "quay.io/d/h:1"}}
                },
            },
            "size": {
                "display_name": "Size",
                "choices": {"small": {"display_name": "Small", "kubespawner_override": {"cpu_limit": 1}}},
            },
        },
    },
]
# The spawner is KubeSpawner but for the cluster; what stands for the server shows the address that was asked.
CONFIG = """
import html, json
from kubespawner import KubeSpawner
from tornado.netutil import bind_sockets
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

class Page(RequestHandler):
    def get(self):
        self.finish("<title>Server</title><h1>" + html.escape(self.request.uri) + "</h1>")

class RecordingSpawner(KubeSpawner):
    running = None

    async def start(self):
        await self.load_user_options()
        record = {{"user": self.user.name, "options": self.user_options, "image": self.image,
                   "mem_limit": self.mem_limit, "cpu_limit": self.cpu_limit}}
        with open({record!r}, "a") as file:
            file.write(json.dumps(record) + "\\n")
        (socket,) = bind_sockets(0, "127.0.0.1")
        self.running = HTTPServer(Application([(".*", Page)]))
        self.running.add_sockets([socket])
        return "127.0.0.1", socket.getsockname()[1]

    async def stop(self, now=False):
        if self.running:
            self.running.stop()
        self.running = None

    async def poll(self):
        return None if self.running else 0

c.JupyterHub.spawner_class = RecordingSpawner
c.JupyterHub.bind_url = {public!r}
c.JupyterHub.hub_bind_url = {private!r}
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret_file = {cookie!r}
c.ConfigurableHTTPProxy.api_url = {proxy!r}
c.ConfigurableHTTPProxy.pid_file = {pid!r}
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.KubeSpawner.namespace = "hub"
c.KubeSpawner.events_enabled = False
c.KubeSpawner.image = "quay.io/the/default:1"
c.KubeSpawner.profile_list = {profiles!r}
"""
FANCY = "from jupyterhub_fancy_profiles import setup_ui\nsetup_ui(c)\n"


@dataclass(frozen=True)
class Started:
    """What the hub would have started, as KubeSpawner understood it."""

    user: str
    image: str
    options: dict[str, Any]
    limits: tuple[float | None, int | None]


class ProfileHub:
    """A hub with profiles for as long as a `with` block.

    Args:
        folder: for its files.
        below: the path that it lies below, as `/courses`.
        fancy: whether jupyterhub-fancy-profiles shows the profiles.
    """

    def __init__(self, folder: Path, *, below: str = "", fancy: bool = False) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port('127.0.0.1')}{below}"
        self._record = folder / "started.jsonl"
        self._fancy = fancy
        self._daemon: Daemon | None = None

    def __enter__(self) -> "ProfileHub":
        """Start it and wait until it answers.

        Raises:
            ProgramError: it does not start.
        """
        (self.folder / "cluster.yaml").write_text(CLUSTER, encoding="utf-8")
        config = self.folder / "jupyterhub_config.py"
        config.write_text(self._config(), encoding="utf-8")
        environment = {
            "PATH": f"{NODE_TOOLS}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "KUBECONFIG": str(self.folder / "cluster.yaml"),
        }
        command = [sys.executable, "-m", "jupyterhub", "--config", str(config)]
        self._daemon = Daemon(command, self.folder / "hub.log", lifetime=600, environment=environment)
        self._daemon.start()
        try:
            self._daemon.wait_until(self._answers, seconds=90)
        except BaseException:
            self._daemon.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        if self._daemon:
            self._daemon.stop()

    @property
    def started(self) -> list[Started]:
        """What it would have started, in order."""
        lines = self._record.read_text(encoding="utf-8").splitlines() if self._record.exists() else []
        return [
            Started(told["user"], told["image"], told["options"], (told["cpu_limit"], told["mem_limit"]))
            for told in map(json.loads, lines)
        ]

    def _config(self) -> str:
        text = CONFIG.format(
            record=str(self._record),
            public=self.url,
            private=f"http://127.0.0.1:{free_port('127.0.0.1')}",
            proxy=f"http://127.0.0.1:{free_port('127.0.0.1')}",
            cookie=str(self.folder / "cookie"),
            pid=str(self.folder / "proxy.pid"),
            profiles=PROFILES,
        )
        return text + (FANCY if self._fancy else "")

    def _answers(self) -> bool:
        try:
            with build_opener(ProxyHandler({})).open(f"{self.url}/hub/api/", timeout=10) as answer:
                return bool(answer.status == 200)
        except URLError:
            return False
