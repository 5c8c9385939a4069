"""The registry client with a real registry: open, with a password, with tokens, and failing."""

import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.docker.config import Credentials, DockerConfig
from hub_image_actions.errors import ManifestMissing, RegistryError
from hub_image_actions.exchange import Limits
from hub_image_actions.http import Http, RetryPolicy
from hub_image_actions.registry.calls import Manifest
from hub_image_actions.registry.client import Registry
from testbed.fault_proxy import Answer, FaultProxy, Reset, Silence, Truncated
from testbed.registry import BasicAuth, TokenAuth
from testbed.registry import Registry as RealRegistry
from testbed.seed_image import Format, seed_image
from testbed.token_server import Account

KEY = json.dumps({"type": "service_account", "private_key": "-----BEGIN\nkey-----\n"})
JSON_KEY = Credentials("_json_key", KEY, source="the test")
WRONG = Credentials("_json_key", "wrong", source="the test")
IMAGE = seed_image()


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    with Http(RetryPolicy(first_delay=0.01), Limits(connect=2, read=0.5)) as http:
        yield http


@pytest.fixture(scope="module")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with RealRegistry(tmp_path_factory.mktemp("open")) as registry:
        registry.push("demo/x", "tag", IMAGE)
        yield registry


@pytest.fixture(scope="module")
def basic_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with RealRegistry(tmp_path_factory.mktemp("basic"), auth=BasicAuth({"_json_key": KEY})) as registry:
        registry.push("demo/x", "tag", IMAGE)
        yield registry


@pytest.fixture(scope="module")
def token_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    accounts = {"_json_key": Account(KEY), "reader": Account("r", frozenset({"pull"}))}
    auth = TokenAuth(accounts, public=("public/*",))
    with RealRegistry(tmp_path_factory.mktemp("token"), auth=auth) as registry:
        registry.push("demo/x", "tag", IMAGE)
        registry.push("public/x", "tag", IMAGE)
        yield registry


@pytest.fixture
def proxy(open_registry: RealRegistry) -> Iterator[FaultProxy]:
    with FaultProxy(open_registry.url) as proxy:
        yield proxy


@pytest.mark.parametrize("form", ["oci", "docker"])
def test_a_manifest_is_read_in_both_formats(http: Http, open_registry: RealRegistry, form: Format) -> None:
    image = seed_image(form=form)
    open_registry.push("demo/forms", form, image)
    found = Registry(http, open_registry.host).manifest("demo/forms", form)
    assert found == Manifest(image.digest, image.media_type, image.manifest)


def test_an_index_of_several_platforms_is_a_manifest_too(http: Http, open_registry: RealRegistry) -> None:
    images = [seed_image(), seed_image(architecture="arm64")]
    digest = open_registry.push_index("demo/multi", "tag", images)
    found = Registry(http, open_registry.host).manifest("demo/multi", "tag")
    assert (found.digest, found.media_type) == (digest, "application/vnd.oci.image.index.v1+json")


def test_a_manifest_is_found_by_its_digest(http: Http, open_registry: RealRegistry) -> None:
    assert Registry(http, open_registry.host).manifest("demo/x", IMAGE.digest).body == IMAGE.manifest


def test_the_digest_costs_one_request_without_a_pull(http: Http, proxy: FaultProxy) -> None:
    assert Registry(http, proxy.host).digest("demo/x", "tag") == IMAGE.digest
    assert [seen.method for seen in proxy.seen()] == ["HEAD"]


@pytest.mark.parametrize("repository", ["demo/x", "demo/none"])
@pytest.mark.parametrize("question", ["manifest", "digest"])
def test_a_missing_tag_or_repository_is_named(
    http: Http, open_registry: RealRegistry, question: str, repository: str
) -> None:
    registry = Registry(http, open_registry.host)
    with pytest.raises(ManifestMissing) as caught:
        getattr(registry, question)(repository, "no-such")
    assert f"{open_registry.host}/{repository}:no-such" in caught.value.problem
    assert f"{open_registry.host}/{repository}:no-such" in caught.value.remedy


