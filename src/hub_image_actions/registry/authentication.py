"""Who asks a registry: anonymously first, then as the registry wishes to be asked.

Source: RFC 9110, section 11; for tokens, distribution.github.io/distribution/spec/auth.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlencode

from hub_image_actions.addresses import InvalidAddress, is_loopback, parse_address
from hub_image_actions.docker.config import Credentials
from hub_image_actions.errors import RegistryError
from hub_image_actions.exchange import Response
from hub_image_actions.http import is_rate_limited
from hub_image_actions.registry.calls import Actions, Call, Connection, without_secrets
from hub_image_actions.registry.refusals import REFUSALS, Refusals, named

# A Kerberos ticket takes some kilobytes; servers refuse headers of more than 8 to 16.
_LONGEST_HEADER = 1 << 14
_CLIENT = "hub-image-actions"

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # the grammar's word
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_QUOTED_TEXT = re.compile(_QUOTED, re.DOTALL)
_PARAMETER = re.compile(rf"\s*({_TOKEN})\s*=\s*({_TOKEN}|{_QUOTED})\s*", re.DOTALL)
_SCHEME = re.compile(rf"\s*({_TOKEN})(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Challenge:
    """One way to authenticate that a server offers: a scheme and its parameters, names in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class Authentication:
    """Sends calls with the authorization that the registry wants for them, and keeps what it granted.

    Args:
        connection: the way to the registry.
        credentials: who is to be if an anonymous request is refused; None for nobody.

    Attributes:
        notices: what went well in another way than the reader may think, such as credentials of no use.
    """

    def __init__(self, connection: Connection, credentials: Credentials | None) -> None:
        self.notices: list[str] = []
        self._connection = connection
        self._credentials = credentials
        self._refusals = Refusals(connection.host, credentials)
        self._authorizations: dict[tuple[str, Actions], str] = {}
        self._offered: list[Challenge] | None = None

    def answer(self, call: Call) -> Response:
        """Send a call and return the answer, whatever its status.

        Raises:
            RegistryError: there was no answer, or the token service failed.
        """
        known = self._authorizations.get((call.repository, call.actions), "")
        response = self._connection.send(call, known)
        # A registry that hides what the caller may not see answers 404, and Google's answers 403 at once.
        hidden = response.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} and not is_rate_limited(
            response
        )
        if response.status != HTTPStatus.UNAUTHORIZED and (known or not hidden):
            return response
        challenges = parse_challenges(response.headers.get("www-authenticate", "")) or self._challenges()
        return self._authorized(call, challenges, response)

    def granted(self, call: Call) -> str:
        """Return the authorization that was granted for such calls; empty where there is none, or no need."""
        return self._authorizations.get((call.repository, call.actions), "")

    def _challenges(self) -> list[Challenge]:
        if self._offered is None:
            response = self._connection.request("GET", f"{self._connection.base}/v2/", {})
            self._offered = parse_challenges(response.headers.get("www-authenticate", ""))
        return self._offered

    def _authorized(self, call: Call, challenges: Sequence[Challenge], first: Response) -> Response:
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
            response = self._connection.send(call, authorization) if authorization else first
            if authorization and (response.status not in REFUSALS or is_rate_limited(response)):
                self._authorizations[call.repository, call.actions] = authorization
                self._note_refused_credentials(credentials, response)
                return response
            refusals.append(response)
        return refusals[0]

    def _note_refused_credentials(self, used: Credentials | None, response: Response) -> None:
        if self._credentials and used is None and response.status < HTTPStatus.BAD_REQUEST:
            host, who = self._connection.host, named(self._credentials)
            self.notices.append(f"{host} refused {who}; the image was read anonymously instead.")

    def _authorization(
        self, call: Call, challenges: Sequence[Challenge], credentials: Credentials | None
    ) -> str | Response:
        """Return the `Authorization` that answers a challenge, the refusal of one, or nothing."""
        for challenge in challenges:
            if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
                return self._bearer(call, challenge.parameters, credentials)
            if challenge.scheme == "basic" and credentials and credentials.password:
                return f"Basic {credentials.basic}"
        return ""

    def _bearer(
        self, call: Call, parameters: Mapping[str, str], credentials: Credentials | None
    ) -> str | Response:
        realm = self._realm(parameters["realm"])
        scope = parameters.get("scope") or f"repository:{call.repository}:{call.actions}"
        service = parameters.get("service", "")
        response = self._token_answer(realm, service, scope, credentials)
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or is_rate_limited(response):
            raise self._refusals.of(call, response, f"{self._connection.host}/{call.repository}")
        if response.status >= HTTPStatus.BAD_REQUEST:
            return replace(response, status=HTTPStatus.UNAUTHORIZED)
        values = self._connection.parsed(response)
        token = values.get("token") or values.get("access_token")
        if not isinstance(token, str):
            raise RegistryError(
                f"{without_secrets(realm)} gave no token for {self._connection.host}/{call.repository}."
            )
        return f"Bearer {token}"

    def _token_answer(
        self, realm: str, service: str, scope: str, credentials: Credentials | None
    ) -> Response:
        query = {"service": service} if service else {}
        if credentials and credentials.identity_token:
            form = {**query, "scope": scope, "grant_type": "refresh_token", "client_id": _CLIENT}
            body = urlencode({**form, "refresh_token": credentials.identity_token}).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._connection.request("POST", realm, headers, body=body, idempotent=True)
        headers = {"Authorization": f"Basic {credentials.basic}"} if credentials else {}
        # What takes two repositories, as a mount does, has two scopes, each of which is a parameter.
        asked = urlencode({**query, "scope": scope.split()}, doseq=True)
        return self._connection.request("GET", f"{realm}{'&' if '?' in realm else '?'}{asked}", headers)

    def _realm(self, realm: str) -> str:
        try:
            parts = parse_address(realm)
        except InvalidAddress as error:
            host = self._connection.host
            raise RegistryError(
                f"The registry {host} wants credentials sent to something that is no address.",
                "Tell those who run the registry: its token service must have an https address.",
            ) from error
        if parts.scheme == "https" or is_loopback(parts.host):
            return realm
        host, service = self._connection.host, without_secrets(realm)
        raise RegistryError(
            f"The registry {host} wants credentials sent to {service}, without encryption.",
            "Tell those who run the registry: its token service must have an https address.",
        )


