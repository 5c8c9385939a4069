"""A registry: what is in it, and who may read and write it.

Source: the OCI Distribution Specification 1.1 and, for tokens, distribution.github.io/distribution/spec/auth.
"""

import hashlib
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import quote, urlencode, urljoin, urlsplit

from hub_image_actions.docker.config import Credentials, DockerConfig
from hub_image_actions.errors import ManifestMissing, RegistryError
from hub_image_actions.http import Http, NoAnswer, Response, is_rate_limited
from hub_image_actions.process import redact
from hub_image_actions.references import DIGEST, DOCKER_HUB
from hub_image_actions.registry.authentication import Challenge, parse_challenges

MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# Docker Hub serves images at another host than the one it goes by.
_SERVERS = {DOCKER_HUB: "registry-1.docker.io"}
_GOOGLE = re.compile(r".*\.pkg\.dev|(.*\.)?gcr\.io")
_CLIENT = "hub-image-actions"
_REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_LONGEST_MESSAGE = 300
_MOST_PAGES = 1000

Actions = Literal["pull", "pull,push", "delete"]


class Client(Protocol):
    """Sends requests, as `hub_image_actions.http.Http` does."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        idempotent: bool | None = None,
    ) -> Response:
        """Send a request and return the answer, whatever its status.

        Raises:
            NoAnswer: there was none.
        """


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
class _Call:
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


class Registry:
    """A registry that is asked anonymously first, then as it wishes to be asked.

    Attributes:
        host: the registry's host, as it stands in image references.
        notices: what went well in another way than the reader may think, such as credentials of no use.
    """

    def __init__(self, http: Client, host: str, credentials: Credentials | None = None) -> None:
        """Take the client, the registry's host, and who is to be if an anonymous request is refused."""
        self.host = host
        self.notices: list[str] = []
        self._http = http
        self._credentials = credentials
        self._base = f"{'http' if is_loopback(host) else 'https'}://{_SERVERS.get(host, host)}"
        self._authorizations: dict[tuple[str, Actions], str] = {}
        self._offered: list[Challenge] | None = None

    def manifest(self, repository: str, reference: str) -> Manifest:
        """Return the manifest that a tag or digest names, checked against its digest.

        Args:
            repository: the repository's name in the registry.
            reference: a tag or a digest.

        Raises:
            ManifestMissing: the registry has no such manifest.
            RegistryError: it cannot be asked, or refuses.
        """
        call = _Call("GET", repository, f"manifests/{quote(reference, safe=':')}", accept=MANIFEST_TYPES)
        response = self._answered(call, self._image(repository, reference))
        wanted = reference if ":" in reference else response.headers.get("docker-content-digest", "")
        return Manifest(self._checked(response, wanted), self._media_type(response), response.body)

    def digest(self, repository: str, reference: str) -> str:
        """Return the digest of the manifest that a tag names; this does not count as a pull.

        Args and errors are those of `manifest`.
        """
        call = _Call("HEAD", repository, f"manifests/{quote(reference, safe=':')}", accept=MANIFEST_TYPES)
        response = self._tried(call)
        digest = response.headers.get("docker-content-digest", "")
        if response.status == HTTPStatus.OK and DIGEST.fullmatch(digest):
            return digest
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or is_rate_limited(response):
            raise self._failure(call, response, self._image(repository, reference))
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
            response = self._answered(_Call("GET", repository, path), f"{self.host}/{repository}")
            tags = self._json(response).get("tags") or []
            found += [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
            path = _next_page(response)
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
            _Call("GET", repository, f"blobs/{digest}"), self._image(repository, digest)
        )
        self._checked(response, digest)
        return response.body

    def put_manifest(self, repository: str, reference: str, manifest: Manifest) -> None:
        """Give a manifest whose parts are in the repository another tag, without moving layers.

        Raises:
            RegistryError: the registry cannot be asked, or refuses.
        """
        path = f"manifests/{quote(reference, safe=':')}"
        call = _Call("PUT", repository, path, "pull,push", (), manifest.body, manifest.media_type)
        self._answered(call, self._image(repository, reference))

    def check_push(self, repository: str) -> None:
        """Find out whether an image can be pushed, by starting an upload and cancelling it.

        Raises:
            RegistryError: it cannot, and why.
        """
        path = self._begin_upload(repository)
        if path:
            try:
                # Whatever the answer: some registries do not let uploads be cancelled.
                self._tried(_Call("DELETE", repository, path, "delete", idempotent=False))
            except RegistryError as error:
                self.notices.append(f"{error.problem} The upload begun as a trial is left to expire.")

    def put_blob(self, repository: str, content: bytes) -> str:
        """Upload a configuration or another small part of an image in one piece; return its digest.

        Raises:
            RegistryError: the registry cannot be asked, refuses, or wants uploads elsewhere.
        """
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        path = self._begin_upload(repository)
        if not path:
            raise RegistryError(f"The registry {self.host} takes uploads at another place only.")
        path = f"{path}{'&' if '?' in path else '?'}{urlencode({'digest': digest})}"
        # An upload is gone once it is complete: a second try begins at the start.
        call = _Call(
            "PUT", repository, path, "pull,push", (), content, "application/octet-stream", idempotent=False
        )
        self._answered(call, self._image(repository, digest))
        return digest

    def _begin_upload(self, repository: str) -> str:
        """Start an upload; return its address in this registry, or nothing where it is elsewhere."""
        # Starting an upload twice does no harm: the registry forgets those that get no content.
        begin = _Call("POST", repository, "blobs/uploads/", "pull,push", idempotent=True)
        response = self._answered(begin, f"{self.host}/{repository}")
        location = _joined(self._base + begin.url, response.headers.get("location", ""))
        if response.status != HTTPStatus.ACCEPTED or _origin(location) != _origin(self._base):
            return ""
        parts = urlsplit(location)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest and with it all of its tags; one that is gone already is no error.

        Raises:
            RegistryError: the registry cannot be asked, refuses, or does not delete.
        """
        call = _Call("DELETE", repository, f"manifests/{quote(digest, safe=':')}", "delete")
        response = self._tried(call)
        if response.status >= HTTPStatus.BAD_REQUEST and response.status != HTTPStatus.NOT_FOUND:
            raise self._failure(call, response, self._image(repository, digest))

    def _image(self, repository: str, reference: str) -> str:
        return f"{self.host}/{repository}{'@' if ':' in reference else ':'}{reference}"

    def _answered(self, call: _Call, what: str) -> Response:
        response = self._tried(call)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise self._failure(call, response, what)
        return response

    def _tried(self, call: _Call) -> Response:
        known = self._authorizations.get((call.repository, call.actions), "")
        response = self._send(call, known)
        # A registry that hides what the caller may not see answers 404, and Google's answers 403 at once.
        hidden = response.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} and not is_rate_limited(
            response
        )
        if response.status != HTTPStatus.UNAUTHORIZED and (known or not hidden):
            return response
        challenges = parse_challenges(response.headers.get("www-authenticate", "")) or self._challenges()
        return self._authorized(call, challenges, response)

    def _challenges(self) -> list[Challenge]:
        if self._offered is None:
            response = self._request("GET", f"{self._base}/v2/", {})
            self._offered = parse_challenges(response.headers.get("www-authenticate", ""))
        return self._offered

    def _authorized(self, call: _Call, challenges: Sequence[Challenge], first: Response) -> Response:
        identities = [self._credentials]
        if self._credentials and call.actions == "pull":
            # Credentials that are refused must not keep anybody from what everybody may read.
            identities.append(None)
        refusals = []
        for credentials in identities:
            authorization = self._authorization(call, challenges, credentials)
            if isinstance(authorization, Response):
                refusals.append(authorization)
                continue
            response = self._send(call, authorization) if authorization else first
            if authorization and (response.status not in _REFUSALS or is_rate_limited(response)):
                self._authorizations[call.repository, call.actions] = authorization
                self._note_refused_credentials(credentials, response)
                return response
            refusals.append(response)
        return refusals[0]

    def _note_refused_credentials(self, used: Credentials | None, response: Response) -> None:
        if self._credentials and used is None and response.status < HTTPStatus.BAD_REQUEST:
            self.notices.append(
                f"{self.host} refused {_named(self._credentials)}; the image was read anonymously instead."
            )

    def _authorization(
        self, call: _Call, challenges: Sequence[Challenge], credentials: Credentials | None
    ) -> str | Response:
        """Return the `Authorization` that answers a challenge, the refusal of one, or nothing."""
        for challenge in challenges:
            if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
                return self._bearer(call, challenge.parameters, credentials)
            if challenge.scheme == "basic" and credentials and credentials.password:
                return f"Basic {credentials.basic}"
        return ""

    def _bearer(
        self, call: _Call, parameters: Mapping[str, str], credentials: Credentials | None
    ) -> str | Response:
        realm = self._realm(parameters["realm"])
        scope = parameters.get("scope") or f"repository:{call.repository}:{call.actions}"
        query = {"service": parameters.get("service", ""), "scope": scope}
        response = self._token_answer(
            realm, {name: text for name, text in query.items() if text}, credentials
        )
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or is_rate_limited(response):
            raise self._failure(call, response, f"{self.host}/{call.repository}")
        if response.status >= HTTPStatus.BAD_REQUEST:
            return replace(response, status=HTTPStatus.UNAUTHORIZED)
        values = self._json(response)
        token = values.get("token") or values.get("access_token")
        if not isinstance(token, str):
            raise RegistryError(f"{_place(realm)} gave no token for {self.host}/{call.repository}.")
        return f"Bearer {token}"

    def _token_answer(
        self, realm: str, query: Mapping[str, str], credentials: Credentials | None
    ) -> Response:
        if credentials and credentials.identity_token:
            form = {**query, "grant_type": "refresh_token", "client_id": _CLIENT}
            body = urlencode({**form, "refresh_token": credentials.identity_token}).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._request("POST", realm, headers, body, idempotent=True)
        headers = {"Authorization": f"Basic {credentials.basic}"} if credentials else {}
        return self._request("GET", f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}", headers)

    def _realm(self, realm: str) -> str:
        parts = urlsplit(_joined(realm, ""))
        if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc)):
            return realm
        raise RegistryError(
            f"The registry {self.host} wants credentials sent to {_place(realm)}, without encryption.",
            "Tell those who run the registry: its token service must have an https address.",
        )

    def _send(self, call: _Call, authorization: str) -> Response:
        headers = {**call.headers, **({"Authorization": authorization} if authorization else {})}
        return self._request(call.method, self._base + call.url, headers, call.body, call.idempotent)

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        idempotent: bool | None = None,
    ) -> Response:
        try:
            return self._http.request(method, url, headers=headers, body=body, idempotent=idempotent)
        except NoAnswer as error:
            place = "" if _origin(url) == _origin(self._base) else f" (its token service {_place(url)})"
            raise RegistryError(
                f"The registry {self.host}{place} gave no answer: {error.reason}.",
                error.remedy or "Check the registry's name, or run this again later.",
            ) from error

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

    def _json(self, response: Response) -> dict[str, Any]:
        try:
            values = json.loads(response.body)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise RegistryError(
                f"What the registry {self.host} answered is not JSON.",
                "Check the registry's name: a web page at that address answers too.",
            )
        return values

    def _media_type(self, response: Response) -> str:
        values = self._json(response)
        if "schemaVersion" not in values:
            raise RegistryError(
                f"What the registry {self.host} answered is not a manifest.", "Check the registry's name."
            )
        # Some registries say `application/json`; then the manifest itself says what it is.
        header = response.headers.get("content-type", "").partition(";")[0].strip()
        return header if header in MANIFEST_TYPES else str(values.get("mediaType") or header)

    def _failure(self, call: _Call, response: Response, what: str) -> RegistryError:
        code, message = _error(response)
        shown = redact(message, self._credentials.secrets if self._credentials else ())
        said = f" The registry says: {shown}" if shown else ""
        if response.status in _REFUSALS and not is_rate_limited(response):
            return self._refusal(call, what, said)
        if response.status == HTTPStatus.NOT_FOUND:
            return self._missing(call, code, what, said)
        if is_rate_limited(response):
            who = _named(self._credentials) if self._credentials else "requests without a login"
            later = "Run this again later." if self._credentials else f"{_login(self.host)} Or wait."
            return RegistryError(f"The registry {self.host} takes no more for now from {who}.{said}", later)
        times = f" to {response.attempts} attempts" if response.attempts > 1 else ""
        passing = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return RegistryError(
            f"The registry {self.host} answered {response.status}{times} for {what}.{said}",
            "Run this again later." if passing else "Look at the registry's settings: it does not do this.",
        )

    def _missing(self, call: _Call, code: str, what: str, said: str) -> RegistryError:
        if "push" in call.actions:
            problem = f"The registry {self.host} has no place for {what}.{said}"
            return RegistryError(problem, "Create the repository in the registry first, or correct its name.")
        name = f"{self.host}/{call.repository}"
        where = f"it has no repository {name}" if code == "NAME_UNKNOWN" and what != name else ""
        return ManifestMissing(
            f"There is no {what} in the registry{': ' * bool(where)}{where}.",
            f"Push {what} first, or correct the image's name and tag.",
        )

    def _refusal(self, call: _Call, what: str, said: str) -> RegistryError:
        deed = {"pull": "read", "pull,push": "pushed to", "delete": "deleted"}[call.actions]
        if not self._credentials:
            problem = f"{what} cannot be {deed} without a login, or does not exist.{said}"
            return RegistryError(problem, _login(self.host))
        also = ", nor without" if call.actions == "pull" else ""
        problem = f"{what} cannot be {deed} with {_named(self._credentials)}{also}, or does not exist.{said}"
        return RegistryError(problem, f"Check name and password, and {_grant(self.host, call.actions)}.")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine; Docker speaks plain http to such registries."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _next_page(response: Response) -> str:
    match = re.search(r'<([^>]+)>\s*;[^,]*\brel="?next"?', response.headers.get("link", ""))
    if not match:
        return ""
    # Only path and query count: the next page is asked of this registry and no other.
    parts = urlsplit(_joined(response.url, match[1]))
    return f"{parts.path}?{parts.query}"


def _error(response: Response) -> tuple[str, str]:
    """Return code and message of the first error in an answer (OCI Distribution Specification)."""
    try:
        values = json.loads(response.body)
    except ValueError:
        return "", ""
    first = next(_errors(values), {})
    message = " ".join(str(first.get("message") or "").split())
    return str(first.get("code") or ""), message[:_LONGEST_MESSAGE]


def _errors(values: object) -> Iterator[dict[str, Any]]:
    errors = values.get("errors") if isinstance(values, dict) else None
    if isinstance(errors, list):
        yield from (error for error in errors if isinstance(error, dict))
    elif isinstance(values, dict):
        # Token services have forms of their own; most put the text here.
        yield {"message": values.get("details") or values.get("message") or values.get("error_description")}


def _named(credentials: Credentials) -> str:
    who = f"the user {credentials.username!r}" if credentials.username else "the identity token"
    return f"{who} of {credentials.source}" if credentials.source else who


def _login(host: str) -> str:
    return (
        f"Log in: a workflow with docker/login-action and `registry: {host}`, you with `docker login {host}`."
    )


def _grant(host: str, actions: Actions) -> str:
    if _GOOGLE.fullmatch(urlsplit(f"//{host}").hostname or ""):
        role = "roles/artifactregistry.reader" if actions == "pull" else "roles/artifactregistry.writer"
        return f"give that account the role {role} on the repository"
    deed = {"pull": "read", "pull,push": "push to", "delete": "delete from"}[actions]
    return f"give that account the right to {deed} the repository"


def _joined(base: str, url: str) -> str:
    """Return an address that a registry gave, as seen from another.

    Raises:
        RegistryError: it is none.
    """
    try:
        joined = urljoin(base, url)
        urlsplit(joined)
    except ValueError as error:
        raise RegistryError(
            "The registry gave a malformed address.", "Check the registry's name: something else answers."
        ) from error
    return joined


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _place(url: str) -> str:
    """Return an address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def registries(http: Http, docker_config: Path) -> Callable[[str], Registry]:
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
