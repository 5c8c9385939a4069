"""One HTTP exchange: a request, its answer within the limits, and in words what kept it from coming.

What may be sent again, and where it is redirected to, is decided in `http.py`.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from hub_image_actions import __version__
from hub_image_actions.addresses import is_loopback
from hub_image_actions.breakdown import Breakdown, Proxy, breakdown_of
from hub_image_actions.errors import ActionError

if TYPE_CHECKING:
    import requests

USER_AGENT = f"hub-image-actions/{__version__}"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_BLOCK = 1 << 16
_STREAM_BLOCK = 1 << 20


class NoAnswer(ActionError):
    """No usable answer came, whatever was tried.

    Args:
        request: the method and the URL without its query.
        reason: what happened, such as ``the connection was reset``.
        remedy: what the reader can do about it.
        uncertain: whether the request may have been carried out all the same.
        connected: whether there was ever a connection on which it could be sent.
    """

    def __init__(
        self, request: str, reason: str, remedy: str = "", *, uncertain: bool = False, connected: bool = True
    ) -> None:
        super().__init__(f"{request} got no answer: {reason}.", remedy)
        self.connected = connected
        self.request = request
        self.reason = reason
        self.uncertain = uncertain


class Headers(Mapping[str, str]):
    """The headers of an answer; the case of their names does not matter (RFC 9110, section 5.1)."""

    def __init__(self, headers: Mapping[str, str] = NO_HEADERS) -> None:
        self._values = {name.lower(): value for name, value in headers.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class Response:
    """What a server answered.

    Args:
        status: the HTTP status.
        headers: the headers, found in any case.
        body: the whole body, unpacked.
        url: where it came from, after redirects.
        attempts: how often the request was sent. A 404 for a DELETE that was sent twice can mean success.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)
    url: str = ""
    attempts: int = 1


@dataclass(frozen=True)
class Limits:
    """What a call may take: seconds for each part of it, and bytes for the answer's body.

    Args:
        connect: until there is a connection.
        read: until the server sends something, each time.
        exchange: for one attempt, body included.
        call: for all attempts, waits and redirects; none is begun later.
        body: the largest body that is taken.
        stream: until something moves, each time, while a body goes through in blocks: a registry may look
            at a layer of gigabytes for minutes before it says that it has it.
    """

    connect: float = 10.0
    read: float = 20.0
    exchange: float = 60.0
    call: float = 240.0
    body: int = 64 << 20
    stream: float = 300.0


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class StreamedBody:
    """A body that is sent block by block, of a size that is known before.

    Args:
        size: in bytes.
        blocks: its parts.
    """

    size: int
    blocks: Iterable[bytes] = field(repr=False)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.blocks)


@dataclass(frozen=True)
class OpenAnswer:
    """An answer whose body is still to come.

    Args:
        status: the HTTP status.
        headers: the headers, found in any case.
        blocks: the body as the server keeps it, packed where it is packed.
    """

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes] = field(repr=False)

    def beginning(self, most: int = _BLOCK) -> bytes:
        """Return the first bytes of the body, for an error."""
        found = bytearray()
        while len(found) < most and (block := next(self.blocks, b"")):
            found += block
        return bytes(found[:most])


