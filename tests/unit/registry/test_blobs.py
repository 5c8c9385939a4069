"""How layers are looked for, mounted, downloaded and uploaded."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from hub_image_actions.errors import RegistryError
from hub_image_actions.exchange import Headers, OpenAnswer, Response, StreamedBody
from hub_image_actions.http import Http
from hub_image_actions.registry.blobs import Blobs, Mount, upload_address
from hub_image_actions.registry.client import Registry

HOST = "registry.example.org"
BASE = f"https://{HOST}"
DIGEST = "sha256:" + "a" * 64
BODY = StreamedBody(3, [b"a", b"bc"])


class Wire(Http):
    """Gives its answers in their order, and keeps what it was asked."""

    def __init__(self, *answers: Response) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.sent = b""

    def request(self, method: str, url: str, **given: Any) -> Response:
        self.asked.append(f"{method} {url.removeprefix(BASE)}")
        self.headers.append(given["headers"])
        return self.answers.pop(0)

    @contextmanager
    def opened(
        self, method: str, url: str, *, headers: Mapping[str, str] = {}, body: StreamedBody | None = None
    ) -> Iterator[OpenAnswer]:
        response = self.request(method, url, headers=headers)
        self.sent = b"".join(body or ())
        yield OpenAnswer(response.status, response.headers, iter([response.body]))


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status, Headers({name.replace("_", "-"): value for name, value in headers.items()}), body)


def blobs(*answers: Response) -> tuple[Blobs, Wire]:
    wire = Wire(*answers)
    return Registry(wire, HOST).blobs, wire


@pytest.mark.parametrize(("status", "has"), [(200, True), (404, False)])
def test_a_blob_is_there_where_the_registry_says_so(status: int, *, has: bool) -> None:
    # A registry that hides what it has is asked once how to log in.
    subject, wire = blobs(answer(status), answer(200))
    assert subject.has("demo/x", DIGEST) is has
    assert wire.asked[0] == f"HEAD /v2/demo/x/blobs/{DIGEST}"


@pytest.mark.parametrize(
    ("response", "mount"),
    [
        (answer(201), Mount(done=True)),
        (answer(202, Location="/uploads/1?state=a"), Mount(upload="/uploads/1?state=a")),
        (answer(202, Location="https://storage.example.org/1"), Mount()),
        (answer(405), Mount()),
        (answer(500), Mount()),
    ],
)
def test_a_blob_is_mounted_or_its_upload_begun_or_neither(response: Response, mount: Mount) -> None:
    subject, wire = blobs(response)
    assert subject.mount("demo/x", DIGEST, "demo/source") == mount
    query = f"mount=sha256%3A{'a' * 64}&from=demo%2Fsource"
    assert wire.asked == [f"POST /v2/demo/x/blobs/uploads/?{query}"]


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("/uploads/1", "/uploads/1"),
        ("1?state=a", "/v2/demo/x/blobs/uploads/1?state=a"),
        (f"{BASE}/uploads/1", "/uploads/1"),
        (f"http://{HOST}/uploads/1", ""),
        ("https://storage.example.org/1", ""),
    ],
)
def test_an_upload_is_begun_in_this_registry_or_not_at_all(location: str, address: str) -> None:
    assert blobs(answer(202, Location=location))[0].begin("demo/x") == address


def test_a_registry_in_which_nothing_can_be_uploaded_says_so() -> None:
    with pytest.raises(RegistryError, match=f"has no place for {HOST}/demo/x") as raised:
        blobs(answer(404), answer(200))[0].begin("demo/x")
    assert raised.value.remedy.startswith("Create the repository")


def test_an_upload_is_one_request_with_the_digest_that_the_registry_compares() -> None:
    subject, wire = blobs(answer(202, Location="/uploads/1?state=a"), answer(201))
    subject.upload(wire, "demo/x", DIGEST, BODY)
    assert wire.asked[1] == f"PUT /uploads/1?state=a&digest=sha256%3A{'a' * 64}"
    assert (wire.sent, wire.headers[1]["Content-Type"]) == (b"abc", "application/octet-stream")


def test_an_upload_that_was_begun_by_a_mount_is_gone_on_with() -> None:
    subject, wire = blobs(answer(201))
    subject.upload(wire, "demo/x", DIGEST, BODY, begun="/uploads/7")
    assert wire.asked == [f"PUT /uploads/7?digest=sha256%3A{'a' * 64}"]


def test_a_registry_that_takes_uploads_elsewhere_is_an_error_before_anything_is_sent() -> None:
    subject, wire = blobs(answer(202, Location="https://storage.example.org/1"))
    with pytest.raises(RegistryError, match="takes uploads at another place only"):
        subject.upload(wire, "demo/x", DIGEST, BODY)
    assert wire.sent == b""


@pytest.mark.parametrize("status", [200, 202, 400, 500])
def test_only_a_blob_that_was_created_is_uploaded(status: int) -> None:
    refused = answer(status, b'{"errors": [{"code": "DIGEST_INVALID", "message": "not that digest"}]}')
    subject, wire = blobs(refused)
    with pytest.raises(RegistryError, match=f"answered {status} for {HOST}/demo/x@{DIGEST}") as raised:
        subject.upload(wire, "demo/x", DIGEST, BODY, begun="/uploads/7")
    assert "The registry says: not that digest" in raised.value.problem


def test_a_blob_is_downloaded_in_blocks() -> None:
    subject, wire = blobs(answer(200), answer(200, b"content"))
    with subject.download(wire, "demo/x", DIGEST) as blocks:
        assert list(blocks) == [b"content"]
    assert [asked.partition(" ")[0] for asked in wire.asked] == ["HEAD", "GET"]


def test_a_blob_that_is_not_there_is_an_error_with_a_remedy() -> None:
    subject, wire = blobs(answer(404), answer(200))
    with pytest.raises(RegistryError) as raised, subject.download(wire, "demo/x", DIGEST):
        pass
    assert raised.value.problem == f"There is no {HOST}/demo/x@{DIGEST} in the registry."
    assert raised.value.remedy == "Push the image again."


def test_a_download_that_is_refused_is_an_error_in_the_words_of_the_registry() -> None:
    subject, wire = blobs(answer(200), answer(503, b'{"message": "busy"}'))
    with (
        pytest.raises(RegistryError, match=r"answered 503 .*busy"),
        subject.download(wire, "demo/x", DIGEST),
    ):
        pass


def test_what_moves_layers_has_the_authorization_that_was_granted() -> None:
    challenge = answer(401, WWW_Authenticate='Bearer realm="https://auth.example.org/token"')
    subject, wire = blobs(challenge, answer(200, b'{"token": "t"}'), answer(200), answer(200, b"content"))
    with subject.download(wire, "demo/x", DIGEST):
        pass
    assert [headers.get("Authorization", "") for headers in wire.headers] == ["", "", "Bearer t", "Bearer t"]


@pytest.mark.parametrize(("path", "start"), [("/a", "/a?digest="), ("/a?b=c", "/a?b=c&digest=")])
def test_the_address_that_completes_an_upload_keeps_what_the_registry_put_there(
    path: str, start: str
) -> None:
    assert upload_address(path, "sha256:a") == f"{start}sha256%3Aa"
