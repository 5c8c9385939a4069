"""A real Docker engine: the one that answers, or a clean one started here."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from testbed.bridge import Bridge
from testbed.debian import installed, locked, unpacked
from testbed.engine_programs import BUILDX, newer_programs
from testbed.internet import Internet
from testbed.process import Daemon, ProgramError, run

ENGINE_PACKAGES = ("docker.io", "containerd", "runc", "iptables", "iproute2")
BUILDX_SUITE = "trixie"
PLUGINS = Path("/usr/local/lib/docker/cli-plugins")
SECONDS = 60
LONGEST_SOCKET = 107
# Where an engine keeps images: as Docker always did, or as Docker 29 does on a new machine.
# Source: https://docs.docker.com/engine/storage/containerd/
Store = Literal["overlay2", "containerd"]


def answers(environment: Mapping[str, str] | None = None) -> bool:
    """Say whether a Docker engine answers the client in an environment."""
    try:
        version = run(
            ["docker", "version", "--format", "{{.Server.Version}}"], environment=environment, seconds=20
        )
    except ProgramError:
        return False
    return bool(version.strip())


def ensure_buildx(folder: Path = PLUGINS) -> None:
    """Give the Docker client its plugin `buildx` unless it has one.

    Args:
        folder: where plugins lie; the default serves every client of the machine whatever its DOCKER_CONFIG.

    Raises:
        ProgramError: the plugin cannot be fetched, or does not work.
    """
    with locked("buildx"):
        try:
            run(["docker", "buildx", "version"], seconds=20)
        except ProgramError:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(unpacked("docker-buildx", BUILDX_SUITE) / BUILDX, folder / "docker-buildx")
            run(["docker", "buildx", "version"], seconds=20)


class RunningEngine:
    """A Docker engine that answers already; it is used as it is and not ended."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point a Docker client at the engine; none for the one it finds itself."""
        return {}

    def share_plugins(self, settings: Path) -> None:
        """Give a client with settings of its own the plugins that go with the engine.

        Args:
            settings: the folder that the client has as DOCKER_CONFIG.
        """

    def docker(self, *arguments: str, seconds: float = 300, **environment: str) -> str:
        """Run the Docker client against the engine and return its standard output.

        Args:
            arguments: the client's arguments.
            seconds: the time limit.
            environment: variables such as DOCKER_BUILDKIT.

        Raises:
            ProgramError: the client failed.
        """
        return run(["docker", *arguments], environment={**self.environment, **environment}, seconds=seconds)

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what the engine knows of an image or a container.

        Raises:
            ProgramError: there is no such thing.
        """
        return dict(json.loads(self.docker("inspect", name))[0])

    def image_ids(self) -> set[str]:
        """Return the ids of all images that the engine has, unnamed ones included."""
        return set(self.docker("images", "--all", "--quiet", "--no-trunc").split())


class Engine(RunningEngine):
    """A clean Docker engine of its own: data, socket, bridge and client configuration in one folder.

    `with Engine(folder) as engine:` starts it; `engine.environment` points any Docker client at it.
    It ends, with its containers, when the block does or when the process that started it dies; its data goes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        data: Path | None = None,
        lifetime: int = 3600,
        store: Store = "overlay2",
        internet: Internet | None = None,
        mirror: str = "",
    ) -> None:
        """Describe the engine.

        Args:
            folder: for socket, log and the rest; its path must be short, as sockets need.
            data: for images and containers, for example on a small disk; below `folder` by default.
            lifetime: seconds after which the engine ends whatever happens.
            store: where it keeps images.
            internet: what its containers find outside; the world itself by default.
            mirror: host and port of a registry in which Docker Hub's images are looked for first.
        """
        self.folder = folder
        self.store = store
        self.internet = internet
        self.mirror = mirror
        self.data = data or folder / "data"
        self.lifetime = lifetime
        self.socket = folder / "docker.sock"
        self.gateway = ""
        self._stack = ExitStack()
        self._mounted_before: set[str] = set()

    @property
    def host(self) -> str:
        """The engine's address, as DOCKER_HOST has it."""
        return f"unix://{self.socket}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point a client at the engine, with a client configuration of the engine's own."""
        return {"DOCKER_HOST": self.host, "DOCKER_CONFIG": str(self.folder / "client")}

    @property
    def log(self) -> Path:
        """What the engine wrote."""
        return self.folder / "dockerd.log"

    def share_plugins(self, settings: Path) -> None:
        """Give a client with settings of its own the plugins that go with the engine."""
        plugins = self.folder / "client/cli-plugins"
        if plugins.exists():
            settings.mkdir(parents=True, exist_ok=True)
            (settings / plugins.name).symlink_to(plugins)

    def __enter__(self) -> "Engine":
        """Start the engine and wait until it answers.

        Raises:
            ProgramError: this is not root, or the engine cannot be installed or does not start.
        """
        if os.geteuid() != 0:
            raise ProgramError("starting a Docker engine needs root; start Docker, or run the tests as root")
        installed("dockerd", ENGINE_PACKAGES)
        installed("docker", ("docker-cli",))
        ensure_buildx()
        if len(str(self.socket)) > LONGEST_SOCKET:
            raise ProgramError(f"{self.socket}: a socket's path has at most {LONGEST_SOCKET} characters")
        (self.folder / "client").mkdir(parents=True, exist_ok=True)
        self._mounted_before = _mounted(self.data)
        with ExitStack() as stack:
            stack.callback(self._remove_runtime)
            stack.callback(self._remove_data)
            bridge = stack.enter_context(Bridge())
            self.gateway = bridge.address
            if self.internet:
                stack.enter_context(self.internet.at(bridge.address))
            daemon = self._daemon(bridge)
            stack.callback(daemon.stop)
            daemon.start()
            stack.callback(self._remove_containers)
            daemon.wait_until(lambda: self.socket.exists() and answers(self.environment), seconds=SECONDS)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the engine and remove its data."""
        self._stack.close()

    def _daemon(self, bridge: Bridge) -> Daemon:
        path = newer_programs(self.folder) if self.store == "containerd" else os.environ["PATH"]
        program = shutil.which("dockerd", path=path) or "dockerd"
        command = [program, *self._options(bridge)]
        return Daemon(command, self.log, lifetime=self.lifetime, environment={"PATH": path})

    def _options(self, bridge: Bridge) -> list[str]:
        options = {
            "host": self.host,
            "data-root": self.data,
            "exec-root": self.folder / "exec",
            "pidfile": self.folder / "dockerd.pid",
            "bridge": bridge.name,
            "iptables": "false",
            "ip6tables": "false",
            "config-file": self.folder / "daemon.json",
            "log-level": "warn",
            "shutdown-timeout": 5,
            **({"dns": bridge.address} if self.internet else {}),
            **({"registry-mirror": f"http://{self.mirror}"} if self.mirror else {}),
        }
        settings = {"features": {"containerd-snapshotter": self.store == "containerd"}}
        (self.folder / "daemon.json").write_text(json.dumps(settings), encoding="utf-8")
        return [f"--{name}={value}" for name, value in options.items()]

    def _remove_runtime(self) -> None:
        namespaces = self.folder / "exec/netns"
        for mounted in namespaces.glob("*"):
            # The engine leaves its own network namespace mounted, and with it the folder undeletable. One
            # that it made when its disk was full may not be mounted.
            with suppress(ProgramError):
                run(["umount", str(mounted)])
        shutil.rmtree(self.folder / "exec", ignore_errors=True)

    def _remove_data(self) -> None:
        # What an engine that was killed had mounted: its data's folder, and files of running steps.
        for mounted in sorted(_mounted(self.data) - self._mounted_before, reverse=True):
            with suppress(ProgramError):
                run(["umount", "--lazy", mounted.rpartition("#")[0]])
        # The data's own folder may be a mount point, which stays.
        for path in self.data.glob("*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _remove_containers(self) -> None:
        if answers(self.environment) and (containers := self.docker("ps", "-aq").split()):
            self.docker("rm", "--force", "--volumes", *containers)


def _mounted(folder: Path) -> set[str]:
    """Return what is mounted at and below a folder, each with a number: one place can have several."""
    paths = (line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines())
    ours = [path for path in paths if path == str(folder) or path.startswith(f"{folder}/")]
    return {f"{path}#{ours[:number].count(path)}" for number, path in enumerate(ours)}


@contextmanager
def some_engine(folder: Path) -> Iterator[RunningEngine]:
    """Yield the Docker engine that answers, or one of our own if none does.

    Args:
        folder: for the engine of our own; its path must be short.

    Raises:
        ProgramError: none answers and none can be started.
    """
    if shutil.which("docker") and answers():
        ensure_buildx()
        yield RunningEngine()
    else:
        with Engine(folder) as engine:
            yield engine
