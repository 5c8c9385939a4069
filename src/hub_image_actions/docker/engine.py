"""The Docker engine, through its command line: the one that is there, with the caller's settings."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hub_image_actions import process
from hub_image_actions.errors import ActionError, CommandError
from hub_image_actions.untrusted_json import parse_json

_QUICK = 30.0
_PULL = 1800.0
_PUSH = 3600.0
_ASIDE = "hub-image-actions:earlier"
# Docker 29 keeps images in containerd's store on a new machine, and there in containerd's own folder.
# Source: https://docs.docker.com/engine/storage/containerd/
_CONTAINERD_STORE = ["driver-type", "io.containerd.snapshotter.v1"]
_CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
_CONTAINERD_FOLDER = "/var/lib/containerd"


class DockerError(ActionError):
    """The Docker engine is not there or refuses."""


@dataclass(frozen=True)
class Layer:
    """One layer of an image.

    Args:
        size: in bytes.
        made_by: the instruction that made it.
    """

    size: int
    made_by: str


@dataclass(frozen=True)
class Engine:
    """A Docker engine.

    Args:
        version: its version.
        folder: where it keeps its images, as far as this machine can see it.
        has_containerd_store: whether it keeps them in containerd's store, and not as Docker always did.
    """

    version: str
    folder: Path
    has_containerd_store: bool = False


class Docker:
    """The engine that `docker` talks to.

    Args:
        environment: the environment in which `docker` runs.
        tell: told each command and each line of what takes long.
        secrets: texts that must not be told.
    """

    def __init__(
        self, environment: Mapping[str, str], tell: Callable[[str], None], secrets: Sequence[str] = ()
    ) -> None:
        self.environment = dict(environment)
        self.tell = tell
        self._secrets = tuple(secrets)

    def engine(self) -> Engine:
        """Return what there is to know about the engine.

        Raises:
            DockerError: there is no `docker`, or no engine answers it.
        """
        try:
            # Older clients refuse to write a field that they do not know, and leave it out of the whole.
            facts = parse_json(self.ask("info", "--format", "{{json .}}"))
            version = facts["ServerVersion"]
        except CommandError as error:
            said = _last_line(error) or "it does not answer"
            raise _no_engine(said) from error
        except (ValueError, KeyError, TypeError):
            raise _no_engine("it does not answer") from None
        if not version:
            raise _no_engine("it does not answer")
        has_containerd_store = _CONTAINERD_STORE in (facts.get("DriverStatus") or [])
        return Engine(version, _images_folder(facts, has_containerd_store), has_containerd_store)

    @cached_property
    def has_buildx(self) -> bool:
        """Whether `docker buildx` is there."""
        try:
            self.ask("buildx", "version")
        except CommandError:
            return False
        return True

    def login(self, registry: str, username: str, password: str) -> None:
        """Log in to a registry, for this folder of settings.

        Raises:
            DockerError: the registry refuses the credentials.
        """
        command = ("docker", "login", "--username", username, "--password-stdin", registry)
        try:
            process.run(
                command,
                stdin=password,
                timeout=_QUICK,
                env=self.environment,
                secrets=(*self._secrets, password),
            )
        except CommandError as error:
            raise _login_error(registry, username, _last_line(error) or "it says nothing") from error

    def pull(self, reference: str, platform: str = "") -> bool:
        """Pull an image, for the engine's own platform or another; return whether it is there now."""
        chosen = ("--platform", platform) if platform else ()
        try:
            self.ask("pull", "--quiet", *chosen, reference, timeout=_PULL)
        except CommandError:
            return False
        return True

    def layers(self, reference: str) -> tuple[Layer, ...]:
        """Return the layers of an image in the engine, the last one first; their sizes add up to its own."""
        rows = self.ask("history", "--no-trunc", "--human=false", "--format", "{{json .}}", reference)
        facts = map(parse_json, rows.splitlines())
        # Nothing made a layer that was imported; where it is from, its comment tells.
        return tuple(
            Layer(int(row["Size"]), str(row["CreatedBy"] or row.get("Comment", ""))) for row in facts
        )

    def tag(self, reference: str, another: str) -> None:
        """Give an image another name."""
        self.ask("tag", reference, another)

    def remove_tag(self, reference: str) -> None:
        """Take a name away from an image, which stays."""
        self.ask("image", "rm", "--no-prune", reference)

    def push(self, reference: str) -> None:
        """Push an image to its registry.

        Raises:
            CommandError: the registry does not take it.
        """
        self.stream("push", reference, timeout=_PUSH)

    def set_aside(self, reference: str) -> str:
        """Free a name that an image of an earlier run may have; return the name that such an image has then.

        What made it stays usable as a cache.
        """
        try:
            self.ask("image", "inspect", "--format", "{{.Id}}", reference)
        except CommandError:
            return ""
        self.tag(reference, _ASIDE)
        self.ask("image", "rm", "--no-prune", reference)
        return _ASIDE

    def remove_container(self, name: str) -> None:
        """End and remove a container; one that is gone already is as well."""
        try:
            self.ask("rm", "--force", "--volumes", name)
        except CommandError as error:
            if "no such container" not in error.stderr.lower():
                raise

    def logs(self, name: str) -> list[str]:
        """Return what a container wrote so far, both streams in one."""
        return process.stream(
            ("docker", "logs", name),
            tell=lambda _: None,
            timeout=_QUICK,
            env=self.environment,
            secrets=self._secrets,
        )

    def stream(self, *arguments: str, timeout: float, cwd: Path | None = None) -> list[str]:
        """Run a docker command that takes long, and return the lines that it wrote."""
        return process.stream(
            ("docker", *arguments),
            tell=self.tell,
            timeout=timeout,
            env=self.environment,
            cwd=cwd,
            secrets=self._secrets,
        )

    def ask(self, *arguments: str, timeout: float = _QUICK) -> str:
        """Run a docker command that takes no time, and return what it wrote to its standard output."""
        done = process.run(
            ("docker", *arguments), timeout=timeout, env=self.environment, secrets=self._secrets
        )
        return done.stdout


def _images_folder(facts: Mapping[str, Any], has_containerd_store: bool) -> Path:
    """Return the folder in which an engine keeps its images, as far as this machine can see it."""
    folders = [str(facts.get("DockerRootDir") or "")]
    if has_containerd_store and (facts.get("Containerd") or {}).get("Address") == _CONTAINERD_SOCKET:
        folders.insert(0, _CONTAINERD_FOLDER)
    # Where the engine is on another machine, its disk cannot be looked at, and ours is the next best.
    return next((Path(folder) for folder in folders if folder and Path(folder).is_dir()), Path("/"))


def _last_line(error: CommandError) -> str:
    return error.last_line.removeprefix("ERROR: ").rstrip(".")


def _no_engine(said: str) -> DockerError:
    return DockerError(
        f"Docker does not run: {said}.",
        "Use a runner with Docker, such as `ubuntu-latest`; on a laptop, install or start Docker.",
    )


def _login_error(registry: str, username: str, said: str) -> DockerError:
    if re.search(r"\b40[13]\b|unauthorized|denied|incorrect", said, re.IGNORECASE):
        return DockerError(
            f"{registry} refuses the login of {username!r}: {said}.",
            "Check `registry-username`, and store the secret of `registry-password` anew, as a whole.",
        )
    return DockerError(
        f"{registry} could not be logged in to: {said}.",
        "Check `registry`; if it is right, the registry is down: run again later.",
    )