@dataclass(frozen=True)
class Request:
    """A request as it is sent.

    Args:
        method: the method, in capitals.
        url: the address.
        headers: the headers.
        body: the body; None where there is none.
        repeatable: whether doing it twice is the same as once.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    repeatable: bool

    def __str__(self) -> str:
        # Signed addresses carry their secret in the query, others one before the host.
        return f"{self.method} {re.sub('//[^/]*@', '//', self.url.partition('?')[0])}"


class Exchanges:
    """Exchanges of one session: no cookies, no .netrc, proxies and CA bundle from the environment.

    Args:
        limits: what each may take.
        clock: tells the time, in seconds.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock

    def close(self) -> None:
        """End the connections that are kept open."""
        if "_session" in self.__dict__:
            self._session.close()

    def send(self, request: Request, until: float) -> Response | Breakdown:
        """Send a request once; return the answer, or why none came.

        Args:
            request: what is sent.
            until: when it must be over, by the clock.

        Raises:
            NoAnswer: the request itself cannot be sent.
        """
        until = min(until, self._clock() + self._limits.exchange)
        try:
            _check_proxy(request)
            return self._sent(request, until)
        except OSError as error:
            # requests' own errors are OSErrors; those about the request's form are ValueErrors besides.
            if isinstance(error, ValueError):
                raise self._malformed(request, error) from None
            return self._breakdown(request, error)
        except ValueError as error:
            raise self._malformed(request, error) from None
        except self._transport_error as error:
            return self._breakdown(request, error)

    def begin(self, request: Request, body: StreamedBody | None) -> "requests.Response":
        """Send a request once; return the answer before its body is there.

        Raises:
            NoAnswer: there was none.
        """
        try:
            _check_proxy(request)
            return self._session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=body,
                proxies=_chosen_proxies(request.url),
                # While a body is sent, the time for the connection is that for each block.
                timeout=(self._limits.stream, self._limits.stream),
                allow_redirects=False,
                stream=True,
            )
        except ValueError as error:
            raise self._malformed(request, error) from None
        except (OSError, self._transport_error) as error:
            broken = self._breakdown(request, error)
            raise NoAnswer(str(request), broken.reason, broken.remedy, uncertain=broken.sent) from error

    def blocks(self, answer: "requests.Response", request: Request) -> Iterator[bytes]:
        """Yield the body of an answer that has begun, as the server keeps it.

        Raises:
            NoAnswer: it broke off.
        """
        try:
            while block := answer.raw.read1(_STREAM_BLOCK, decode_content=False):
                yield block
        except (OSError, self._transport_error) as error:
            raise NoAnswer(str(request), self._breakdown(request, error).reason) from error

    def _breakdown(self, request: Request, error: Exception) -> Breakdown:
        return breakdown_of(
            error, connect=self._limits.connect, read=self._limits.read, proxy=_proxy_for(request.url)
        )

    def _malformed(self, request: Request, error: ValueError) -> NoAnswer:
        from requests.exceptions import InvalidProxyURL, InvalidSchema

        if isinstance(error, (InvalidProxyURL, InvalidSchema)) and (proxy := _proxy_for(request.url)):
            reason = f"the proxy {proxy} cannot be used"
            return NoAnswer(str(request), reason, f"Write {proxy.variable} as `http://HOST:PORT`.")
        # The cause is not shown: its text can hold the header, and with it the token.
        return NoAnswer(
            str(request),
            "the address or a header is malformed",
            "Look for line breaks or characters that are not ASCII in the address, token or password.",
        )

    def _sent(self, request: Request, until: float) -> Response | Breakdown:
        answer = self._session.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            data=request.body,
            proxies=_chosen_proxies(request.url),
            timeout=(self._limits.connect, self._limits.read),
            allow_redirects=False,
            stream=True,
        )
        with answer:
            body = self._read(answer, until)
            if isinstance(body, Breakdown):
                return body
            return Response(answer.status_code, Headers(answer.headers), body, request.url)

    def _read(self, answer: "requests.Response", until: float) -> "bytes | Breakdown":
        blocks = bytearray()
        # read1, since read waits for a whole block, and a server that drips would not be noticed. urllib3
        # raises where the body is shorter than its Content-Length says.
        while block := answer.raw.read1(_BLOCK, decode_content=True):
            blocks += block
            if len(blocks) > self._limits.body:
                return Breakdown(f"the answer is larger than {self._limits.body >> 20} MiB", passing=False)
            if self._clock() > until:
                return Breakdown(f"the answer was not complete within {self._limits.exchange:g} seconds")
        return bytes(blocks)

    @cached_property
    def _session(self) -> "requests.Session":
        # Here, since requests costs more to import than all else that a light action does.
        from http.cookiejar import DefaultCookiePolicy

        import requests

        class Session(requests.Session):
            def get_redirect_target(self, resp: requests.Response) -> None:
                """Find none: redirects are ours, and requests would read their bodies without a limit."""

        session = Session()
        session.headers["User-Agent"] = USER_AGENT
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Without an `auth`, requests would take credentials from ~/.netrc or the URL.
        session.auth = _as_it_is
        return session

    @cached_property
    def _transport_error(self) -> type[Exception]:
        from urllib3.exceptions import HTTPError

        return HTTPError


def _as_it_is(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
    return request


def _is_here(url: str) -> bool:
    return is_loopback(url.partition("//")[2].partition("/")[0])


def _chosen_proxies(url: str) -> dict[str, str] | None:
    """Return no proxy for this machine, as Docker does, and else None: those of the environment.

    To a proxy, `localhost` is itself. Source: https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config.ProxyFunc
    """
    return {"http": "", "https": ""} if _is_here(url) else None


def _check_proxy(request: Request) -> None:
    proxy = _proxy_for(request.url)
    if proxy and proxy.is_malformed:
        raise NoAnswer(
            str(request),
            f"the proxy in {proxy.variable} has no host, or a port that is not a number",
            f"Write {proxy.variable} as `http://HOST:PORT`.",
            connected=False,
        )


def _proxy_for(url: str) -> Proxy | None:
    """Return the proxy that the environment names for an address; None where there is none."""
    from urllib.request import getproxies

    from requests.utils import get_environ_proxies, select_proxy

    address = "" if _is_here(url) else select_proxy(url, get_environ_proxies(url))
    if not address:
        return None
    variable = next((f"{name.upper()}_PROXY" for name, named in getproxies().items() if named == address), "")
    return Proxy(variable, address)
