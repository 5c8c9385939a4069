"""What decides what an image is, and what does not."""

from pathlib import Path

import pytest

from hub_image_actions.build.fingerprint import BuildInputs, files_that_matter, settings_that_matter
from hub_image_actions.build.repo2docker import DEFAULT_BASE, base_image, parse_version
from hub_image_actions.build.settings import Publication, read_build
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.references import parse_image_name

INPUTS = BuildInputs({"builder": "docker"}, {"Dockerfile": "file 1"}, {"base:1": "sha256:1"})


def settings(**given: str) -> dict[str, object]:
    """Return the settings that matter of some inputs."""
    read = Inputs(lambda name: given.get(name.replace("-", "_"), ""))
    return settings_that_matter(read_build(read, parse_image_name("a/b"), Publication()))


@pytest.mark.parametrize(
    "other",
    [
        BuildInputs({"builder": "repo2docker"}, INPUTS.files, INPUTS.bases),
        BuildInputs(INPUTS.settings, {"Dockerfile": "file 2"}, INPUTS.bases),
        BuildInputs(INPUTS.settings, {"Dockerfile": "executable 1"}, INPUTS.bases),
        BuildInputs(INPUTS.settings, {}, INPUTS.bases),
        BuildInputs(INPUTS.settings, INPUTS.files, {"base:1": "sha256:2"}),
    ],
)
def test_whatever_is_different_gives_another_digest(other: BuildInputs) -> None:
    assert other.digest != INPUTS.digest


def test_the_order_does_not_matter() -> None:
    one = BuildInputs({}, {"a": "1", "b": "2"}, {})
    assert one.digest == BuildInputs({}, {"b": "2", "a": "1"}, {}).digest


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("builder", "docker"),
        ("build_args", "A=1"),
        ("labels", "a=b"),
        ("user_id", "1234"),
        ("repo2docker_version", "2025.08.0"),
        ("repo2docker_args", "--debug"),
        ("platform", "linux/arm64"),
        ("tests_dir", "tests"),
        ("hub_version", "5.3.0"),
    ],
)
def test_inputs_that_decide_what_the_image_is_matter(name: str, text: str) -> None:
    assert settings(**{name: text}) != settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("registry_password", "secret"),
        ("github_token", "secret"),
        ("cache", "none"),
        ("min_free_disk", "3"),
        ("reuse_max_age", "3"),
        ("force", "true"),
        ("test", "false"),
        ("hub_check", "false"),
        ("max_size", "3 GB"),
        ("sbom", "x.json"),
    ],
)
def test_inputs_that_do_not_are_left_out(name: str, text: str) -> None:
    assert settings(**{name: text}) == settings()


def test_files_about_the_repository_are_left_out(tmp_path: Path) -> None:
    names = ["README.md", "LICENSE", ".github/workflows/test.yaml", ".gitignore", "docs/README.md", "apt.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert set(files_that_matter(tmp_path, names)) == {"docs/README.md", "apt.txt"}


def test_mode_link_and_content_are_what_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "start").write_text("x")
    before = files_that_matter(tmp_path, ["start"])
    (tmp_path / "start").chmod(0o755)
    executable = files_that_matter(tmp_path, ["start"])
    (tmp_path / "start").unlink()
    (tmp_path / "start").symlink_to("nowhere")
    assert len({before["start"], executable["start"], files_that_matter(tmp_path, ["start"])["start"]}) == 3


def test_a_submodule_is_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    before = files_that_matter(tmp_path, ["course"])
    (tmp_path / "course" / "a.txt").write_text("x")
    assert files_that_matter(tmp_path, ["course"]) != before


def test_a_file_that_is_gone_is_none(tmp_path: Path) -> None:
    assert files_that_matter(tmp_path, ["gone"]) == {}


@pytest.mark.parametrize(
    ("version", "arguments", "base"),
    [
        ("2026.04.0", (), DEFAULT_BASE),
        ("2024.07.0", (), ""),
        ("2024.07.0", ("--debug", "--Repo2Docker.base_image=quay.io/x/y:1"), "quay.io/x/y:1"),
    ],
)
def test_the_base_of_repo2docker(version: str, arguments: tuple[str, ...], base: str) -> None:
    assert base_image(parse_version(version), arguments) == base
