"""Names and addresses that people give in inputs, checked before anything is asked with them."""

import re
from urllib.parse import urlsplit

from hub_image_actions.errors import ActionError
from hub_image_actions.references import HOST

_FULL_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*)/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_HUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EMAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")
# What `git check-ref-format` refuses; control characters never get past the inputs.
_NOT_A_BRANCH = re.compile(r"^[-/@.]|^refs/|[ ~^:?*\[\\]|\.\.|//|/\.|@\{|\.lock(?:/|$)|[/.]$|^@$|^HEAD$|^$")
# Parsers differ in what they make of these: urllib3 ends the host at a backslash, Python does not.
_AMBIGUOUS = re.compile(r"[^\x21-\x7e]|[\\@]")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class InvalidName(ActionError):
    """A text that is no name or address of the kind that is needed."""


def parse_full_name(text: str) -> str:
    """Return `text` if it is a repository's ``owner/name``.

    Raises:
        InvalidName: it is not.
    """
    if not _FULL_NAME.fullmatch(text):
        raise InvalidName(f"{text!r} is not a repository.", "Write it as `owner/name`.")
    return text


def parse_owner(text: str) -> str:
    """Return `text` if it can be the name of an organisation or user.

    Raises:
        InvalidName: it cannot.
    """
    if not _OWNER.fullmatch(text):
        raise InvalidName(f"{text!r} is not an organisation or user.", "Use letters, digits and `-` only.")
    return text


def parse_hub(text: str) -> str:
    """Return `text` if it can be a hub's name.

    Raises:
        InvalidName: it cannot.
    """
    if not _HUB.fullmatch(text):
        raise InvalidName(
            f"{text!r} is not a hub's name.", "Use letters, digits, `.`, `_` and `-`, as its folder does."
        )
    return text


def parse_branch(text: str) -> str:
    """Return `text` if git takes it as a branch's name.

    Raises:
        InvalidName: it does not. Source: https://git-scm.com/docs/git-check-ref-format.
    """
    if _NOT_A_BRANCH.search(text):
        raise InvalidName(
            f"{text!r} cannot be a branch.",
            "Use letters, digits, `-`, `_`, `.` and `/`, without `refs/heads/` in front.",
        )
    return text


def valid_branch(text: str) -> str:
    """Return a branch's name made of texts that may hold what git does not take, as some tags do.

    Source: https://git-scm.com/docs/git-check-ref-format. Tags have letters, digits, `_`, `.` and `-`.
    """
    text = re.sub(r"\.{2,}", "-", text)
    text = re.sub(r"(?<=/)[.-]|^[.-]", "_", text)
    text = re.sub(r"\.(?=lock(?:/|$))", "-", text)
    return re.sub(r"\.(?=/|$)", "-", text)


def parse_email(text: str) -> str:
    """Return `text` if git takes it as an e-mail address.

    Raises:
        InvalidName: it does not.
    """
    if not _EMAIL.fullmatch(text):
        raise InvalidName(f"{text!r} is not an e-mail address.", "Write it as `name@example.org`.")
    return text


def parse_author(text: str) -> str:
    """Return `text` if git takes it as a person's name.

    Raises:
        InvalidName: it does not.
    """
    if set("<>") & set(text):
        raise InvalidName(f"{text!r} cannot be an author's name.", "Leave out `<` and `>`.")
    return text


def parse_host(text: str) -> str:
    """Return `text` if it is a registry's host, with or without a port.

    Raises:
        InvalidName: it is not.
    """
    if not HOST.fullmatch(text):
        raise InvalidName(
            f"{text!r} is not a registry's host.", "Write it without `https://` and path, as `ghcr.io`."
        )
    return text


def parse_server(text: str) -> str:
    """Return the address of a server that may be sent a token, without a slash at the end.

    Raises:
        InvalidName: it is no address, or one that would send the token unencrypted over a network.
    """
    if not _is_server(text):
        raise InvalidName(
            f"{text!r} is not the address of a server.", "Write it as `https://github.example.org`."
        )
    return text.rstrip("/")


def _is_server(text: str) -> bool:
    if _AMBIGUOUS.search(text):
        return False
    try:
        address = urlsplit(text)
        encrypted = address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)
        more = address.query or address.fragment or address.username or address.port == 0
    except ValueError:
        # Brackets that are no address of IPv6, or a port that is no number.
        return False
    return encrypted and bool(address.hostname) and not more


def parse_path(text: str) -> str:
    """Return `text` if it is a path inside a repository.

    Raises:
        InvalidName: it is absolute or leads out of the repository.
    """
    parts = text.split("/")
    if text.startswith(("/", "-", "~")) or ".." in parts or ".git" in parts or "\\" in text:
        raise InvalidName(
            f"{text!r} is not a path inside the repository.", "Write it from the top, as `deployments`."
        )
    return text
