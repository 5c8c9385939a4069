"""The two containers of a hub check: a small hub, and the server as KubeSpawner would start it."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from hub_image_actions.docker.engine import Docker
from hub_image_actions.docker.leftovers import owner_label
from hub_image_actions.errors import ActionError, CommandError
from hub_image_actions.untrusted_json import InvalidJson, parse_json

HUB_PORT, SERVER_PORT = 8081, 8888
# The group of volumes, and one of the user's: `singleuser.fsGid` of the Helm chart for JupyterHub.
VOLUME_GROUP = 100
_SCRIPTS = Path(__file__).parents[1] / "in_image"
_MOUNTED = "/opt/hub-image-actions"
_LABEL = "hub-image-actions=hub-check"
_VOLUME = "/mnt/hub-image-actions-home"
# What Kubernetes makes of a new volume of a pod that has an fsGroup.
_MAKE_HOME = f"import os; os.chown('{_VOLUME}', 0, {VOLUME_GROUP}); os.chmod('{_VOLUME}', 0o2775)"
# What docker itself needs for a question, beyond what is waited for inside.
_OVERHEAD = 30.0
_TEXTS = ("event", "version", "name", "text", "path", "said")
_LONGEST_TEXT = 1000


class UnexpectedAnswer(ActionError):
    """The probe, which runs with the image's own Python, said something that it never says."""


@dataclass(frozen=True)
class ServerState:
    """What the engine knows of the server.

    Args:
        running: whether it runs.
        status: its exit status, where it has ended.
        killed: whether it was killed for want of memory.
    """

    running: bool
    status: int
    killed: bool


