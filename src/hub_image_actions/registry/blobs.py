"""The layers of images in a registry, as they are moved: one after the other, and none held whole.

Source: the OCI Distribution Specification 1.1, "Pushing blobs" and "Mounting a blob from another repository".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from hub_image_actions.addresses import parse_address
from hub_image_actions.errors import RegistryError
from hub_image_actions.exchange import OpenAnswer, Response, StreamedBody
from hub_image_actions.http import Streams
from hub_image_actions.registry.authentication import Authentication
from hub_image_actions.registry.calls import Call, Connection, image_of, joined
from hub_image_actions.registry.refusals import Refusals


@dataclass(frozen=True)
class Mount:
    """What came of a wish to have a blob of another repository.

    Args:
        done: whether the repository has it now.
        upload: the address of the upload that the registry began instead; empty where there is none.
    """

    done: bool = False
    upload: str = ""


class Blobs:
    """The layers in one registry.

    Args:
        connection: the way to the registry.
        authentication: what authorizes each call.
        refusals: what names what went wrong.
    """

    def __init__(self, connection: Connection, authentication: Authentication, refusals: Refusals) -> None:
        self._connection = connection
        self._authentication = authentication
        self._refusals = refusals

    def has(self, repository: str, digest: str) -> bool:
        """Say whether a repository is known to have a blob.

        Raises:
            RegistryError: the registry gave no answer.
        """
        call = Call("HEAD", repository, f"blobs/{digest}")
        return self._authentication.answer(call).status == HTTPStatus.OK

    def mount(self, repository: str, digest: str, source: str) -> Mount:
        """Let a repository have a blob of another one in the same registry, which moves no byte of it.

        A registry that does not do it, or does not let this account read the other repository, is no error.

        Args:
            repository: the repository that is to have it.
            digest: the blob.
            source: the repository that has it.

        Raises:
            RegistryError: the registry gave no answer.
        """
        query = urlencode({"mount": digest, "from": source})
        call = Call("POST", repository, f"blobs/uploads/?{query}", "pull,push", idempotent=True)
        response = self._authentication.answer(call)
        if response.status == HTTPStatus.ACCEPTED:
            return Mount(upload=self._address(call, response))
        return Mount(done=response.status == HTTPStatus.CREATED)

    def begin(self, repository: str) -> str:
        """Start an upload; return its address in this registry, or nothing where it is elsewhere.

        Raises:
            RegistryError: the registry cannot be asked, or refuses.
        """
        # Starting an upload twice does no harm: the registry forgets those that get no content.
        begin = Call("POST", repository, "blobs/uploads/", "pull,push", idempotent=True)
        response = self._authentication.answer(begin)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusals.of(begin, response, f"{self._connection.host}/{repository}")
        return self._address(begin, response) if response.status == HTTPStatus.ACCEPTED else ""

    def _address(self, begin: Call, response: Response) -> str:
        location = joined(self._connection.base + begin.url, response.headers.get("location", ""))
        if not self._connection.serves(location):
            return ""
        return parse_address(location).path

    @contextmanager
    def download(self, streams: Streams, repository: str, digest: str) -> Iterator[Iterator[bytes]]:
        """Give the blocks of a blob as they come. Whoever takes them compares them with the digest.

        Raises:
            RegistryError: the repository does not have it, or the registry refuses.
            NoAnswer: it broke off.
        """
        call = Call("GET", repository, f"blobs/{digest}")
        what = image_of(self._connection.host, repository, digest)
        # This also gets an authorization, or a new one in place of one that is over.
        if not self.has(repository, digest):
            raise RegistryError(f"There is no {what} in the registry.", "Push the image again.")
        with self._opened(streams, call) as answer:
            if answer.status != HTTPStatus.OK:
                raise self._refused(call, answer, what)
            yield answer.blocks

    def upload(
        self, streams: Streams, repository: str, digest: str, body: StreamedBody, begun: str = ""
    ) -> None:
        """Upload a blob in one request, which is the way that all registries know.

        Args:
            streams: what sends it.
            repository: the repository that is to have it.
            digest: its digest, which the registry compares it with.
            body: the blob.
            begun: the address of an upload that was begun for it; empty where none was.

        Raises:
            RegistryError: the registry refuses, or wants uploads elsewhere.
            NoAnswer: it broke off, or the body did.
        """
        path = begun or self.begin(repository)
        if not path:
            raise RegistryError(f"The registry {self._connection.host} takes uploads at another place only.")
        path = upload_address(path, digest)
        call = Call("PUT", repository, path, "pull,push", media_type="application/octet-stream")
        with self._opened(streams, call, body) as answer:
            if answer.status != HTTPStatus.CREATED:
                raise self._refused(call, answer, image_of(self._connection.host, repository, digest))

    @contextmanager
    def _opened(self, streams: Streams, call: Call, body: StreamedBody | None = None) -> Iterator[OpenAnswer]:
        authorization = self._authentication.granted(call)
        headers = {**call.headers, **({"Authorization": authorization} if authorization else {})}
        with streams.opened(
            call.method, self._connection.base + call.url, headers=headers, body=body
        ) as answer:
            yield answer

    def _refused(self, call: Call, answer: OpenAnswer, what: str) -> RegistryError:
        return self._refusals.of(call, Response(answer.status, answer.headers, answer.beginning()), what)


def upload_address(path: str, digest: str) -> str:
    """Return the address that completes an upload."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode({'digest': digest})}"
