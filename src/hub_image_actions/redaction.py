"""Secrets in texts: the forms that give one away, and texts without them."""

import json
from collections.abc import Iterable

REDACTED = "***"
_SHORTEST_SECRET = 4


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without the secrets, longest first, so that none survives inside another."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text


def secret_lines(secret: str) -> tuple[str, ...]:
    """Return the lines of a secret that give it away by themselves, as most of those of a JSON key do.

    To hide lines as short as a brace would be to hide half of the log.
    """
    return tuple(line for line in map(str.strip, secret.splitlines()) if len(line) >= _SHORTEST_SECRET)


def secret_forms(secret: str) -> tuple[str, ...]:
    """Return the forms of a secret that give it away: itself, as a text in JSON, and its lines."""
    in_json = (json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return tuple(dict.fromkeys((secret, *in_json, *secret_lines(secret))))