def test_the_tags_of_a_missing_repository_are_an_error(http: Http, open_registry: RealRegistry) -> None:
    with pytest.raises(ManifestMissing, match=f"There is no {open_registry.host}/demo/none in the registry"):
        Registry(http, open_registry.host).tags("demo/none")


@pytest.mark.parametrize("fixture", ["basic_registry", "token_registry"])
def test_credentials_open_a_private_repository(
    http: Http, fixture: str, request: pytest.FixtureRequest
) -> None:
    real: RealRegistry = request.getfixturevalue(fixture)
    registry = Registry(http, real.host, JSON_KEY)
    assert registry.manifest("demo/x", "tag").digest == IMAGE.digest
    assert registry.notices == []


@pytest.mark.parametrize("fixture", ["basic_registry", "token_registry"])
def test_without_credentials_a_private_repository_is_closed(
    http: Http, fixture: str, request: pytest.FixtureRequest
) -> None:
    real: RealRegistry = request.getfixturevalue(fixture)
    with pytest.raises(RegistryError, match="cannot be read without a login") as caught:
        Registry(http, real.host).manifest("demo/x", "tag")
    assert f"docker login {real.host}" in caught.value.remedy


@pytest.mark.parametrize("fixture", ["basic_registry", "token_registry"])
def test_wrong_credentials_are_named_and_not_shown(
    http: Http, fixture: str, request: pytest.FixtureRequest
) -> None:
    real: RealRegistry = request.getfixturevalue(fixture)
    with pytest.raises(RegistryError, match="cannot be read with the user '_json_key' of the test") as caught:
        Registry(http, real.host, WRONG).manifest("demo/x", "tag")
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("fixture", ["basic_registry", "token_registry"])
def test_a_tag_that_is_missing_behind_a_login_is_missing(
    http: Http, fixture: str, request: pytest.FixtureRequest
) -> None:
    real: RealRegistry = request.getfixturevalue(fixture)
    with pytest.raises(ManifestMissing, match="no-such"):
        Registry(http, real.host, JSON_KEY).manifest("demo/x", "no-such")


def test_a_public_image_is_read_anonymously(http: Http, token_registry: RealRegistry) -> None:
    assert Registry(http, token_registry.host).manifest("public/x", "tag").digest == IMAGE.digest


def test_a_public_image_is_read_in_spite_of_wrong_credentials(
    http: Http, token_registry: RealRegistry
) -> None:
    registry = Registry(http, token_registry.host, WRONG)
    assert registry.manifest("public/x", "tag").digest == IMAGE.digest
    assert "refused the user '_json_key'" in registry.notices[0]


def test_one_token_serves_all_questions_about_a_repository(http: Http, token_registry: RealRegistry) -> None:
    assert token_registry.tokens
    registry = Registry(http, token_registry.host, JSON_KEY)
    before = len(token_registry.tokens.requests)
    registry.manifest("demo/x", "tag")
    registry.tags("demo/x")
    registry.blob("demo/x", IMAGE.config_digest)
    assert len(token_registry.tokens.requests) == before + 1


def test_an_account_that_may_only_read_cannot_push(http: Http, token_registry: RealRegistry) -> None:
    reader = Registry(http, token_registry.host, Credentials("reader", "r"))
    assert reader.manifest("demo/x", "tag").digest == IMAGE.digest
    with pytest.raises(RegistryError, match="cannot be pushed to with the user 'reader'") as caught:
        reader.check_push("demo/x")
    assert "right to push to" in caught.value.remedy


@pytest.mark.parametrize("fixture", ["open_registry", "basic_registry", "token_registry"])
def test_a_push_is_tried_without_a_trace(http: Http, fixture: str, request: pytest.FixtureRequest) -> None:
    real: RealRegistry = request.getfixturevalue(fixture)
    registry = Registry(http, real.host, JSON_KEY)
    registry.check_push("demo/trial")
    assert registry.notices == []
    # This registry leaves an empty folder behind.
    assert list(real.folder.glob("storage/**/demo/trial/_uploads/*/data")) == []


