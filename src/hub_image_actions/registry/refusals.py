"""What a registry refuses, and why: errors that name the account and the right that it lacks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from hub_image_actions.docker.config import Credentials
from hub_image_actions.errors import ManifestMissing, RegistryError
from hub_image_actions.exchange import Response
from hub_image_actions.http import is_rate_limited
from hub_image_actions.redaction import redact
from hub_image_actions.registry.calls import Actions, Call
from hub_image_actions.untrusted_json import parse_json

REFUSALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_GOOGLE = re.compile(r".*\.pkg\.dev|(.*\.)?gcr\.io")
_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Refusals:
    """Names what went wrong with a call to one registry.

    Args:
        host: the registry's host.
        credentials: who asked; None for requests without a login.
    """

    host: str
    credentials: Credentials | None

    def of(self, call: Call, response: Response, what: str) -> RegistryError:
        """Return the error that an answer stands for.

        Args:
            call: what was asked.
            response: the answer, with a status of 400 or more.
            what: what it was about, as the reader names it.
        """
        code, message = _error(response)
        shown = redact(message, self.credentials.secrets if self.credentials else ())
        said = f" The registry says: {shown}" if shown else ""
        if response.status in REFUSALS and not is_rate_limited(response):
            return self._refusal(call, what, said)
        if response.status == HTTPStatus.NOT_FOUND:
            return self._missing(call, code, what, said)
        if is_rate_limited(response):
            who = named(self.credentials) if self.credentials else "requests without a login"
            later = "Run this again later." if self.credentials else f"{_login(self.host)} Or wait."
            return RegistryError(f"The registry {self.host} takes no more for now from {who}.{said}", later)
        times = f" to {response.attempts} attempts" if response.attempts > 1 else ""
        passing = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return RegistryError(
            f"The registry {self.host} answered {response.status}{times} for {what}.{said}",
            "Run this again later." if passing else "Look at the registry's settings: it does not do this.",
        )

    def _missing(self, call: Call, code: str, what: str, said: str) -> RegistryError:
        if "push" in call.actions:
            problem = f"The registry {self.host} has no place for {what}.{said}"
            return RegistryError(problem, "Create the repository in the registry first, or correct its name.")
        name = f"{self.host}/{call.repository}"
        where = f"it has no repository {name}" if code == "NAME_UNKNOWN" and what != name else ""
        return ManifestMissing(
            f"There is no {what} in the registry{f': {where}' if where else ''}.",
            f"Push {what} first, or correct the image's name and tag.",
        )

    def _refusal(self, call: Call, what: str, said: str) -> RegistryError:
        deed = {"pull": "read", "pull,push": "pushed to", "delete": "deleted"}[call.actions]
        if not self.credentials:
            problem = f"{what} cannot be {deed} without a login, or does not exist.{said}"
            return RegistryError(problem, _login(self.host))
        also = ", nor without" if call.actions == "pull" else ""
        problem = f"{what} cannot be {deed} with {named(self.credentials)}{also}, or does not exist.{said}"
        return RegistryError(problem, f"Check name and password, and {_grant(self.host, call.actions)}.")


def named(credentials: Credentials) -> str:
    """Return who credentials stand for, for a message."""
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


def _error(response: Response) -> tuple[str, str]:
    """Return code and message of the first error in an answer (OCI Distribution Specification)."""
    try:
        values = parse_json(response.body)
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