@dataclass(frozen=True)
class HubContainers:
    """A small hub and a server that share a network.

    Args:
        docker: the engine.
        image: the image of both.
        name: what the containers' names begin with.
        user_id: the user that the hub runs the image as.
        user_name: the user's name, and that of their home directory.
        command: what the hub starts.
        default_url: the page that the hub opens.
        hub_version: the hub's version; that of the image's JupyterHub where it is empty.
        lifetime: seconds after which the small hub ends by itself.
        published: whether a browser on this machine is to reach both.
    """

    docker: Docker
    image: str
    name: str
    user_id: int
    user_name: str
    command: Sequence[str]
    default_url: str
    hub_version: str
    lifetime: float
    published: bool = False
    _token: str = field(default_factory=lambda: secrets.token_hex(16), init=False, repr=False)

    @property
    def home(self) -> str:
        """The user's home directory."""
        return f"/home/{self.user_name}"

    @property
    def prefix(self) -> str:
        """The prefix of all addresses of the server."""
        return f"/user/{self.user_name}/"

    def start_hub(self) -> None:
        """Start the small hub, in a container that sees the image as it is, home directory included.

        Raises:
            CommandError: the image cannot run it.
        """
        ports = (HUB_PORT, SERVER_PORT) if self.published else ()
        facts = {
            "address": "0.0.0.0" if self.published else "127.0.0.1",  # noqa: S104  # of the container alone
            "port": HUB_PORT,
            "server_port": SERVER_PORT,
            "user": self.user_name,
            "prefix": self.prefix,
            "token": self._token,
            "version": self.hub_version,
            "lifetime": self.lifetime,
            "command": self.command[0],
            "default_url": self.default_url,
        }
        self.docker.ask(
            *("run", "--detach", "--rm", "--name", f"{self.name}-hub", "--label", _LABEL),
            *("--label", owner_label()),
            *(f"--publish=127.0.0.1::{port}" for port in ports),
            *("--user", str(self.user_id), "--env", f"HUB_CHECK={json.dumps(facts)}"),
            *("--volume", f"{_SCRIPTS}:{_MOUNTED}:ro", "--mount", self._home_at(_VOLUME)),
            *("--entrypoint", "python3", self.image, f"{_MOUNTED}/hub_api.py"),
            timeout=_OVERHEAD,
        )
        root = ("exec", "--user", "0", f"{self.name}-hub")
        self.docker.ask(*root, "python3", "-c", _MAKE_HOME)

    def start_server(self) -> None:
        """Start the server: its entry point in place, its home empty, and no way to become root.

        Raises:
            CommandError: the image cannot run it.
        """
        self.docker.ask(
            *("run", "--detach", "--name", self.name, "--label", _LABEL),
            *("--label", owner_label()),
            *("--network", f"container:{self.name}-hub", "--mount", self._home_at(self.home)),
            *("--user", str(self.user_id), "--group-add", str(VOLUME_GROUP)),
            *("--security-opt", "no-new-privileges"),
            *(f"--env={name}={value}" for name, value in self._environment().items()),
            *(self.image, *self.command),
            timeout=_OVERHEAD,
        )

    def _home_at(self, folder: str) -> str:
        """Return the option that mounts the user's empty home."""
        # Without the word `nocopy`, Docker fills it with what the image has there.
        labels = f"volume-label={_LABEL},volume-label={owner_label()}"
        return f"type=volume,src={self.name}-home,dst={folder},volume-nocopy,{labels}"

    def _environment(self) -> dict[str, str]:
        """Return the variables that a hub sets.

        Source: `Spawner.get_env` of JupyterHub 6.1 and `KubeSpawner.get_env` of KubeSpawner 7.1.
        """
        user, hub = self.user_name, f"http://127.0.0.1:{HUB_PORT}/hub/api"
        server = self._public(SERVER_PORT)
        scopes = json.dumps([f"access:servers!server={user}/", f"access:servers!user={user}"])
        return {
            "JUPYTERHUB_API_TOKEN": self._token,
            "JPY_API_TOKEN": self._token,
            "JUPYTERHUB_CLIENT_ID": f"jupyterhub-user-{user}",
            "JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED": "0",
            "JUPYTERHUB_HOST": self._public(HUB_PORT),
            "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{server}{self.prefix}oauth_callback",
            "JUPYTERHUB_OAUTH_SCOPES": scopes,
            "JUPYTERHUB_OAUTH_ACCESS_SCOPES": scopes,
            "JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES": "[]",
            "JUPYTERHUB_USER": user,
            "JUPYTERHUB_SERVER_NAME": "",
            "JUPYTERHUB_API_URL": hub,
            "JUPYTERHUB_ACTIVITY_URL": f"{hub}/users/{user}/activity",
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_SERVICE_PREFIX": self.prefix,
            "JUPYTERHUB_SERVICE_URL": f"http://0.0.0.0:{SERVER_PORT}{self.prefix}",
            "JUPYTERHUB_PUBLIC_URL": "",
            "JUPYTERHUB_PUBLIC_HUB_URL": "",
            "JUPYTERHUB_DEFAULT_URL": self.default_url,
            "JUPYTER_IMAGE_SPEC": self.image,
            "JUPYTER_IMAGE": self.image,
        }

    def _public(self, port: int) -> str:
        """Return the address at which this machine reaches a port; empty where it cannot."""
        if not self.published:
            return ""
        return f"http://{self.docker.ask('port', f'{self.name}-hub', f'{port}/tcp').split()[0]}"

    @property
    def url(self) -> str:
        """The server's address for a browser on this machine."""
        return f"{self._public(SERVER_PORT)}{self.prefix}"

    def state(self) -> ServerState:
        """Return what the engine knows of the server."""
        state = parse_json(self.docker.ask("inspect", "--format", "{{json .State}}", self.name))
        return ServerState(bool(state["Running"]), int(state["ExitCode"]), bool(state["OOMKilled"]))

    def entrypoint(self) -> list[str]:
        """Return the words of the image's ENTRYPOINT; none where it has none."""
        words = parse_json(
            self.docker.ask("image", "inspect", "--format", "{{json .Config.Entrypoint}}", self.image)
        )
        return [str(word) for word in words] if isinstance(words, list) else []

    def processes(self) -> list[str]:
        """Return the command lines of what runs in the server's container, as far as that can be told."""
        try:
            listed = self.docker.ask("top", self.name, "-eo", "pid,args")
        except CommandError:
            # The engine asks the machine's own `ps` for it.
            return []
        return [" ".join(line.split()[1:]) for line in listed.splitlines()[1:]]

    def log(self) -> list[str]:
        """Return the lines that the server wrote so far."""
        return self.docker.logs(self.name)

    def probe(self, *arguments: str, seconds: float) -> list[dict[str, Any]]:
        """Ask the server from beside it; return what was found.

        Args:
            arguments: see in_image/probe_server.py.
            seconds: the time that it may take inside.

        Raises:
            CommandError: the probe itself fails.
            UnexpectedAnswer: it says something that it never says.
        """
        command = ("exec", f"{self.name}-hub", "python3", f"{_MOUNTED}/probe_server.py", *arguments)
        try:
            lines = self.docker.ask(*command, timeout=seconds + _OVERHEAD)
        except CommandError as error:
            if not error.stdout.strip().startswith("{"):
                raise
            lines = error.stdout
        return [parse_finding(line) for line in lines.splitlines() if line.startswith("{")]

    def remove(self) -> None:
        """Remove both containers and the home; what is gone already is as well."""
        for name in (self.name, f"{self.name}-hub"):
            self.docker.remove_container(name)
        self.docker.ask("volume", "rm", "--force", f"{self.name}-home")


def parse_finding(line: str) -> dict[str, Any]:
    """Return what the probe tells in a line, each value of the type that it should have.

    Raises:
        UnexpectedAnswer: the line is none of a probe's.
    """
    try:
        value = parse_json(line)
    except InvalidJson:
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("event"), str):
        raise UnexpectedAnswer(
            "The image's Python does not run the check as it is.",
            "Look at what the image does to its `python3`, or set `hub-check: false`.",
        )
    texts = {name: " ".join(str(value.get(name) or "").split())[:_LONGEST_TEXT] for name in _TEXTS}
    seconds, listening = value.get("seconds"), value.get("listening")
    return {
        **texts,
        "seconds": float(seconds) if isinstance(seconds, (int, float)) and isfinite(seconds) else 0.0,
        "listening": [str(each) for each in listening] if isinstance(listening, list) else [],
    }
