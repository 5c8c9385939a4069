"""Where the image of a pull request is kept, and who can write there."""

import json
import stat
from pathlib import Path
from typing import cast

import pytest

from fake_build import FakeBuild, FakeRegistry, fake_build, read_settings
from hub_image_actions.build.candidates import CandidateStore, open_candidates
from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.settings import Publication
from hub_image_actions.docker.engine import Docker
from hub_image_actions.images.copying import ImagePlace
from hub_image_actions.references import parse_image_name
from hub_image_actions.registry.client import Registry

INPUTS = BuildInputs({}, {}, {})
CANDIDATE = Publication(tags=("1",), candidate=True)
NAME = "candidates/image"
PLACE = parse_image_name(f"quay.io/{NAME}")


def store(build: FakeBuild, registry: FakeRegistry | None = None) -> CandidateStore:
    """Return the store of a build's candidates."""
    place = ImagePlace(PLACE, cast("Registry", registry or build.registry))
    return CandidateStore(build.job, build.login, place)


@pytest.mark.parametrize(
    ("publication", "inputs", "from_fork", "refuses", "takes", "told"),
    [
        (CANDIDATE, INPUTS, False, False, True, ""),
        (Publication(tags=("1",)), INPUTS, False, False, False, ""),
        (CANDIDATE, None, False, False, False, ""),
        (CANDIDATE, INPUTS, True, False, False, "notice: The image of a fork's pull request is not kept."),
        (CANDIDATE, INPUTS, False, True, False, "warning: The image is built again after the merge"),
    ],
)
def test_an_image_is_kept_for_the_merge_where_that_can_be(
    tmp_path: Path,
    publication: Publication,
    inputs: BuildInputs | None,
    from_fork: bool,
    refuses: bool,
    takes: bool,
    told: str,
) -> None:
    build = fake_build(tmp_path, read_settings(publication, candidates=NAME), from_fork=from_fork)
    build.registry.refuses = refuses
    assert store(build).takes(inputs) is takes
    assert "".join(build.told.lines).startswith(told)
    assert bool(build.told.lines) is bool(told)


def test_without_a_repository_for_them_no_candidate_is_kept(tmp_path: Path) -> None:
    build = fake_build(tmp_path, read_settings(CANDIDATE))
    assert open_candidates(build.job, build.login) is None
    assert not CandidateStore(build.job, build.login, None).takes(INPUTS)
    assert build.registry.asked == []


@pytest.mark.parametrize(
    ("given", "host", "own"),
    [
        ({"candidates": NAME}, "quay.io", True),
        ({"candidates": f"ghcr.io/{NAME}"}, "ghcr.io", True),
        ({"candidates": NAME, "candidates_password": "geheim"}, "quay.io", False),
        ({"candidates": f"ghcr.io/{NAME}", "candidates_password": "geheim"}, "ghcr.io", False),
    ],
)
def test_candidates_have_a_login_of_their_own(
    tmp_path: Path, given: dict[str, str], host: str, own: bool
) -> None:
    build = fake_build(tmp_path, read_settings(CANDIDATE, **given))
    place = open_candidates(build.job, build.login)
    assert place
    assert str(place.name) == f"{host}/{NAME}"
    assert (place.registry is build.login.registry) is own
    assert not own or "geheim" not in build.told.masked


def test_the_key_of_candidates_is_masked(tmp_path: Path) -> None:
    settings = read_settings(CANDIDATE, candidates=NAME, candidates_password="geheim")
    build = fake_build(tmp_path, settings)
    open_candidates(build.job, build.login)
    assert "geheim" in build.told.masked
    assert "geheim" not in repr(settings)


def test_the_engine_that_pushes_a_candidate_knows_no_other_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins: list[tuple[str, str, str]] = []
    monkeypatch.setattr(Docker, "login", lambda _, *given: logins.append(given))
    settings = read_settings(CANDIDATE, candidates=NAME, candidates_password="geheim")
    build = fake_build(tmp_path, settings)
    original = tmp_path / "docker"
    original.mkdir()
    config = {
        "auths": {"quay.io": {"auth": "cHJvZHVjdGlvbg=="}, "ghcr.io": {"auth": "b3RoZXI="}},
        "credsStore": "desktop",
        "credHelpers": {"gcr.io": "gcloud"},
        "currentContext": "colima",
        "HttpHeaders": {"X-Meta": "secret"},
    }
    (original / "config.json").write_text(json.dumps(config))
    build.docker.environment.update(DOCKER_CONFIG=str(original), PATH="/bin")
    with store(build).docker() as docker:
        folder = Path(docker.environment["DOCKER_CONFIG"])
        assert folder.is_relative_to(build.job.origin.scratch)
        kept = folder / "config.json"
        assert json.loads(kept.read_text()) == {"auths": {"quay.io": {}}, "currentContext": "colima"}
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert docker.environment["PATH"] == "/bin"
    assert not folder.exists()
    assert logins == [("quay.io", "_json_key", "geheim")]


@pytest.mark.parametrize(
    ("candidates", "logins"),
    [(NAME, [("login", "quay.io", "_json_key", "geheim")]), (f"ghcr.io/{NAME}", [])],
)
def test_without_a_key_the_images_own_login_is_used_in_its_own_registry(
    tmp_path: Path, candidates: str, logins: list[tuple[str, ...]]
) -> None:
    build = fake_build(tmp_path, read_settings(CANDIDATE, candidates=candidates, registry_password="geheim"))
    with store(build).docker() as docker:
        assert docker is build.login.docker
        assert build.docker.asked == logins
    assert "geheim" not in build.config.read_text()
