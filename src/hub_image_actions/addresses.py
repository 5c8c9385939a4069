"""Addresses that somebody else gave: redirects, token services, uploads, next pages.

Who sends a request decides by its address where credentials may go, and the library that is used decides by
it where they do go. Both must read it alike: so the one parser is the library's own, and what parsers are
known to read in different ways is no address.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urljoin

from hub_image_actions.errors import ActionError

_PORTS = {"http": 80, "https": 443}
# Blanks, controls, backslashes, and what is not ASCII: none may stand in an address (RFC 3986, section 2),
# and browsers, Python and urllib3 make different things of them.
_FORBIDDEN = re.compile(r"[^\x21-\x7e]|\\")
# A user's name, or a host that is written in another way than hosts are.
_DISGUISED = re.compile(r"[^/?#]*//[^/?#]*[@%]")


class InvalidAddress(ActionError):
    """A text that is no address that a request may be sent to."""


@dataclass(frozen=True)
class Address:
    """An address of HTTP.

    Args:
        scheme: `http` or `https`.
        host: the host's name in lower case, without a port; an address of IPv6 stands in brackets.
        port: the port, also where it goes without saying.
        path: the path, with the query where there is one.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials are kept for: scheme, host and port (RFC 6454)."""
        return self.scheme, self.host, self.port


def parse_address(text: str) -> Address:
    """Return the parts of an address.

    Raises:
        InvalidAddress: it is none of HTTP, holds a user's name, or can be read in more than one way.
    """
    # Here, since it costs a light action more than all else, and comes with the first request anyway.
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    if _FORBIDDEN.search(text) or _DISGUISED.match(text):
        raise InvalidAddress("The address holds a user's name, or a character that none may hold.")
    try:
        parts = parse_url(text)
    except LocationParseError:
        raise InvalidAddress("The address is malformed.") from None
    scheme, host = parts.scheme or "", parts.host or ""
    if scheme not in _PORTS or not host or parts.port == 0:
        raise InvalidAddress("The address is none of HTTP.")
    return Address(scheme, host.lower(), parts.port or _PORTS[scheme], parts.request_uri)


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine; Docker speaks plain http to such registries."""
    try:
        name = parse_address(f"http://{host}").host
        return name == "localhost" or ipaddress.ip_address(name.strip("[]")).is_loopback
    except (InvalidAddress, ValueError):
        return False


def joined(base: str, reference: str) -> str:
    """Return an address that somebody gave, as seen from the one where they gave it.

    Raises:
        InvalidAddress: no request may be sent to it.
    """
    if _FORBIDDEN.search(reference):
        raise InvalidAddress("The address holds a character that none may hold.")
    try:
        address = urljoin(base, reference)
    except ValueError:
        raise InvalidAddress("The address is malformed.") from None
    parse_address(address)
    return address
