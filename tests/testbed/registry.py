"""A real registry on the loopback interface: open, with a password, or with tokens."""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urljoin

import bcrypt
import requests

from testbed.debian import unpacked
from testbed.process import Daemon
from testbed.seed_image import MEDIA_TYPES, SeedImage, seed_index
from testbed.token_server import ISSUER, SERVICE, Account, TokenServer

MANIFEST_TYPES = ", ".join(types[kind] for types in MEDIA_TYPES.values() for kind in ("manifest", "index"))
SECONDS = 30
OWNER = "testbed"


class RegistryError(RuntimeError):
    """The registry refused what the test bed asked of it."""


@dataclass(frozen=True)
class BasicAuth:
    """Authentication by name and password with every request (htpasswd): no anonymous pulls."""

    passwords: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class TokenAuth:
    """Authentication by Bearer tokens, as Docker Hub, GitHub and Google do it.

    Attributes:
        accounts: the accounts by name.
        public: patterns of the repositories that everybody may pull from.
    """

    accounts: Mapping[str, Account]
    public: tuple[str, ...] = ()


class Registry:
    """Debian's `docker-registry` with a folder of its own.

    `with Registry(folder) as registry:` gives a registry that answers at `registry.host`; its log is
    `FOLDER/registry.log`. Deleting is allowed. Images outlive the registry in its folder.
    """

    def __init__(self, folder: Path, *, port: int = 0, auth: BasicAuth | TokenAuth | None = None) -> None:
        """Describe the registry.

        Args:
            folder: where it keeps images, configuration and log.
            port: its port; a free one by default.
            auth: who may do what; everybody everything by default.
        """
        self.folder = folder
        self.auth = auth
        self.tokens: TokenServer | None = None
        self._address = f"127.0.0.1:{port}"
        self._owner_password = secrets.token_hex(8)
        self._stack = ExitStack()

    @property
    def host(self) -> str:
        """Host and port: the part of an image reference before the repository."""
        return self._address

    @property
    def url(self) -> str:
        """The registry's address, without a slash at its end."""
        return f"http://{self.host}"

    def __enter__(self) -> "Registry":
        """Start the registry and wait until it answers.

        Raises:
            ProgramError: the registry cannot be fetched or does not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            config = self.folder / "config.yml"
            config.write_text(json.dumps(self._configuration(stack)), encoding="utf-8")
            program = unpacked("docker-registry") / "usr/bin/docker-registry"
            log = self.folder / "registry.log"
            log.write_text("", encoding="utf-8")
            daemon = Daemon([str(program), "serve", str(config)], log)
            stack.callback(daemon.stop, seconds=5)
            daemon.start()
            daemon.wait_until(lambda: self._listening(daemon), seconds=SECONDS)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the registry and its token server."""
        self._stack.close()

    def _listening(self, daemon: Daemon) -> bool:
        # The kernel chooses the port and the log tells it: nobody can take it in between.
        found = re.search(r"listening on (127\.0\.0\.1:\d+)", daemon.logged())
        if found:
            self._address = found[1]
        return found is not None

    def _configuration(self, stack: ExitStack) -> dict[str, Any]:
        return {
            "version": "0.1",
            "log": {"level": "info", "accesslog": {"disabled": False}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.folder / "storage")},
                "delete": {"enabled": True},
            },
            # Drained at once: a test that ends the registry does not want to wait for open connections.
            "http": {"addr": self._address, "secret": "testbed", "draintimeout": "1s"},
            **({"auth": self._authentication(stack)} if self.auth else {}),
        }

    def _authentication(self, stack: ExitStack) -> dict[str, Any]:
        if isinstance(self.auth, TokenAuth):
            self.tokens = stack.enter_context(TokenServer(self.auth.accounts, self.auth.public))
            bundle = self.folder / "tokens.pem"
            self.tokens.key.write_certificate(bundle)
            realm = f"{self.tokens.url}/token"
            return {
                "token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(bundle)}
            }
        passwords = dict(self.auth.passwords) if self.auth else {}
        users = {**passwords, OWNER: self._owner_password}
        hashed = {name: bcrypt.hashpw(word.encode(), bcrypt.gensalt(4)) for name, word in users.items()}
        lines = [f"{name}:{word.decode()}" for name, word in hashed.items()]
        path = self.folder / "htpasswd"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return {"htpasswd": {"realm": "testbed", "path": str(path)}}

    def request(
        self, method: str, repository: str, path: str, *, body: bytes = b"", **headers: str
    ) -> requests.Response:
        """Send a request as the registry's owner, who may do everything.

        Args:
            method: the method.
            repository: the repository's name.
            path: what follows the repository in the address, or a whole address.
            body: the request's body.
            headers: headers, with `_` for `-`.

        Returns:
            The answer, whatever its status.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        session = requests.Session()
        session.trust_env = False
        if self.tokens:
            access = {"type": "repository", "name": repository, "actions": ["pull", "push", "delete"]}
            sent["Authorization"] = f"Bearer {self.tokens.signed(OWNER, [access])}"
        elif self.auth:
            session.auth = (OWNER, self._owner_password)
        address = urljoin(f"{self.url}/v2/{repository}/", path)
        with session:
            return session.request(method, address, data=body, headers=sent, timeout=SECONDS)

    def _asked(
        self, method: str, repository: str, path: str, body: bytes = b"", **headers: str
    ) -> requests.Response:
        response = self.request(method, repository, path, body=body, **headers)
        if not response.ok:
            raise RegistryError(f"{method} {response.url}: {response.status_code} {response.text[:500]}")
        return response

    def push(self, repository: str, tag: str, image: SeedImage) -> str:
        """Push an image without a Docker engine and return its digest.

        Raises:
            RegistryError: the registry refused a part of it.
        """
        self._push_blobs(repository, image)
        return self._push_manifest(repository, tag, image.manifest, image.media_type)

    def push_index(
        self, repository: str, tag: str, images: Sequence[SeedImage], *, attested: str = ""
    ) -> str:
        """Push an OCI index of images without a Docker engine and return its digest; see `seed_index`.

        Raises:
            RegistryError: the registry refused a part of it.
        """
        for image in images:
            self.push(repository, image.digest, image)
        body, media_type = seed_index(images, attested=attested)
        return self._push_manifest(repository, tag, body, media_type)

    def _push_blobs(self, repository: str, image: SeedImage) -> None:
        for digest, content in image.blobs.items():
            upload = self._asked("POST", repository, "blobs/uploads/").headers["Location"]
            separator = "&" if "?" in upload else "?"
            self._asked("PUT", repository, f"{upload}{separator}digest={digest}", content)

    def _push_manifest(self, repository: str, reference: str, body: bytes, media_type: str) -> str:
        response = self._asked("PUT", repository, f"manifests/{reference}", body, Content_Type=media_type)
        return response.headers["Docker-Content-Digest"]

    def manifest(self, repository: str, reference: str) -> dict[str, Any]:
        """Return the manifest or index that a tag or digest names.

        Raises:
            RegistryError: there is none.
        """
        found = self._asked("GET", repository, f"manifests/{reference}", Accept=MANIFEST_TYPES).json()
        return dict(found)

    def image_manifest(self, repository: str, reference: str) -> dict[str, Any]:
        """Return the manifest of an image; of an index, that of the one image beside attestations.

        Raises:
            RegistryError: there is none.
        """
        manifest = self.manifest(repository, reference)
        if "manifests" not in manifest:
            return manifest
        (image,) = (
            entry["digest"] for entry in manifest["manifests"] if entry["platform"]["os"] != "unknown"
        )
        return self.manifest(repository, image)

    def digest(self, repository: str, reference: str) -> str | None:
        """Return the digest that a tag names, or None if there is no such tag."""
        response = self.request("HEAD", repository, f"manifests/{reference}", Accept=MANIFEST_TYPES)
        return response.headers["Docker-Content-Digest"] if response.ok else None

    def image_config(self, repository: str, reference: str) -> dict[str, Any]:
        """Return the configuration (labels, environment, history) of a pushed image.

        Raises:
            RegistryError: there is no such image.
        """
        digest = self.image_manifest(repository, reference)["config"]["digest"]
        return dict(self._asked("GET", repository, f"blobs/{digest}").json())

    def tags(self, repository: str) -> list[str]:
        """Return the tags of a repository, sorted; none if the repository does not exist."""
        response = self.request("GET", repository, "tags/list")
        return sorted(response.json().get("tags") or []) if response.ok else []

    def delete(self, repository: str, reference: str) -> None:
        """Delete the manifest that a tag or digest names, and with it all its tags.

        Raises:
            RegistryError: there is none, or the registry refused.
        """
        digest = self.digest(repository, reference) or reference
        self._asked("DELETE", repository, f"manifests/{digest}")
