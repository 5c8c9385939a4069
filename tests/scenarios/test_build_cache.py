"""The cache: a second build, on another machine, takes the layers of what the default branch pushed last."""

import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub_image_actions.build.repo2docker import Repo2docker
from hub_image_actions.environments import ToolEnvironment
from interpreters import oldest_and_newest
from scenarios.action import ROOT, Result
from scenarios.images import IMAGE, ImageRepository
from testbed.engine import Engine, Store
from testbed.fault_proxy import Answer, FaultProxy

NewEngine = Callable[..., Engine]
# Programs of a base image that do nothing, so that what repo2docker generates is built without the internet;
# bash, which installs conda and the packages, makes another layer each time that it is run.
STUBBED = """FROM {base}
USER root
RUN mkdir -p -m 1777 /tmp && mkdir -p /usr/bin /usr/sbin \\
 && for name in apt-get locale-gen getent groupadd groupmod useradd usermod; do \\
      printf '#!/bin/sh\\n' >/usr/sbin/$name; chmod +x /usr/sbin/$name; done \\
 && printf '#!/bin/sh\\nmkdir -p "$4"\\nfor folder; do :; done; mkdir -p "$folder"\\n' >/usr/bin/install \\
 && printf '#!/bin/sh\\ncat /proc/sys/kernel/random/uuid >/tmp/made-$$\\n' >/bin/bash \\
 && chmod +x /bin/bash /usr/bin/install
ENV PATH=/usr/sbin:/bin:/usr/bin:/sbin
"""
OLDER = {"builder": "repo2docker", "repo2docker_version": "2024.07.0"}


