"""Requests to a registry: what each asks for, and the connection that sends it.

Source: the OCI Distribution Specification 1.1.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from hub_image_actions import addresses
from hub_image_actions.addresses import InvalidAddress, is_loopback, parse_address
from hub_image_actions.errors import RegistryError, RegistryUnreachable
from hub_image_actions.exchange import NoAnswer, Response
from hub_image_actions.http import HttpClient
from hub_image_actions.references import DOCKER_HUB
from hub_image_actions.untrusted_json import parse_json

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# Docker Hub serves images at another host than the one it goes by.
_SERVERS = {DOCKER_HUB: "registry-1.docker.io"}

# For how long a host to which there was no connection is not tried again: every question would be tried five
# times, and a command asks several in a row. What is asked after a build is asked anew.
_SECONDS_OF_SILENCE = 60.0

Actions = Literal["pull", "pull,push", "delete"]


@dataclass(frozen=True)
class Manifest:
    """What a tag or digest names: an image for one platform, or an index of several.

    Args:
        digest: the digest of the body.
        media_type: its type, one of `MANIFEST_TYPES`.
        body: the bytes that the registry keeps.
    """

    digest: str
    media_type: str
    body: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """The manifest's own size in bytes, as descriptors give it."""
        return len(self.body)


@dataclass(frozen=True)
class Call:
    """A request about one repository, and what it needs to be allowed."""

    method: str
    repository: str
    path: str
    actions: Actions = "pull"
    accept: Sequence[str] = ()
    body: bytes | None = field(default=None, repr=False)
    media_type: str = ""
    idempotent: bool | None = None

    @property
    def url(self) -> str:
        """The address in the registry; a whole address stays as it is."""
        return f"/v2/{quote(self.repository)}/{self.path}" if not self.path.startswith("/") else self.path

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request, without authorization."""
        headers = {"Accept": ", ".join(self.accept), "Content-Type": self.media_type}
        return {name: value for name, value in headers.items() if value}


class Connection:
    """The way to one registry: addresses and answers, without regard to who asks.

    Args:
        http: what sends the requests.
        host: the registry's host, as it stands in image references.
        clock: tells the time, in seconds.
    """

    def __init__(self, http: HttpClient, host: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.host = host
        self.base = f"{'http' if is_loopback(host) else 'https'}://{_SERVERS.get(host, host)}"
        self._http = http
        self._clock = clock
        # Of each origin without a connection, until when that counts, and what was said.
        self._silent: dict[object, tuple[float, RegistryUnreachable]] = {}

    def send(self, call: Call, authorization: str) -> Response:
        """Send a call and return the answer, whatever its status.

        Raises:
            RegistryUnreachable: there was no answer.
        """
        headers = {**call.headers, **({"Authorization": authorization} if authorization else {})}
        return self.request(
            call.method, self.base + call.url, headers, body=call.body, idempotent=call.idempotent
        )

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        idempotent: bool | None = None,
    ) -> Response:
        """Send a request to the registry or its token service; see `Http.request`.

        Raises:
            RegistryError: there was no answer.
        """
        origin = parse_address(url).origin
        until, silence = self._silent.get(origin, (0.0, None))
        if silence and self._clock() < until:
            raise silence
        try:
            return self._http.request(method, url, headers=headers, body=body, idempotent=idempotent)
        except NoAnswer as error:
            service = "" if self.serves(url) else f" (its token service {without_secrets(url)})"
            unreachable = RegistryUnreachable(
                f"The registry {self.host}{service} gave no answer: {error.reason}.",
                error.remedy or "Check the registry's name, or run this again later.",
            )
            if not error.connected:
                self._silent[origin] = (self._clock() + _SECONDS_OF_SILENCE, unreachable)
            raise unreachable from error

    def serves(self, url: str) -> bool:
        """Say whether an address is one of this registry."""
        return parse_address(url).origin == parse_address(self.base).origin

    def parsed(self, response: Response) -> dict[str, Any]:
        """Return the JSON object of an answer.

        Raises:
            RegistryError: it is something else.
        """
        try:
            values = parse_json(response.body)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise RegistryError(
                f"What the registry {self.host} answered is not JSON.",
                "Check the registry's name: a web page at that address answers too.",
            )
        return values


def image_of(host: str, repository: str, reference: str) -> str:
    """Return how a part of a registry is named to the reader."""
    return f"{host}/{repository}{'@' if ':' in reference else ':'}{reference}"


def joined(base: str, url: str) -> str:
    """Return an address that a registry gave, as seen from another.

    Raises:
        RegistryError: it is none.
    """
    try:
        return addresses.joined(base, url)
    except InvalidAddress as error:
        raise RegistryError(
            "The registry gave a malformed address.", "Check the registry's name: something else answers."
        ) from error


def without_secrets(url: str) -> str:
    """Return an address without what may be secret in it."""
    parts = parse_address(url)
    default = parts.port == parse_address(f"{parts.scheme}://{parts.host}").port
    return f"{parts.scheme}://{parts.host}{'' if default else f':{parts.port}'}{parts.path.partition('?')[0]}"
