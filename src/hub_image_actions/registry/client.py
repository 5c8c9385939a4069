"""A registry: what is in it, and who may read and write it.

Source: the OCI Distribution Specification 1.1 and, for tokens, distribution.github.io/distribution/spec/auth.
"""

import hashlib
import re
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from hub_image_actions.addresses import parse_address
from hub_image_actions.docker.config import Credentials, DockerConfig
from hub_image_actions.errors import ManifestMissing, RegistryError
from hub_image_actions.exchange import Response
from hub_image_actions.http import HttpClient, is_rate_limited
from hub_image_actions.references import DIGEST
from hub_image_actions.registry.authentication import Authentication
from hub_image_actions.registry.blobs import Blobs, upload_address
from hub_image_actions.registry.calls import MANIFEST_TYPES, Call, Connection, Manifest, image_of, joined
from hub_image_actions.registry.refusals import Refusals

_MOST_PAGES = 1000


class Registry:
    """A registry that is asked anonymously first, then as it wishes to be asked.

    Attributes:
        host: the registry's host, as it stands in image references.
        blobs: the layers of its images, which are moved without being held whole.
    """

    def __init__(self, http: HttpClient, host: str, credentials: Credentials | None = None) -> None:
        """Take the client, the registry's host, and who is to be if an anonymous request is refused."""
        self.host = host
        self._connection = Connection(http, host)
        self._authentication = Authentication(self._connection, credentials)
        self._refusals = Refusals(host, credentials)
        self.blobs = Blobs(self._connection, self._authentication, self._refusals)

    @property
    def notices(self) -> list[str]:
        """What went well in another way than the reader may think, such as credentials of no use."""
        return self._authentication.notices

    def manifest(self, repository: str, reference: str) -> Manifest:
        """Return the manifest that a tag or digest names, checked against its digest.

        Args:
            repository: the repository's name in the registry.
            reference: a tag or a digest.

        Raises:
            ManifestMissing: the registry has no such manifest.
            RegistryError: it cannot be asked, or refuses.
        """
        call = Call("GET", repository, f"manifests/{quote(reference, safe=':')}", accept=MANIFEST_TYPES)
        response = self._answered(call, image_of(self.host, repository, reference))
        wanted = reference if ":" in reference else response.headers.get("docker-content-digest", "")
        return Manifest(self._checked(response, wanted), self._media_type(response), response.body)

    def digest(self, repository: str, reference: str) -> str:
        """Return the digest of the manifest that a tag names; this does not count as a pull.

        Args and errors are those of `manifest`.
        """
        call = Call("HEAD", repository, f"manifests/{quote(reference, safe=':')}", accept=MANIFEST_TYPES)
        response = self._authentication.answer(call)
        digest = response.headers.get("docker-content-digest", "")
        if response.status == HTTPStatus.OK and DIGEST.fullmatch(digest):
            return digest
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or is_rate_limited(response):
            raise self._refusals.of(call, response, image_of(self.host, repository, reference))
        # An answer to HEAD has no body that says what is wrong, and some registries leave the digest out.
        return self.manifest(repository, reference).digest

    def has(self, repository: str, reference: str) -> bool:
        """Say whether the registry has a manifest.

        Raises:
            RegistryError: it cannot be asked, or refuses.
        """
        try:
            self.digest(repository, reference)
        except ManifestMissing:
            return False
        return True

    def tags(self, repository: str) -> list[str]:
        """Return the tags of a repository, in the registry's order.

        Raises:
            ManifestMissing: there is no such repository.
            RegistryError: the registry cannot be asked, or refuses.
        """
        found: list[str] = []
        path = "tags/list"
        for _ in range(_MOST_PAGES):
            call = Call("GET", repository, path)
            response = self._answered(call, f"{self.host}/{repository}")
            tags = self._connection.parsed(response).get("tags") or []
            found += [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
            path = _next_page(response, self._connection.base + call.url)
            if not path:
                return found
        raise RegistryError(f"The list of the tags of {self.host}/{repository} does not end.")

    def blob(self, repository: str, digest: str) -> bytes:
        """Return a layer or configuration, checked against its digest.

        Raises:
            ManifestMissing: the repository has no such blob.
            RegistryError: the registry cannot be asked, refuses, or answers something else.
        """
        response = self._answered(
            Call("GET", repository, f"blobs/{digest}"), image_of(self.host, repository, digest)
        )
        self._checked(response, digest)
        return response.body

    def put_manifest(self, repository: str, reference: str, manifest: Manifest) -> None:
        """Give a manifest whose parts are in the repository another tag, without moving layers.

        Raises:
            RegistryError: the registry cannot be asked, or refuses.
        """
        path = f"manifests/{quote(reference, safe=':')}"
        call = Call("PUT", repository, path, "pull,push", (), manifest.body, manifest.media_type)
        self._answered(call, image_of(self.host, repository, reference))

    def check_push(self, repository: str) -> None:
        """Find out whether an image can be pushed, by starting an upload and cancelling it.

        Raises:
            RegistryError: it cannot, and why.
        """
        path = self.blobs.begin(repository)
        if path:
            try:
                # Whatever the answer: some registries do not let uploads be cancelled.
                self._authentication.answer(Call("DELETE", repository, path, "delete", idempotent=False))
            except RegistryError as error:
                self.notices.append(f"{error.problem} The upload begun as a trial is left to expire.")

    def put_blob(self, repository: str, content: bytes) -> str:
        """Upload a configuration or another small part of an image in one piece; return its digest.

        Raises:
            RegistryError: the registry cannot be asked, refuses, or wants uploads elsewhere.
        """
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        path = self.blobs.begin(repository)
        if not path:
            raise RegistryError(f"The registry {self.host} takes uploads at another place only.")
        path = upload_address(path, digest)
        # An upload is gone once it is complete: a second try begins at the start.
        call = Call(
            "PUT", repository, path, "pull,push", (), content, "application/octet-stream", idempotent=False
        )
        self._answered(call, image_of(self.host, repository, digest))
        return digest

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest and with it all of its tags; one that is gone already is no error.

        Raises:
            RegistryError: the registry cannot be asked, refuses, or does not delete.
        """
        call = Call("DELETE", repository, f"manifests/{quote(digest, safe=':')}", "delete")
        response = self._authentication.answer(call)
        if response.status >= HTTPStatus.BAD_REQUEST and response.status != HTTPStatus.NOT_FOUND:
            raise self._refusals.of(call, response, image_of(self.host, repository, digest))

    def _answered(self, call: Call, what: str) -> Response:
        response = self._authentication.answer(call)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusals.of(call, response, what)
        return response

    def _checked(self, response: Response, digest: str) -> str:
        algorithm = digest.partition(":")[0]
        known = algorithm if DIGEST.fullmatch(digest) and algorithm in {"sha256", "sha512"} else "sha256"
        found = f"{known}:{hashlib.new(known, response.body).hexdigest()}"
        if known == algorithm and digest.lower() != found:
            raise RegistryError(
                f"What the registry {self.host} sent is not what it is named: {found} in place of {digest}.",
                "Run this again; if it stays so, the registry or a proxy before it is at fault.",
            )
        return found

    def _media_type(self, response: Response) -> str:
        values = self._connection.parsed(response)
        if "schemaVersion" not in values:
            raise RegistryError(
                f"What the registry {self.host} answered is not a manifest.", "Check the registry's name."
            )
        # Some registries say `application/json`; then the manifest itself says what it is.
        header = response.headers.get("content-type", "").partition(";")[0].strip()
        return header if header in MANIFEST_TYPES else str(values.get("mediaType") or header)


def _next_page(response: Response, url: str) -> str:
    match = re.search(r'<([^>]+)>\s*;[^,]*\brel="?next"?', response.headers.get("link", ""))
    if not match:
        return ""
    # Only path and query count: the next page is asked of this registry and no other.
    return parse_address(joined(url, match[1])).path


def registries(http: HttpClient, docker_config: Path) -> Callable[[str], Registry]:
    """Return what gives the registry of a host, the same one each time.

    The logins are read when the first registry is wanted: what is wrong with them is said of images alone.

    Args:
        http: what asks.
        docker_config: Docker's folder of settings.
    """

    @cache
    def registry(host: str) -> Registry:
        return Registry(http, host, DockerConfig.load(docker_config).credentials(host))

    return registry