@pytest.fixture
def new_engine() -> Iterator[NewEngine]:
    """Starts clean engines."""
    with ExitStack() as stack:

        def start(store: Store = "overlay2") -> Engine:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="tb-")))
            return stack.enter_context(Engine(folder, store=store))

        yield start


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository with a layer that is another each time that it is made."""
    images.image = f"{IMAGE}-{images.folder.parent.name.lower()}"
    clock = "cat /proc/sys/kernel/random/uuid > /made"
    images.commit({"Dockerfile": f"FROM {small_base_image}\nUSER root\nRUN {clock}\nCOPY notes.txt /\n"})
    images.commit({"notes.txt": "one\n"})
    return images


def layers(repository: ImageRepository, result: Result) -> list[str]:
    """Return the digests of the layers of the image that a build pushed."""
    manifest = repository.registry.image_manifest(repository.image, result.outputs["digest"])
    return [layer["digest"] for layer in manifest["layers"]]


def build_twice(
    repository: ImageRepository, new_engine: NewEngine, store: Store, **given: str
) -> tuple[Result, Result]:
    """Build two commits, each on an engine that has nothing yet."""
    repository.publish()
    first = repository.build({"DOCKER_HOST": new_engine(store).host}, push="true", **given)
    assert first.status == 0, first.log
    repository.commit({"notes.txt": "two\n"})
    second = repository.build({"DOCKER_HOST": new_engine(store).host}, push="true", **given)
    assert second.status == 0, second.log
    return first, second


@pytest.mark.parametrize(
    ("given", "store"),
    [
        ({"builder": "docker"}, "overlay2"),
        ({"builder": "docker"}, "containerd"),
        ({"builder": "repo2docker"}, "overlay2"),
        ({"builder": "repo2docker"}, "containerd"),
        (OLDER, "overlay2"),
    ],
)
def test_layers_are_taken_from_what_the_default_branch_pushed_last(
    repository: ImageRepository, new_engine: NewEngine, given: dict[str, str], store: Store
) -> None:
    first, second = build_twice(repository, new_engine, store, **given)
    earlier = first.outputs["image"]
    assert f"| **Cached layers from** | `{earlier}` |" in second.summary
    # buildx shows a layer that it fetches as a step that extracts something.
    assert re.search(r"CACHED|Using cache|extracting sha256", second.log)
    assert layers(repository, second)[:-1] == layers(repository, first)[:-1]
    assert layers(repository, second)[-1] != layers(repository, first)[-1]


def test_in_containerds_store_the_older_builder_builds_all(
    repository: ImageRepository, new_engine: NewEngine
) -> None:
    first, second = build_twice(repository, new_engine, "containerd", **OLDER)
    assert layers(repository, second)[1] != layers(repository, first)[1]
    assert "Cached layers from" not in second.summary
    (warning,) = second.said("warning")
    assert warning.startswith("All layers are built: ")
    assert "Set `repo2docker-version` to 2025.08.0 or newer" in warning


def test_without_a_cache_all_is_built(repository: ImageRepository, new_engine: NewEngine) -> None:
    repository.publish()
    first = repository.build({"DOCKER_HOST": new_engine().host}, push="true")
    second = repository.build({"DOCKER_HOST": new_engine().host}, push="true", cache="none", tag="second")
    assert layers(repository, second)[1] != layers(repository, first)[1]
    assert "Cached layers from" not in second.summary


def test_no_commit_has_an_image_yet(repository: ImageRepository) -> None:
    repository.publish()
    result = repository.build()
    assert result.status == 0
    assert "No cache: the registry has none of the default branch's last 2 commits." in result.log


def test_a_registry_that_does_not_answer_costs_the_cache_only(repository: ImageRepository) -> None:
    repository.publish()
    with FaultProxy(repository.registry.url) as proxy:
        proxy.fail(Answer(403), method="HEAD", path=r"/manifests/", times=99)
        proxy.fail(Answer(403), method="GET", path=r"/manifests/", times=99)
        result = repository.build(registry=proxy.host)
    assert result.status == 0, result.log
    (notice,) = (text for text in result.said("notice") if "can be read here" in text)
    assert "so all layers are built and nothing is compared" in notice


def test_github_that_does_not_tell_costs_the_cache_only(repository: ImageRepository) -> None:
    repository.github.faults.add(
        kind="status", status=404, message="Not Found", path="/repos/{owner}/{repo}/commits"
    )
    result = repository.build()
    assert result.status == 0, result.log
    (warning,) = result.said("warning")
    assert warning.startswith("No cache: GitHub does not tell the default branch's commits.")


@pytest.fixture(params=["umask 022", "umask 077"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """A runner whose files are for others to read, and one whose are not."""
    before = os.umask(int(request.param.split()[1], 8))
    yield
    os.umask(before)


def copied_files(python: Path, scratch: Path) -> dict[str, str]:
    """Return the names of what a locked repo2docker adds to a build, and the rights that each file has."""
    lock = ROOT / "requirements" / "repo2docker.txt"
    tool = ToolEnvironment.locked("repo2docker", lock, scratch, python)
    tool.make({**os.environ, "HOME": str(scratch)})
    (scratch / "repository").mkdir()
    (scratch / "repository" / "environment.yml").write_text("dependencies:\n  - python=3.13.*\n")
    (scratch / "none.py").touch()
    options = ["--no-run", "--no-build", "--config", str(scratch / "none.py")]
    options += ["--Repo2Docker.platform=linux/amd64", str(scratch / "repository")]
    command = Repo2docker(tool.python, "2026.4.0").command(options)
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=scratch)
    copied = re.findall(r"COPY \S+ (build_script_files/\S+) (\S+)", printed.stdout)
    assert len(copied) == 3
    (conda,) = tool.home.glob("lib/python3*/site-packages/repo2docker/buildpacks/conda")
    rights = {stat.filemode(path.stat().st_mode) for path in conda.iterdir() if path.is_file()}
    return {**dict(copied), "rights": " ".join(sorted(rights))}


@pytest.mark.usefixtures("umask")
def test_two_runners_give_what_repo2docker_copies_the_same_names_and_rights(tmp_path: Path) -> None:
    copied = []
    for folder, python in zip(("a", "b/of/another/length"), oldest_and_newest(), strict=True):
        (tmp_path / folder).mkdir(parents=True)
        copied.append(copied_files(python, tmp_path / folder))
    assert copied[0] == copied[1]
    assert copied[0]["rights"] == "-rw-r--r-- -rwxr-xr-x"
    assert not any("site-2dpackages" in name for name in copied[0])


@dataclass(frozen=True)
class RunnerLayout:
    """A runner with its own folders and its own Python."""

    folder: Path
    python: Path

    def environment(self, engine: Engine) -> dict[str, str]:
        """Return the variables of a job on it."""
        for name in ("bin", "temporary"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "bin" / "python3").symlink_to(self.python)
        return {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder / "temporary"),
            "DOCKER_HOST": engine.host,
        }


def first_other_layer(repository: ImageRepository, first: Result, second: Result) -> str:
    """Return which instruction made the first layer that the second image does not have of the first."""
    config = repository.registry.image_config(repository.image, second.outputs["tag"])
    made = [entry["created_by"] for entry in config["history"] if not entry.get("empty_layer")]
    pairs = zip(layers(repository, first), layers(repository, second), made, strict=False)
    return next((instruction for one, other, instruction in pairs if one != other), "")


@pytest.mark.timeout(300)  # repo2docker is installed twice, and two engines are started
@pytest.mark.parametrize("version", ["2026.04.0", "2024.07.0"])
def test_a_runner_of_another_layout_takes_the_layers_of_the_packages(
    images: ImageRepository, small_base_image: str, new_engine: NewEngine, tmp_path: Path, version: str
) -> None:
    oldest, newest = oldest_and_newest()
    layouts = [RunnerLayout(tmp_path / "a", oldest), RunnerLayout(tmp_path / "b/of/another/length", newest)]
    base = f"{images.image}-base-{tmp_path.name.lower()}"
    images.image = f"{images.image}-{tmp_path.name.lower()}"
    images.commit({"Dockerfile": STUBBED.format(base=small_base_image)})
    stubbed = images.build(image=base, tag="1", push="true")
    assert stubbed.status == 0, stubbed.log
    (images.checkout / "Dockerfile").unlink()
    images.commit({"environment.yml": "dependencies:\n  - python=3.12.*\n", "notes.txt": "one\n"})
    images.publish()
    given = {
        "builder": "repo2docker",
        "repo2docker_version": version,
        "repo2docker_args": f"--Repo2Docker.base_image={images.registry.host}/{base}:1",
        "push": "true",
    }
    results = []
    for layout in layouts:
        results.append(images.build(layout.environment(new_engine()), **given))
        assert results[-1].status == 0, results[-1].log
        images.commit({"notes.txt": "two\n"})
    # The repository itself, which comes after the packages.
    assert re.search(r"COPY .*(?:\bsrc/ |dir:\w+ in /srv/repo/)", first_other_layer(images, *results))
