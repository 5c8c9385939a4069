"""Code of a repository that would run on the runner itself, beside the secrets, and not in a container."""

import shlex
import subprocess
from pathlib import Path

import pytest

from scenarios.images import ImageRepository

# What an attacker would write: it needs no rights but those of the build.
CONFIGURATION = "import os, pathlib\npathlib.Path({canary!r}).write_text(repr(dict(os.environ)))\n"

PUSHING = '{"Repo2Docker": {"push": true}}'


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that is there once code of the repository has run."""
    return tmp_path / "canary"


@pytest.mark.parametrize("context", [".", "hub"])
@pytest.mark.parametrize("version", ["2026.04.0", "2024.07.0"])
def test_a_configuration_of_repo2docker_in_the_repository_is_not_executed(
    images: ImageRepository, small_base_image: str, canary: Path, context: str, version: str
) -> None:
    code = CONFIGURATION.format(canary=str(canary))
    names = [f"{folder}repo2docker_config.py" for folder in ("", "hub/", "binder/", "hub/binder/")]
    images.commit(
        {
            **dict.fromkeys(names, code),
            # traitlets reads this one as well: repo2docker would push, and run what it built.
            **dict.fromkeys(
                (name.replace(".py", ".json") for name in names), '{"Repo2Docker": {"push": true}}'
            ),
            "Dockerfile": f"FROM {small_base_image}\n",
            "binder/Dockerfile": f"FROM {small_base_image}\n",
            "hub/binder/Dockerfile": f"FROM {small_base_image}\n",
        }
    )
    result = images.build(builder="repo2docker", context=context, repo2docker_version=version)
    assert not canary.exists()
    assert result.status == 0, result.log
    (warning,) = (text for text in result.said("warning") if "repo2docker_config" in text)
    assert "are not read" in warning


def bare_repository(folder: Path, program: str) -> dict[str, str | bytes]:
    """Return the files of a bare repository in which git would start a program."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "gpg.program"):
        subprocess.run(["git", "-C", str(folder), "config", name, program], check=True)
    for name, value in (("core.bare", "false"), ("core.worktree", "."), ("log.showSignature", "true")):
        subprocess.run(["git", "-C", str(folder), "config", name, value], check=True)
    kept = {"refs/keep": b"", "objects/keep": b"", "HEAD": (folder / "HEAD").read_bytes()}
    return {**kept, "config": (folder / "config").read_bytes()}


@pytest.mark.parametrize("context", [".", "images/a"])
@pytest.mark.parametrize("action", ["build", "build-test"])
def test_a_repository_of_git_in_the_context_starts_nothing(
    images: ImageRepository, small_base_image: str, tmp_path: Path, canary: Path, context: str, action: str
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv >{shlex.quote(str(canary))}\n")
    program.chmod(0o755)
    inside = bare_repository(tmp_path / "bare", str(program))
    files = {f"{context}/{name}": content for name, content in inside.items()}
    images.commit({**files, f"{context}/Dockerfile": f"FROM {small_base_image}\nCOPY . /srv/\n"})
    # The attack as it is: whoever runs git there, runs the program.
    if context != ".":
        subprocess.run(["git", "ls-files"], cwd=images.checkout / context, check=False, capture_output=True)
        assert canary.exists()
        canary.unlink()
    result = images.run(action, None, {"context": context, "reuse": "true"})
    assert not canary.exists()
    assert result.status == 0, result.log
