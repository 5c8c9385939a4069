"""The template exactly as it is, with its `environment.yml`: built, tested, compared, and promoted."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub_image_actions.packages.package_list import PackageList
from interpreters import oldest_and_newest
from scenarios.action import ROOT, Result
from scenarios.images import ImageRepository
from testbed.conda_world import CondaMachine
from testbed.registry import Registry

TEMPLATE = ROOT / "template"
CANDIDATES = "candidates/template"
IMAGE = "ucb-datahub-2018/user-images/template"
# Packages are real, but downloading and linking some 190 of them takes longer than other builds.
SECONDS = 400
pytestmark = pytest.mark.timeout(2 * SECONDS)


@dataclass(frozen=True)
class PullRequest:
    """A pull request that raises a version in `environment.yml`, from the build before it to the merge.

    Attributes:
        world: the repository of the image.
        before: the build of the default branch, with the older version.
        checked: the build of the pull request, whose content is the template's.
        comment: what the pull request says of it.
        merged: the build after the merge.
    """

    world: ImageRepository
    before: Result
    checked: Result
    comment: str
    merged: Result


@pytest.fixture(scope="module")
def pull_request(
    tmp_path_factory: pytest.TempPathFactory, conda_machine: CondaMachine, registry: Registry, scratch: Path
) -> Iterator[PullRequest]:
    """The pull request, built at every step."""
    folder = tmp_path_factory.mktemp("template")
    with ImageRepository(folder / "world", conda_machine.engine, registry, scratch) as world:
        world.image, world.seconds = IMAGE, SECONDS
        yield raised(world, conda_machine.variables)


def raised(world: ImageRepository, variables: dict[str, str]) -> PullRequest:
    """Build the template with an older nbgitpuller, then exactly as it is."""
    shutil.copytree(TEMPLATE, world.checkout, dirs_exist_ok=True)
    environment = (TEMPLATE / "environment.yml").read_text(encoding="utf-8")
    world.commit({"environment.yml": environment.replace("nbgitpuller=1.3.*", "nbgitpuller=1.2.*")})
    world.git("push", "--quiet", "--force", str(world.remote.git_dir), "HEAD:refs/heads/main")
    usual = {"builder": "repo2docker", "packages": "true", "reuse": "true", "candidates": CANDIDATES}
    before = world.build(variables, **usual, push="true", test="false")
    assert before.status == 0, before.log
    world.commit({"environment.yml": environment})
    number = world.pull_request()
    job = {**variables, **world.on_pull_request(number), **another_runner(world.folder / "another runner")}
    checked = world.build_test(job, **usual, hub_check="true")
    assert checked.status == 0, checked.log
    merged = world.build(variables, **usual, push="true", hub_check="true")
    assert merged.status == 0, merged.log
    return PullRequest(world, before, checked, str(world.comments(number)[0].body), merged)


def another_runner(folder: Path) -> dict[str, str]:
    """Return the variables of a runner with other folders, and another Python where there is one."""
    for name in ("bin", "temporary"):
        (folder / name).mkdir(parents=True)
    (folder / "bin" / "python3").symlink_to(oldest_and_newest()[0])
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return {"RUNNER_TEMP": str(folder / "temporary"), "PATH": path}


def steps(log: str, what: str) -> str:
    """Return what BuildKit says of the step that holds a text: `CACHED`, or when it was done."""
    (number,) = set(re.findall(rf"^#(\d+) \[ *\d+/\d+\] .*{re.escape(what)}", log, re.M))
    (said,) = re.findall(rf"^#{number} (CACHED|DONE)", log, re.M)
    return str(said)


def test_the_images_own_tests_pass_in_it(pull_request: PullRequest) -> None:
    assert re.fullmatch(r"\d\d passed", pull_request.checked.outputs["tests"])
    assert "`test_what_is_listed_is_installed_in_its_version[pandas=3.1.*]`" in pull_request.comment


def test_its_server_starts_as_on_a_hub(pull_request: PullRequest) -> None:
    assert re.search(r"\| \*\*As on a hub\*\* \| ✅ ready in [\d.\\]+ s, 1 kernel \|", pull_request.comment)


def test_condas_packages_are_in_its_labels(pull_request: PullRequest) -> None:
    world = pull_request.world
    packages = PackageList.from_labels(world.labels())
    assert packages
    versions = {package.name: package.version for package in packages.of(["conda"]).packages}
    assert {"jupyterlab", "pandas", "python", "nodejs", "matplotlib-base"} <= versions.keys()
    assert versions["nbgitpuller"] == "1.3.0"


def test_a_raised_version_is_told_as_a_change_of_condas_packages(pull_request: PullRequest) -> None:
    assert "nbgitpuller" in pull_request.comment.partition("**Packages**")[2]


def test_a_change_of_the_environment_keeps_what_repo2docker_installs_before_it_on_another_runner(
    pull_request: PullRequest,
) -> None:
    log = pull_request.checked.log
    assert steps(log, "install-base-env.bash' &&") == "CACHED"
    assert steps(log, "env update") == "DONE"
    # repo2docker copies environment.yml before it installs what apt.txt names.
    assert steps(log, "vim-tiny") == "DONE"


def test_a_merge_promotes_what_passed(pull_request: PullRequest) -> None:
    world, merged = pull_request.world, pull_request.merged
    assert merged.outputs["reused"] == "true"
    assert merged.outputs["tests"] == pull_request.checked.outputs["tests"]
    assert world.registry.digest(IMAGE, world.head[:12]) == merged.outputs["digest"]


def test_everything_came_from_the_internet_of_the_test(
    pull_request: PullRequest, conda_machine: CondaMachine
) -> None:
    assert pull_request.checked.status == 0
    internet = conda_machine.internet
    # Clients look for newer kinds of an index first, which neither channel nor archive has here.
    missing = {request.path for request in internet.requests if request.status == 404}
    assert all(re.search(r"/(InRelease|Release\.gpg|repodata[\w.]+)$", path) for path in missing), missing
    assert internet.seen(r"^/conda-forge/micromamba/")
    assert internet.seen(r"^/debian/dists/")
