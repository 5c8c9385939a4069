"""The credentials in Docker's configuration file: what `docker login` leaves for others to use.

Source: `config.json` as docker/cli reads it (``cli/config/configfile``), and the protocol of
github.com/docker/docker-credential-helpers.
"""

import base64
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from hub_image_actions import process
from hub_image_actions.docker.engine import DockerError
from hub_image_actions.errors import CommandError, RegistryError
from hub_image_actions.process import Completed
from hub_image_actions.untrusted_json import InvalidJson, parse_json

FILE = "config.json"
HELPER_SECONDS = 60.0
# Docker Hub goes by an address of its first years.
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKER_HUB_HOSTS = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TEXTS = ("username", "password", "auth", "identitytoken")
_NOT_FOUND = "credentials not found"
# The user name by which a credential helper marks an identity token.
_TOKEN_USER = "<token>"  # noqa: S105  # a marker, no secret
_REMEDY = "Log in again with `docker login`, or remove the entry."


@dataclass(frozen=True)
class Credentials:
    """What somebody proves to a registry who they are with.

    Args:
        username: the user's name; empty with an identity token.
        password: the password, or the key that stands for one.
        identity_token: an OAuth 2.0 refresh token, in place of name and password.
        source: where this is from, for messages.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    source: str = ""

    @property
    def basic(self) -> str:
        """User name and password as Basic authentication sends them (RFC 7617)."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown to anybody."""
        return tuple(filter(None, (self.password, self.identity_token, self.password and self.basic)))


class Run(Protocol):
    """Runs a program, as `hub_image_actions.process.run` does, and shows nobody what it wrote."""

    def __call__(self, command: Sequence[str], *, stdin: str, timeout: float) -> Completed:
        """Run the command and return its streams.

        Raises:
            CommandError: it is not there, takes too long or fails.
        """


@dataclass(frozen=True)
class DockerConfig:
    """Docker's configuration file, as far as it is about credentials.

    Args:
        file: the file's path, for messages.
        auths: the credentials that the file itself holds, by registry.
        helpers: the credential helper for each registry that has one of its own.
        store: the credential helper for all other registries, if any.
    """

    file: Path
    auths: Mapping[str, object] = field(default_factory=dict, repr=False)
    helpers: Mapping[str, object] = field(default_factory=dict)
    store: str = ""
    run: Run = field(default=process.run, repr=False)

    @classmethod
    def load(cls, folder: Path, run: Run = process.run) -> "DockerConfig":
        """Read the file in Docker's configuration folder; one that is not there holds nothing.

        Args:
            folder: `$DOCKER_CONFIG`, or `.docker` in the home directory.
            run: what starts the credential helpers.

        Raises:
            RegistryError: the file cannot be read or is not of Docker's form.
        """
        file = folder / FILE
        try:
            content = parse_json(file.read_bytes() or b"{}")
        except FileNotFoundError:
            return cls(file, run=run)
        except OSError as error:
            remedy = "Make it readable, or set DOCKER_CONFIG to another folder."
            raise _unusable(file, f"cannot be read: {error.strerror}", remedy=remedy) from error
        except InvalidJson as error:
            raise _unusable(file, f"is not JSON: {error.reason}", line=error.line) from None
        table = _table(file, content, "the file")
        store = table.get("credsStore") or ""
        if not isinstance(store, str):
            raise _unusable(file, "has a `credsStore` that is not a text")
        auths = _table(file, table.get("auths") or {}, "`auths`")
        helpers = _table(file, table.get("credHelpers") or {}, "`credHelpers`")
        return cls(file, auths, helpers, store, run)

    def credentials(self, registry: str) -> Credentials | None:
        """Return the credentials for a registry, looked up as Docker does.

        A registry's own helper goes before the general one, and that before the file.

        Args:
            registry: the registry's host, with its port where it has one.

        Returns:
            The credentials, or None if there are none.

        Raises:
            RegistryError: the entry is malformed, or the credential helper fails.
        """
        helper = _entry(self.helpers, registry) or self.store
        if helper:
            return self._helped(str(helper), registry)
        entry = _entry(self.auths, registry)
        return self._written(entry, registry) if entry else None

    def _written(self, entry: object, registry: str) -> Credentials | None:
        values = _table(self.file, entry, f"the entry for {registry}")
        if not all(isinstance(values.get(name, ""), str) for name in _TEXTS):
            raise _unusable(self.file, f"has values that are no texts in the entry for {registry}")
        texts = cast("Mapping[str, str]", values)
        source = f"the entry for {registry} in {self.file}"
        if texts.get("identitytoken"):
            return Credentials(identity_token=texts["identitytoken"], source=source)
        username, password = texts.get("username", ""), texts.get("password", "")
        if texts.get("auth"):
            username, password = self._decoded(texts["auth"], registry)
        return Credentials(username, password, source=source) if username or password else None

    def _decoded(self, auth: str, registry: str) -> tuple[str, str]:
        try:
            username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
        except ValueError:
            # The error carries what could be decoded: no cause.
            username = colon = password = ""
        if not username or not colon:
            problem = f"has an `auth` for {registry} that is not USER:PASSWORD in base64"
            raise _unusable(self.file, problem)
        return username, password.rstrip("\0")

    def _helped(self, name: str, registry: str) -> Credentials | None:
        if not _HELPER.fullmatch(name):
            raise _unusable(self.file, f"names {name!r} as a credential helper for {registry}")
        program = f"docker-credential-{name}"
        address = _DOCKER_HUB_KEY if registry in _DOCKER_HUB_HOSTS else registry
        try:
            answer = self.run([program, "get"], stdin=address, timeout=HELPER_SECONDS).stdout
        except CommandError as error:
            if _NOT_FOUND in f"{error.stdout} {error.stderr}":
                return None
            said = " ".join((error.stderr.strip() or error.stdout.strip()).split()) or error.problem
            raise RegistryError(
                f"The credential helper `{program}`, which {self.file} names for {registry}, failed: {said}.",
                "Install or repair it, or remove it from that file and log in with `docker login`.",
                file=str(self.file),
            ) from error
        return _helper_answer(answer, program, registry)