def parse_challenges(header: str) -> list[Challenge]:
    """Return the challenges of a `WWW-Authenticate` header, in its order; malformed parts are passed over.

    Source: RFC 9110, section 11.6.1. Commas separate both challenges and parameters.

    Raises:
        RegistryError: the header is longer than any registry's.
    """
    if len(header) > _LONGEST_HEADER:
        raise RegistryError(
            f"The registry's WWW-Authenticate header has more than {_LONGEST_HEADER} characters.",
            "Check the registry's name: something else answers.",
        )
    challenges: list[tuple[str, dict[str, str]]] = []
    for item in _items(header):
        parameter = _PARAMETER.fullmatch(item)
        if parameter is None:
            scheme = _SCHEME.fullmatch(item)
            if scheme is None:
                continue
            challenges.append((scheme[1].lower(), {}))
            parameter = _PARAMETER.fullmatch(scheme[2] or "")
        if parameter is not None and challenges:
            challenges[-1][1].setdefault(parameter[1].lower(), _unquoted(parameter[2]))
    return [Challenge(scheme, parameters) for scheme, parameters in challenges]


def _items(header: str) -> Iterator[str]:
    """Yield what stands between commas; a comma in quotes separates nothing."""
    start, at, closed = 0, 0, True
    while at < len(header):
        quoted = _QUOTED_TEXT.match(header, at) if closed and header[at] == '"' else None
        # Behind a quote that nothing ends, quotes are characters like others: looking on would take for ever.
        closed = closed and (quoted is not None or header[at] != '"')
        if header[at] == ",":
            yield header[start:at]
            start = at + 1
        at = quoted.end() if quoted else at + 1
    yield header[start:]


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
