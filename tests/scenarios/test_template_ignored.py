"""The template's `.dockerignore`, as each builder in use reads it: no document is in an image."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from hub_image_actions.build.repo2docker import install, parse_version
from scenarios.action import ROOT
from scenarios.image_fleet import template_files
from scenarios.images import IMAGE, ImageRepository

# All versions of repo2docker that image repositories use.
VERSIONS = ("2024.07.0", "2025.08.0", "2025.12.0", "2026.04.0")
NOT_IN_IT = {".github", ".gitignore", ".yamllint.yaml", "CONTRIBUTING.md", "LICENSE", "README.md", "docs"}
IN_IT = {"apt.txt", "environment.yml", "image-tests", "postBuild", "start"}
# What repo2docker sends to the engine for a repository without a Dockerfile, in place of the engine.
SENT = """\
import tarfile
from repo2docker.buildpacks import CondaBuildPack

class Engine:
    def build(self, **given):
        print("\\n".join(tarfile.open(fileobj=given["fileobj"]).getnames()))
        return ()

buildpack = CondaBuildPack("docker.io/library/buildpack-deps:jammy")
buildpack.platform = "linux/amd64"
assert buildpack.detect()
list(buildpack.build(Engine(), "x", 0, {"NB_UID": "1000", "NB_USER": "jovyan"}, [], {}))
"""


@pytest.fixture
def repository(images: ImageRepository) -> ImageRepository:
    """A repository of the template's files, and of documents more, whose image has a name of its own."""
    images.image = f"{IMAGE}-ignored"
    files = {path: content for path, (_, content) in template_files().items()}
    images.commit({**files, "docs/one.md": "x\n", "image-tests/notes.md": "x\n"})
    return images


def python_of(version: str, scratch: Path, environment: Mapping[str, str]) -> Path:
    """Return the interpreter that has a version of repo2docker."""
    lock = ROOT / "requirements/repo2docker.txt"
    return install(parse_version(version), lock, scratch, environment, lambda _: None).python


def top(listed: Iterable[str]) -> set[str]:
    """Return the names at the top of a repository of which all names are listed."""
    return {name.removeprefix("./").partition("/")[0] for name in listed} - {""}


@pytest.mark.parametrize("version", ["", *VERSIONS])
def test_a_dockerfile_that_copies_all_gets_no_document(
    repository: ImageRepository, small_base_image: str, version: str
) -> None:
    repository.commit({"Dockerfile": f"FROM {small_base_image}\nUSER root\nCOPY . /srv/repo\n"})
    given = {"builder": "repo2docker", "repo2docker_version": version} if version else {"builder": "docker"}
    # The small base image has no pytest.
    result = repository.build(**given, test="false")
    assert result.status == 0, result.log
    shown = ("--user=0", "--entrypoint=sh", result.outputs["image"], "-c", "cd /srv/repo && find . -type f")
    listed = repository.engine.docker("run", "--rm", *shown).split()
    assert top(listed) >= IN_IT
    assert top(listed).isdisjoint(NOT_IN_IT)
    # A document that belongs to the tests is one of them.
    assert "./image-tests/notes.md" in listed


@pytest.mark.parametrize("version", VERSIONS)
def test_repo2docker_by_itself_sends_no_document_either(repository: ImageRepository, version: str) -> None:
    # Newer ones of Python are not known to the older versions.
    repository.commit({"environment.yml": "dependencies: [python=3.11.*]\n"})
    environment = {name: text for name, text in os.environ.items() if name in {"PATH", "HOME"}}
    python = python_of(version, repository.scratch / "hub-image-actions", environment)
    done = subprocess.run(
        [str(python), "-c", SENT],
        cwd=repository.checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    sent = [name.removeprefix("src/") for name in done.stdout.split() if name.startswith("src/")]
    assert top(sent) >= IN_IT
    assert top(sent).isdisjoint(NOT_IN_IT)