def _helper_answer(answer: str, program: str, registry: str) -> Credentials | None:
    try:
        values = parse_json(answer)
        username, secret = values["Username"], values["Secret"]
    except (ValueError, KeyError, TypeError):
        # No cause: it carries the helper's whole answer.
        raise RegistryError(
            f"The credential helper `{program}` answered something for {registry} that is not "
            "JSON with Username and Secret.",
            "Update it, or log in with `docker login`.",
        ) from None
    if not secret:
        return None
    if username == _TOKEN_USER:
        return Credentials(identity_token=str(secret), source=f"`{program}`")
    return Credentials(str(username), str(secret), source=f"`{program}`")


def _entry(entries: Mapping[str, object], registry: str) -> object:
    # A key as it is goes before one that only means the same host.
    wanted = _host(registry)
    for key in (registry, _DOCKER_HUB_KEY if registry in _DOCKER_HUB_HOSTS else registry):
        if entries.get(key):
            return entries[key]
    return next((entry for key, entry in entries.items() if entry and _host(key) == wanted), None)


def _host(key: str) -> str:
    """Return the host that a key stands for: keys come with and without scheme and path."""
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0].lower()
    return "docker.io" if host in _DOCKER_HUB_HOSTS else host


def _table(file: Path, value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _unusable(file, f"is malformed: {what} is not a JSON object")
    return cast("Mapping[str, object]", value)


def _unusable(file: Path, problem: str, *, line: int = 0, remedy: str = _REMEDY) -> RegistryError:
    return RegistryError(f"Docker's configuration file {file} {problem}.", remedy, file=str(file), line=line)


def private_config(folder: Path, original: Path, registry: str) -> None:
    """Fill an empty folder with the settings of another, so that a login changes only the new one.

    Command-line plugins and contexts are linked. Credential stores stay for other registries; a login to
    this one would be kept there beyond its time.

    Args:
        folder: the new folder.
        original: the folder whose settings are taken over; it need not exist.
        registry: the registry that is to be logged in to.

    Raises:
        DockerError: the settings are not JSON.
    """
    settings = original / "config.json"
    try:
        content = parse_json(settings.read_bytes() or b"{}") if settings.is_file() else {}
    except ValueError:
        # No cause: it carries the text, in which there may be passwords.
        raise DockerError(f"{settings} is not JSON.", "Mend it, or remove it and log in again.") from None
    content = _without_store(content, registry)
    new = folder / "config.json"
    new.touch(mode=0o600)
    new.write_text(json.dumps(content))
    for name in ("cli-plugins", "contexts"):
        if (original / name).is_dir():
            (folder / name).symlink_to((original / name).resolve())


def _without_store(content: dict[str, Any], registry: str) -> dict[str, Any]:
    """Return settings in which the logins to all other registries stay in the stores where they are."""
    logins = {name: entry for name, entry in (content.get("auths") or {}).items() if name != registry}
    store = content.pop("credsStore", "")
    helpers = {**(dict.fromkeys(logins, store) if store else {}), **(content.get("credHelpers") or {})}
    helpers.pop(registry, None)
    # Where there is no entry at all, Docker looks for a store of the operating system.
    return {**content, "auths": {**logins, registry: {}}, "credHelpers": helpers}


def copy_builders(original: Path, folder: Path) -> None:
    """Copy what buildx knows of builders, since it writes there whenever it is used.

    Args:
        original: where it is; it need not exist.
        folder: where it is to be.
    """
    folder.mkdir()
    for path in original.glob("*"):
        # The rest is the history of builds.
        if path.name in {"instances", "defaults", "certs"}:
            shutil.copytree(path, folder / path.name)
        elif path.name == "current":
            shutil.copy2(path, folder)
