"""Settings of Docker for one build: those of the caller, without a way to write to them."""

import json
from pathlib import Path

import pytest

from hub_image_actions.docker.config import copy_builders, private_config
from hub_image_actions.docker.engine import DockerError

HOST = "us-central1-docker.pkg.dev"


def private(tmp_path: Path, content: object) -> dict[str, object]:
    original, folder = tmp_path / "original", tmp_path / "private"
    original.mkdir()
    folder.mkdir()
    (original / "config.json").write_text(content if isinstance(content, str) else json.dumps(content))
    private_config(folder, original, HOST)
    made: dict[str, object] = json.loads((folder / "config.json").read_text())
    return made


def test_other_logins_stay_and_the_registrys_own_goes(tmp_path: Path) -> None:
    made = private(
        tmp_path, {"auths": {"quay.io": {"auth": "b"}, HOST: {"auth": "old"}}, "HttpHeaders": {"a": "b"}}
    )
    assert made == {
        "auths": {"quay.io": {"auth": "b"}, HOST: {}},
        "credHelpers": {},
        "HttpHeaders": {"a": "b"},
    }


def test_a_store_is_kept_for_others_and_never_gets_this_login(tmp_path: Path) -> None:
    made = private(tmp_path, {"auths": {"quay.io": {}, HOST: {}}, "credsStore": "desktop"})
    assert made == {"auths": {"quay.io": {}, HOST: {}}, "credHelpers": {"quay.io": "desktop"}}


def test_a_helper_of_the_registry_does_not_get_this_login(tmp_path: Path) -> None:
    made = private(tmp_path, {"credHelpers": {HOST: "gcloud", "gcr.io": "gcloud"}})
    assert made["credHelpers"] == {"gcr.io": "gcloud"}


@pytest.mark.parametrize("content", ["", "{}"])
def test_settings_may_be_empty(tmp_path: Path, content: str) -> None:
    assert private(tmp_path, content) == {"auths": {HOST: {}}, "credHelpers": {}}


def test_settings_that_are_not_json_are_told_without_showing_them(tmp_path: Path) -> None:
    with pytest.raises(DockerError) as caught:
        private(tmp_path, '{"auths": "hunter2"')
    assert "is not JSON" in str(caught.value)
    assert caught.value.__cause__ is None
    assert "hunter2" not in str(caught.value)


def test_nobody_else_may_read_the_login(tmp_path: Path) -> None:
    private(tmp_path, {})
    assert (tmp_path / "private" / "config.json").stat().st_mode & 0o077 == 0


def test_plugins_and_contexts_are_those_of_the_caller(tmp_path: Path) -> None:
    for name in ("cli-plugins", "contexts"):
        (tmp_path / "original" / name).mkdir(parents=True)
    (tmp_path / "private").mkdir()
    private_config(tmp_path / "private", tmp_path / "original", HOST)
    for name in ("cli-plugins", "contexts"):
        assert (tmp_path / "private" / name).resolve() == tmp_path / "original" / name


def test_builders_are_copied_without_their_history(tmp_path: Path) -> None:
    original = tmp_path / "buildx"
    for name in ("instances/mine", "refs/mine/1", "activity/mine", "current"):
        (original / name).parent.mkdir(parents=True, exist_ok=True)
        (original / name).write_text(name)
    copy_builders(original, tmp_path / "copy")
    copied = {str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*")}
    assert copied == {"instances", "instances/mine", "current"}


def test_there_may_be_no_builders(tmp_path: Path) -> None:
    copy_builders(tmp_path / "none", tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []
