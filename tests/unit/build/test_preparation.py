"""What is found out and fetched before a build."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fake_build import FakeBuild, fake_build, read_settings
from hub_image_actions.build import preparation
from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.earlier_images import PreviousImage
from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.preparation import Preparation, PreparedBuild
from hub_image_actions.build.repo2docker import Repo2docker
from hub_image_actions.build.settings import Publication
from hub_image_actions.docker.disk_space import Disk
from hub_image_actions.errors import RegistryError

INPUTS = BuildInputs({}, {}, {"quay.io/base/image:1": "sha256:1"})
PREVIOUS = "quay.io/course/image:0"
DOCKER = {"builder": "docker"}
Prepare = Callable[..., tuple[PreparedBuild, FakeBuild]]


class Previous(PreviousImage):
    """The previous image, without asking for it."""

    def reference(self) -> str:
        return PREVIOUS


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepare:
    """Return a function that prepares a build, and what was asked for it."""
    repo2docker = Repo2docker(Path("python"), "2026.04.0")
    monkeypatch.setattr(preparation, "install", lambda **_: repo2docker)
    monkeypatch.setattr(preparation, "make_room", lambda *_, **__: ["Little room."])

    def prepare(inputs: BuildInputs | None = INPUTS, **given: str) -> tuple[PreparedBuild, FakeBuild]:
        build = fake_build(tmp_path, read_settings(**given))
        return part(build).prepare(Disk(tmp_path), inputs), build

    return prepare


def part(build: FakeBuild) -> Preparation:
    """Return the preparation of a build."""
    context = BuildContext(build.job.folder, ".")
    return Preparation(build.job, build.login, context, Previous(build.job, build.registry))


def test_the_check_logs_in_and_asks_whether_it_may_push(tmp_path: Path) -> None:
    settings = read_settings(
        Publication(push=True, tags=("1",)), registry_password="geheim", registry_username="me"
    )
    build = fake_build(tmp_path, settings)
    assert part(build).check() == Disk(tmp_path)
    assert build.docker.asked == [("login", "quay.io", "me", "geheim")]
    assert build.registry.asked == ["may push course/image"]
    assert "quay.io/course/image can be pushed" in build.told.lines
    assert "geheim" not in "".join(build.told.lines)


def test_what_is_not_pushed_needs_no_right_to(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    part(build).check()
    assert build.docker.asked == []
    assert build.registry.asked == []


def test_a_push_that_is_refused_is_found_out_before_the_build(tmp_path: Path) -> None:
    build = fake_build(tmp_path, read_settings(Publication(push=True, tags=("1",))))
    build.registry.refuses = True
    with pytest.raises(RegistryError, match="refuses"):
        part(build).check()


def test_repo2docker_is_installed_and_the_bases_are_pulled(prepared: Prepare) -> None:
    result, build = prepared(platform="linux/amd64")
    assert result == PreparedBuild(Repo2docker(Path("python"), "2026.04.0"), True, PREVIOUS)
    assert build.docker.asked == [("pull", "quay.io/base/image:1", "linux/amd64")]
    assert build.job.report.warnings == ["Little room."]


def test_docker_builds_without_repo2docker(prepared: Prepare) -> None:
    assert prepared(**DOCKER)[0] == PreparedBuild(None, True, PREVIOUS)


def test_no_cache_is_looked_for_where_none_is_wanted(prepared: Prepare) -> None:
    result, build = prepared(cache="none", **DOCKER)
    assert result.cached_from == ""
    assert not [line for line in build.told.lines if line.startswith("Cache")]


@pytest.mark.parametrize(("pulls", "cached_from"), [((PREVIOUS,), PREVIOUS), ((), "")])
def test_without_buildx_the_cache_is_pulled(tmp_path: Path, pulls: tuple[str, ...], cached_from: str) -> None:
    build = fake_build(tmp_path, read_settings(free_disk_space="never", min_free_disk="0", **DOCKER))
    build.docker.has_buildx, build.docker.pulls = False, pulls
    assert part(build).prepare(Disk(tmp_path), None) == PreparedBuild(None, False, cached_from)
    assert ("pull", PREVIOUS, "") in build.docker.asked


@pytest.mark.parametrize(("has_buildx", "cached_from"), [(True, PREVIOUS), (False, "")])
def test_in_containerds_store_the_older_builder_builds_without_a_cache(
    tmp_path: Path, has_buildx: bool, cached_from: str
) -> None:
    build = fake_build(tmp_path, read_settings(free_disk_space="never", min_free_disk="0", **DOCKER))
    build.docker.has_buildx, build.docker.has_containerd_store = has_buildx, True
    assert part(build).prepare(Disk(tmp_path), None).cached_from == cached_from
    told = [warning for warning in build.job.report.warnings if "All layers are built" in warning]
    assert len(told) == (not has_buildx)
    assert ("pull", PREVIOUS, "") not in build.docker.asked


@pytest.mark.parametrize("installed", [True, False])
def test_bases_of_an_image_whose_inputs_are_not_known_are_pulled_while_there_is_time(
    prepared: Prepare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM quay.io/a/b:2\n")
    monkeypatch.setattr(preparation, "is_installed", lambda *_: installed)
    _, build = prepared(inputs=None)
    assert build.docker.asked == ([] if installed else [("pull", "quay.io/a/b:2", "")])


@pytest.mark.parametrize(
    ("files", "given", "cached_from", "needed"),
    [
        ({"Dockerfile": "FROM docker.io/library/x\n"}, {"builder": "docker"}, "", False),
        ({"Dockerfile": "FROM docker.io/library/x\n"}, {"builder": "docker"}, "quay.io/course/image:1", True),
        (
            {"Dockerfile": "FROM docker.io/library/x\n"},
            {"builder": "docker"},
            "quay.iox/course/image:1",
            False,
        ),
        ({"Dockerfile": "FROM quay.io/a/b\n"}, {"builder": "docker"}, "", True),
        ({"Dockerfile": "FROM x\nCOPY --from=quay.io/a/b / /\n"}, {"builder": "docker"}, "", True),
        ({"Dockerfile": "ARG BASE\nFROM $BASE\n"}, {"builder": "docker"}, "", True),
        ({"environment.yml": ""}, {}, "", False),
        ({"environment.yml": ""}, {"repo2docker_args": "--base-image=quay.io/a/b"}, "", True),
        ({"environment.yml": ""}, {"repo2docker_version": "jupyter-repo2docker>=2025"}, "", True),
        ({"environment.yml": "", "end": "COPY --from=quay.io/a/b / /"}, {"appendix_file": "end"}, "", True),
    ],
)
def test_a_build_is_logged_in_only_where_it_may_need_it(
    tmp_path: Path, files: dict[str, str], given: dict[str, str], cached_from: str, needed: bool
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    build = fake_build(tmp_path, read_settings(**given))
    assert part(build).needs_login(PreparedBuild(None, True, cached_from)) is needed