@pytest.mark.parametrize("fixture", ["open_registry", "basic_registry", "token_registry"])
def test_an_image_gets_another_tag_and_loses_all(
    http: Http, fixture: str, request: pytest.FixtureRequest
) -> None:
    real: RealRegistry = request.getfixturevalue(fixture)
    real.push("demo/tags", "candidate", seed_image({"file": fixture.encode()}))
    registry = Registry(http, real.host, JSON_KEY)
    manifest = registry.manifest("demo/tags", "candidate")
    registry.put_manifest("demo/tags", "promoted", manifest)
    assert sorted(registry.tags("demo/tags")) == ["candidate", "promoted"]
    assert registry.digest("demo/tags", "promoted") == manifest.digest
    registry.delete("demo/tags", manifest.digest)
    registry.delete("demo/tags", manifest.digest)
    with pytest.raises(ManifestMissing):
        registry.digest("demo/tags", "promoted")


def test_a_blob_is_read_and_checked(http: Http, open_registry: RealRegistry) -> None:
    blob = Registry(http, open_registry.host).blob("demo/x", IMAGE.config_digest)
    assert f"sha256:{hashlib.sha256(blob).hexdigest()}" == IMAGE.config_digest


@pytest.mark.parametrize(
    "failure", [Answer(500), Answer(503), Answer(429, "0"), Reset(), Silence(2), Truncated(10)], ids=repr
)
def test_a_failure_that_passes_is_not_noticed(
    http: Http, proxy: FaultProxy, failure: Answer | Reset | Silence | Truncated
) -> None:
    proxy.fail(failure, times=2)
    assert Registry(http, proxy.host).manifest("demo/x", "tag").digest == IMAGE.digest
    assert len(proxy.seen()) == 3


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        (Answer(503), "answered 503 to 5 attempts for .*demo/x:tag"),
        (Answer(429), "takes no more for now"),
        (Reset(), r"gave no answer: the connection was reset \(5 attempts\)"),
        (Silence(2), r"gave no answer: the server said nothing for 0\.5 seconds \(5 attempts\)"),
        (Truncated(10), r"gave no answer: the answer was cut off \(5 attempts\)"),
    ],
    ids=repr,
)
def test_a_failure_that_stays_is_one_error_with_a_remedy(
    http: Http, proxy: FaultProxy, failure: Answer | Reset | Silence | Truncated, problem: str
) -> None:
    proxy.fail(failure, times=99)
    with pytest.raises(RegistryError, match=problem) as caught:
        Registry(http, proxy.host).manifest("demo/x", "tag")
    assert not isinstance(caught.value, ManifestMissing)
    assert "later" in caught.value.remedy or "wait" in caught.value.remedy


def test_a_refusal_without_a_challenge_is_an_error(http: Http, proxy: FaultProxy) -> None:
    denied = b'{"errors":[{"code":"DENIED","message":"Permission \\"downloadArtifacts\\" denied"}]}'
    proxy.fail(Answer(403, body=denied), times=99)
    with pytest.raises(RegistryError, match=r'without a login.*Permission "downloadArtifacts" denied'):
        Registry(http, proxy.host).manifest("demo/x", "tag")


def test_the_credentials_of_a_helper_on_the_path_are_used(
    http: Http, basic_registry: RealRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.dumps({"Username": "_json_key", "Secret": KEY})
    _helper(
        tmp_path, f"read host\n[ \"$host\" = {basic_registry.host} ] || exit 3\ncat <<'END'\n{answer}\nEND\n"
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    config = DockerConfig.load(_config(tmp_path, basic_registry.host))
    registry = Registry(http, basic_registry.host, config.credentials(basic_registry.host))
    assert registry.manifest("demo/x", "tag").digest == IMAGE.digest


def test_a_helper_on_the_path_without_credentials_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _helper(tmp_path, "cat >/dev/null\necho credentials not found in native keychain\nexit 1\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert DockerConfig.load(_config(tmp_path, "example.org")).credentials("example.org") is None


def test_a_helper_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(RegistryError, match=r"`docker-credential-testbed`.*failed: there is no docker-cred"):
        DockerConfig.load(_config(tmp_path, "example.org")).credentials("example.org")


def _helper(folder: Path, script: str) -> None:
    program = folder / "docker-credential-testbed"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def _config(folder: Path, host: str) -> Path:
    (folder / "config.json").write_text(json.dumps({"credHelpers": {host: "testbed"}}))
    return folder
