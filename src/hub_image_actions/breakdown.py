"""Why an HTTP exchange had no answer, in words, and what can be done about it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from hub_image_actions.certificates import OWN_AUTHORITY

# What OpenSSL says where no TLS comes back; since 3.2 it says the second instead. Source: urllib3 2,
# `_wrap_proxy_error` in connection.py, which looks for the same.
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})
_REFUSED_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_NO_BUNDLE = re.compile(r"Could not find a suitable TLS CA certificate bundle, invalid path: (.*)")
# Source: https://docs.openssl.org/3.0/man1/openssl-verification-options, the codes of X509_V_ERR_….
_OTHER_CERTIFICATE_REMEDIES = {
    10: "Have the server's certificate renewed.",
    62: "Use the name that the certificate is for.",
    64: "Use the name that the certificate is for.",
}

Has = Callable[..., bool]


@dataclass(frozen=True)
class Breakdown:
    """An exchange without an answer: may the server have acted, and can another try help?"""

    reason: str
    remedy: str = ""
    sent: bool = True
    passing: bool = True
    cause: Exception | None = None


@dataclass(frozen=True)
class Proxy:
    """A proxy that the environment names.

    Args:
        variable: the variable, such as ``HTTPS_PROXY``.
        address: its address, as it stands there.
    """

    variable: str
    address: str

    @property
    def is_malformed(self) -> bool:
        """Whether it has no host, or a port that is not a number: requests trips over some of these."""
        try:
            parts = urlsplit(self.address if "//" in self.address else f"//{self.address}")
            port = parts.port
        except ValueError:
            return True
        return not parts.hostname or port == 0

    def __str__(self) -> str:
        return re.sub("^(.*//)?.*@", r"\1", self.address, flags=re.DOTALL)


def breakdown_of(error: Exception, *, connect: float, read: float, proxy: Proxy | None = None) -> Breakdown:
    """Return what an error of requests, urllib3 or the system means.

    Args:
        error: what was raised.
        connect: the seconds within which there had to be a connection.
        read: the seconds within which the server had to say something.
        proxy: the proxy through which the request went, if any.
    """
    from urllib3 import exceptions as urllib3

    # From the most to the least telling: requests wraps urllib3's errors, and those wrap the socket's.
    chain = list(_causes(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in chain)

    if proxy and has(urllib3.ProxyError):
        return _lost_proxy(error, chain, has, proxy)
    if broken := _lost_encryption(error, chain):
        return broken
    if has(urllib3.NameResolutionError):
        return Breakdown("the host's name is not known", "Check the name.", sent=False, cause=error)
    if has(urllib3.NewConnectionError):
        return Breakdown("the connection was refused", sent=False, cause=error)
    if has(urllib3.ConnectTimeoutError):
        reason = f"there was no connection within {connect:g} seconds"
        return Breakdown(reason, sent=False, cause=error)
    return Breakdown(_lost_answer(has, read), cause=error)


def _lost_proxy(error: Exception, chain: list[BaseException], has: Has, proxy: Proxy) -> Breakdown:
    from urllib3 import exceptions as urllib3

    refusals = (_REFUSED_TUNNEL.search(str(cause)) for cause in chain)
    if refusal := next(filter(None, refusals), None):
        return _refused_tunnel(error, int(refusal[1]), proxy)
    remedy = f"Check {proxy.variable}, or name the host in NO_PROXY."
    if untrusted := _untrusted(chain):
        reason, remedy = f"the certificate of the proxy {proxy} is not trusted ({untrusted})", OWN_AUTHORITY
    elif _is_plain(chain):
        reason = f"the proxy {proxy} answers in plain http"
        remedy = f"Begin its address in {proxy.variable} with `http://`."
    elif has(urllib3.NameResolutionError):
        reason = f"the name of the proxy {proxy} is not known"
    elif has(urllib3.NewConnectionError):
        reason = f"the proxy {proxy} refused the connection"
    else:
        reason = f"the proxy {proxy} cannot be used"
    lasting = bool(untrusted) or _is_plain(chain)
    return Breakdown(reason, remedy, sent=False, passing=not lasting, cause=error)


def _refused_tunnel(error: Exception, status: int, proxy: Proxy) -> Breakdown:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        reason = f"the proxy {proxy} wants a name and a password, or others (407)"
        remedy = f"Put them into {proxy.variable}: `http://NAME:PASSWORD@HOST:PORT`."
    else:
        reason = f"the proxy {proxy} answered {status}"
        remedy = f"Have the proxy of {proxy.variable} let this host through, or name the host in NO_PROXY."
    passing = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Breakdown(reason, remedy, sent=False, passing=passing, cause=error)


def _lost_encryption(error: Exception, chain: list[BaseException]) -> Breakdown | None:
    import ssl

    reason, remedy = "", OWN_AUTHORITY
    refused = next((cause for cause in chain if isinstance(cause, ssl.SSLCertVerificationError)), None)
    missing = next(filter(None, (_NO_BUNDLE.search(str(cause)) for cause in chain)), None)
    if refused is not None:
        reason = f"its certificate is not trusted ({refused.verify_message})"
        remedy = _OTHER_CERTIFICATE_REMEDIES.get(refused.verify_code, OWN_AUTHORITY)
    elif missing is not None:
        reason = f"there are no trusted certificates at {missing[1]}"
    elif "NO_CERTIFICATE_OR_CRL_FOUND" in _ssl_reasons(chain):
        reason = "the file of trusted certificates holds none"
    elif _is_plain(chain):
        reason = "it answers in plain http, not in https"
        remedy = (
            "Have the server answer in https. Plain http is spoken with `localhost` alone, where nobody "
            "can read passwords on the way; Docker's `insecure-registries` is for Docker alone."
        )
    return Breakdown(reason, remedy, sent=False, passing=False, cause=error) if reason else None


def _untrusted(chain: list[BaseException]) -> str:
    import ssl

    refused = (cause.verify_message for cause in chain if isinstance(cause, ssl.SSLCertVerificationError))
    return next(refused, "")


def _is_plain(chain: list[BaseException]) -> bool:
    from requests.exceptions import ProxyError, SSLError

    # While a body is read, it is a record that was damaged: requests wraps only what comes before.
    return isinstance(chain[0], (SSLError, ProxyError)) and bool(_NOT_TLS & _ssl_reasons(chain))


def _ssl_reasons(chain: list[BaseException]) -> set[str]:
    import ssl

    return {str(cause.reason) for cause in chain if isinstance(cause, ssl.SSLError)}


def _lost_answer(has: Has, read: float) -> str:
    import ssl
    from http.client import IncompleteRead

    from urllib3 import exceptions as urllib3

    if has(urllib3.ReadTimeoutError, TimeoutError):
        return f"the server said nothing for {read:g} seconds"
    if has(IncompleteRead, urllib3.IncompleteRead):
        return "the answer was cut off"
    if has(urllib3.DecodeError):
        return "the answer's compression is damaged"
    if has(ssl.SSLError):
        return "the encrypted connection broke"
    return "the connection was reset"


def _causes(error: BaseException) -> Iterator[BaseException]:
    # Some of these errors carry their cause as an argument or a `reason`, others as Python does. Their
    # context does not count: it may be an earlier call's failure, which the caller is just handling.
    seen: list[BaseException] = []
    left: list[object] = [error]
    while left:
        cause = left.pop()
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            left += [*cause.args, getattr(cause, "reason", None), cause.__cause__]
    yield from seen
