"""What a registry is asked, and what its answers mean."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from hub_image_actions.docker.config import Credentials
from hub_image_actions.errors import ManifestMissing, RegistryError
from hub_image_actions.exchange import Headers, NoAnswer, Response
from hub_image_actions.registry.calls import MANIFEST_TYPES
from hub_image_actions.registry.client import Registry

HOST = "registry.example.org"
BASE = f"https://{HOST}/v2"
REALM = "https://auth.example.org/token"
BODY = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPES[1]}).encode()
DIGEST = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
SOMEBODY = Credentials("somebody", "s3cret", source="the test")
BEARER = f'Bearer realm="{REALM}",service="reg",scope="repository:demo/x:pull"'


NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Asked:
    method: str
    url: str
    authorization: str
    body: bytes | None


@dataclass
class Script:
    """Gives the answers that it was given, in their order, and remembers the requests."""

    answers: list[Response | NoAnswer]
    asked: list[Asked] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | None = None,
        retry: bool = True,
        idempotent: bool | None = None,
    ) -> Response:
        self.asked.append(Asked(method, url, headers.get("Authorization", ""), body))
        answer = self.answers.pop(0)
        if isinstance(answer, NoAnswer):
            raise answer
        return answer


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status, Headers({name.replace("_", "-"): value for name, value in headers.items()}), body)


def error(status: int, code: str, message: str = "", **headers: str) -> Response:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return answer(status, body, **headers)


def token(text: str = "t", name: str = "token") -> Response:
    return answer(200, json.dumps({name: text}).encode())


def manifest(**headers: str) -> Response:
    return answer(200, BODY, **{"Content_Type": MANIFEST_TYPES[1], **headers})


def challenge(header: str = BEARER) -> Response:
    return error(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=header)


def registry(
    *answers: Response | NoAnswer, host: str = HOST, credentials: Credentials | None = None
) -> tuple[Registry, Script]:
    script = Script(list(answers))
    return Registry(script, host, credentials), script


@pytest.mark.parametrize(
    ("host", "address"),
    [
        (HOST, BASE),
        ("docker.io", "https://registry-1.docker.io/v2"),
        (f"{HOST}:8443", f"https://{HOST}:8443/v2"),
        ("localhost:5000", "http://localhost:5000/v2"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000/v2"),
        ("[::1]:5000", "http://[::1]:5000/v2"),
    ],
)
def test_a_registry_is_asked_at_its_address(host: str, address: str) -> None:
    subject, script = registry(manifest(), host=host)
    subject.manifest("demo/x", "tag")
    assert script.asked[0].url == f"{address}/demo/x/manifests/tag"


@pytest.mark.parametrize(
    ("response", "media_type"),
    [
        (manifest(Docker_Content_Digest=DIGEST), MANIFEST_TYPES[1]),
        (manifest(), MANIFEST_TYPES[1]),
        (manifest(Content_Type=f"{MANIFEST_TYPES[3]}; charset=utf-8"), MANIFEST_TYPES[3]),
        (manifest(Content_Type="application/json"), MANIFEST_TYPES[1]),
    ],
)
def test_a_manifest_has_digest_media_type_and_size(response: Response, media_type: str) -> None:
    found = registry(response)[0].manifest("demo/x", "tag")
    assert (found.digest, found.media_type, found.size, found.body) == (DIGEST, media_type, len(BODY), BODY)


@pytest.mark.parametrize("name", ["docker-content-digest", "the reference"])
def test_a_manifest_that_is_not_what_it_is_named_is_an_error(name: str) -> None:
    wrong = f"sha256:{'0' * 64}"
    response = manifest(Docker_Content_Digest=wrong) if name != "the reference" else manifest()
    with pytest.raises(RegistryError, match="not what it is named"):
        registry(response)[0].manifest("demo/x", wrong if name == "the reference" else "tag")


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"[]", b"{}"])
def test_a_web_page_is_no_manifest(body: bytes) -> None:
    with pytest.raises(RegistryError, match=r"not JSON|not a manifest"):
        registry(answer(200, body))[0].manifest("demo/x", "tag")


def test_the_digest_comes_without_the_manifest_where_it_can() -> None:
    subject, script = registry(answer(200, Docker_Content_Digest=DIGEST))
    assert subject.digest("demo/x", "tag") == DIGEST
    assert [asked.method for asked in script.asked] == ["HEAD"]


@pytest.mark.parametrize("head", [answer(200), answer(405), answer(200, Docker_Content_Digest="?")])
def test_the_digest_comes_from_the_manifest_where_it_must(head: Response) -> None:
    subject, script = registry(head, manifest())
    assert subject.digest("demo/x", "tag") == DIGEST
    assert [asked.method for asked in script.asked] == ["HEAD", "GET"]


@pytest.mark.parametrize("name", ["token", "access_token"])
def test_a_bearer_challenge_is_answered_with_a_token(name: str) -> None:
    subject, script = registry(challenge(), token("abc", name), manifest(), credentials=SOMEBODY)
    subject.manifest("demo/x", "tag")
    assert [asked.authorization for asked in script.asked] == ["", f"Basic {SOMEBODY.basic}", "Bearer abc"]
    assert script.asked[1].url == f"{REALM}?service=reg&scope=repository%3Ademo%2Fx%3Apull"


def test_a_challenge_without_a_scope_gets_one() -> None:
    subject, script = registry(challenge(f'Bearer realm="{REALM}?a=b"'), token(), manifest())
    subject.manifest("demo/x", "tag")
    assert script.asked[1].url == f"{REALM}?a=b&scope=repository%3Ademo%2Fx%3Apull"


def test_a_token_is_used_again_for_the_same_repository_alone() -> None:
    subject, script = registry(
        challenge(), token("one"), manifest(), manifest(), challenge(), token("two"), manifest()
    )
    subject.manifest("demo/x", "first")
    subject.manifest("demo/x", "second")
    subject.manifest("demo/y", "third")
    assert [asked.authorization for asked in script.asked[3:]] == ["Bearer one", "", "", "Bearer two"]


def test_a_token_that_is_over_is_replaced() -> None:
    subject, script = registry(challenge(), token("one"), manifest(), challenge(), token("two"), manifest())
    subject.manifest("demo/x", "first")
    subject.manifest("demo/x", "second")
    assert script.asked[-1].authorization == "Bearer two"


def test_an_identity_token_is_posted_and_nowhere_else() -> None:
    credentials = Credentials(identity_token="s3cret")
    subject, script = registry(challenge(), token("abc", "access_token"), manifest(), credentials=credentials)
    subject.manifest("demo/x", "tag")
    asked = script.asked[1]
    assert (asked.method, asked.url, asked.authorization) == ("POST", REALM, "")
    assert asked.body == (
        b"service=reg&scope=repository%3Ademo%2Fx%3Apull&grant_type=refresh_token"
        b"&client_id=hub-image-actions&refresh_token=s3cret"
    )


@pytest.mark.parametrize("header", ['Basic realm="r"', 'Negotiate, Basic realm="r"'])
def test_a_basic_challenge_is_answered_with_name_and_password(header: str) -> None:
    subject, script = registry(challenge(header), manifest(), credentials=SOMEBODY)
    subject.manifest("demo/x", "tag")
    assert [asked.authorization for asked in script.asked] == ["", f"Basic {SOMEBODY.basic}"]


@pytest.mark.parametrize(
    "realm",
    [
        "https://evil:443\\\\@registry.example.org/token",
        "http://evil\\\\@127.0.0.1/token",
        "https://user@auth.example.org/token",
        "https://auth.example.org/a token",
        "ftp://auth.example.org",
        "/token",
    ],
)
def test_nothing_is_sent_to_a_realm_that_is_no_address(realm: str) -> None:
    subject, script = registry(challenge(f'Bearer realm="{realm}"'), credentials=SOMEBODY)
    with pytest.raises(RegistryError, match="wants credentials sent to something that is no address"):
        subject.digest("demo/x", "1")
    assert len(script.asked) == 1


@pytest.mark.parametrize("realm", ["http://auth.example.org/token", "http://127.0.0.1.example.org/token"])
def test_nothing_is_sent_to_a_realm_without_encryption(realm: str) -> None:
    subject, script = registry(challenge(f'Bearer realm="{realm}"'), credentials=SOMEBODY)
    with pytest.raises(RegistryError, match="without encryption"):
        subject.manifest("demo/x", "tag")
    assert len(script.asked) == 1


def test_a_realm_on_this_machine_may_be_without_encryption() -> None:
    subject, script = registry(
        challenge('Bearer realm="http://127.0.0.1:5001/token"'),
        token(),
        manifest(),
        credentials=SOMEBODY,
        host="127.0.0.1:5000",
    )
    subject.manifest("demo/x", "tag")
    assert script.asked[1].authorization


@pytest.mark.parametrize("status", [403, 404])
def test_a_registry_that_hides_what_it_has_is_asked_how_to_log_in(status: int) -> None:
    subject, script = registry(
        error(status, "DENIED"), challenge(), token(), manifest(), credentials=SOMEBODY
    )
    subject.manifest("demo/x", "tag")
    assert script.asked[1].url == f"{BASE}/"


def test_refused_credentials_do_not_keep_from_a_public_image() -> None:
    subject, script = registry(
        challenge(), error(401, "UNAUTHORIZED"), token("anonymous"), manifest(), credentials=SOMEBODY
    )
    assert subject.manifest("demo/x", "tag").digest == DIGEST
    assert script.asked[-1].authorization == "Bearer anonymous"
    assert subject.notices == [
        f"{HOST} refused the user 'somebody' of the test; the image was read anonymously instead."
    ]


def test_a_push_is_not_tried_without_the_credentials() -> None:
    subject, script = registry(challenge(), error(401, "UNAUTHORIZED"), credentials=SOMEBODY)
    with pytest.raises(RegistryError, match="cannot be pushed to with the user 'somebody' of the test"):
        subject.check_push("demo/x")
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("credentials", "host", "problem", "remedy"),
    [
        (None, HOST, "cannot be read without a login, or does not exist", f"docker login {HOST}"),
        (SOMEBODY, HOST, "cannot be read with the user 'somebody' of the test, nor without", "right to read"),
        (
            SOMEBODY,
            "us-central1-docker.pkg.dev",
            "cannot be read with the user",
            "roles/artifactregistry.reader",
        ),
    ],
)
def test_a_refusal_says_who_was_refused_what_and_what_to_do(
    credentials: Credentials | None, host: str, problem: str, remedy: str
) -> None:
    denied = error(403, "DENIED", "no s3cret for you")
    identities = 2 if credentials else 1
    subject, _ = registry(challenge(), *[token(), denied] * identities, host=host, credentials=credentials)
    with pytest.raises(RegistryError) as caught:
        subject.manifest("demo/x", "tag")
    assert f"{host}/demo/x:tag {problem}" in caught.value.problem
    assert remedy in caught.value.remedy
    assert ("s3cret" in str(caught.value)) is (credentials is None)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("MANIFEST_UNKNOWN", f"There is no {HOST}/demo/x:tag in the registry."),
        (
            "NAME_UNKNOWN",
            f"There is no {HOST}/demo/x:tag in the registry: it has no repository {HOST}/demo/x.",
        ),
    ],
)
def test_a_missing_image_is_named(code: str, problem: str) -> None:
    with pytest.raises(ManifestMissing) as caught:
        registry(error(404, code), answer(200))[0].manifest("demo/x", "tag")
    assert caught.value.problem == problem
    assert f"Push {HOST}/demo/x:tag first" in caught.value.remedy


def test_a_registry_that_takes_no_more_requests_says_so() -> None:
    with pytest.raises(RegistryError, match="takes no more for now from requests without a login") as caught:
        registry(error(429, "TOOMANYREQUESTS"))[0].manifest("demo/x", "tag")
    assert "Log in" in caught.value.remedy


@pytest.mark.parametrize("at_token_service", [False, True])
def test_a_registry_that_does_not_answer_is_named(at_token_service: bool) -> None:
    lost = NoAnswer("GET x", "the connection was reset")
    answers = [challenge(), lost] if at_token_service else [lost]
    with pytest.raises(
        RegistryError, match=rf"The registry {HOST}.* gave no answer: the connection was reset"
    ) as e:
        registry(*answers)[0].manifest("demo/x", "tag")
    assert ("token service https://auth.example.org/token" in str(e.value)) is at_token_service


@pytest.mark.parametrize("body", [b"{}", b'{"token": 5}'])
def test_a_token_service_without_a_token_is_an_error(body: bytes) -> None:
    with pytest.raises(RegistryError, match="gave no token"):
        registry(challenge(), answer(200, body))[0].manifest("demo/x", "tag")


def test_tags_come_from_all_pages() -> None:
    subject, script = registry(
        answer(200, b'{"tags": ["a", "b"]}', Link='</v2/demo/x/tags/list?n=2&last=b>; rel="next"'),
        answer(
            200,
            b'{"tags": ["c"]}',
            Link="<https://elsewhere.example.org/v2/demo/x/tags/list?last=c>; rel=next",
        ),
        answer(200, b'{"tags": null}'),
    )
    assert subject.tags("demo/x") == ["a", "b", "c"]
    assert [asked.url for asked in script.asked] == [
        f"{BASE}/demo/x/tags/list",
        f"{BASE}/demo/x/tags/list?n=2&last=b",
        f"{BASE}/demo/x/tags/list?last=c",
    ]


@pytest.mark.parametrize("location", ["/uploads/1?state=a", f"https://{HOST}/uploads/1?state=a"])
def test_a_trial_upload_is_cancelled(location: str) -> None:
    subject, script = registry(answer(202, Location=location), answer(204))
    subject.check_push("demo/x")
    assert [(asked.method, asked.url) for asked in script.asked] == [
        ("POST", f"{BASE}/demo/x/blobs/uploads/"),
        ("DELETE", f"https://{HOST}/uploads/1?state=a"),
    ]


def test_a_trial_upload_at_another_host_is_left_alone() -> None:
    subject, script = registry(answer(202, Location="https://storage.example.org/1"))
    subject.check_push("demo/x")
    assert len(script.asked) == 1


def test_a_trial_upload_that_cannot_be_cancelled_is_told_and_no_error() -> None:
    subject, _ = registry(
        answer(202, Location="/uploads/1"), NoAnswer("DELETE x", "the connection was reset")
    )
    subject.check_push("demo/x")
    assert "left to expire" in subject.notices[0]


def test_a_missing_repository_in_which_to_push_is_named() -> None:
    with pytest.raises(RegistryError, match=f"has no place for {HOST}/demo/x") as caught:
        registry(error(404, "NAME_UNKNOWN"), answer(200))[0].check_push("demo/x")
    assert "Create the repository" in caught.value.remedy


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refused_token_is_told_in_the_words_of_the_token_service(status: int) -> None:
    refusals = [error(status, "DENIED", "that key is disabled")] * 2
    with pytest.raises(
        RegistryError, match=r"cannot be read .*The registry says: that key is disabled"
    ) as caught:
        registry(challenge(), *refusals, credentials=SOMEBODY)[0].manifest("demo/x", "tag")
    assert not isinstance(caught.value, ManifestMissing)
