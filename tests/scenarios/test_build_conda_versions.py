"""An `environment.yml` under every release of repo2docker that is known, on engines that have nothing yet."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub_image_actions.packages.package_list import PackageList
from scenarios.action import ROOT, Result
from scenarios.image_layers import layer_made_by
from scenarios.images import ImageRepository
from testbed.conda_world import CondaMachine, conda_world
from testbed.engine import Store
from testbed.registry import Registry

SECONDS = 300
pytestmark = pytest.mark.timeout(3 * SECONDS)
# Small, and for a Python that all of them have.
BEFORE = "channels:\n- conda-forge\n- nodefaults\ndependencies:\n- python=3.11.*\n"
AFTER = f"{BEFORE}- humanize=4.17.*\n"
# The engine of Debian 12 knows a cache of its own in an image only every second time, which two builds do not
# notice: https://github.com/moby/buildkit/issues/2274
RELEASES = [
    (release, store)
    for release in ("2024.07.0", "2025.08.0", "2025.12.0", "2026.04.0")
    for store in ("overlay2", "containerd")
]
# In containerd's store it builds without a cache (docs/builds.md).
WITHOUT_CACHE = ("2024.07.0", "containerd")


@dataclass(frozen=True)
class TwoBuilds:
    """Builds of two commits, each on a machine whose engine is clean.

    Attributes:
        world: the repository of the image.
        first: the build of the default branch.
        second: the build of a commit that adds a package to `environment.yml`.
        again: the build of a commit after it that changes nothing.
        caches: whether the release takes layers from an earlier image on such an engine.
    """

    world: ImageRepository
    first: Result
    second: Result
    again: Result
    caches: bool


@pytest.fixture(scope="module", params=RELEASES, ids="-".join)
def builds(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    registry: Registry,
    scratch: Path,
) -> Iterator[TwoBuilds]:
    """The builds, under a release of repo2docker and with one of the ways in which engines keep images."""
    release, store = request.param
    folder = tmp_path_factory.mktemp("versions")
    with ExitStack() as stack:
        machines = [clean_machine(stack, store) for _ in range(2)]
        world = ImageRepository(folder, machines[0].engine, registry, scratch)
        world.image, world.seconds = f"versions/{release}-{store}", SECONDS
        yield built(stack.enter_context(world), machines[1], release, machines[0].variables)


def clean_machine(stack: ExitStack, store: Store) -> CondaMachine:
    """Return a machine that ends with the stack."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="tb-")))
    return stack.enter_context(conda_world().machine(folder, store=store))


def built(world: ImageRepository, other: CondaMachine, release: str, variables: dict[str, str]) -> TwoBuilds:
    """Build, and then build a changed environment on another machine, twice."""
    given = {"builder": "repo2docker", "repo2docker_version": release, "packages": "true", "push": "true"}
    job = {**other.variables, "DOCKER_HOST": other.engine.host}
    world.commit({"environment.yml": BEFORE, "apt.txt": "nano\n"})
    world.git("push", "--quiet", "--force", str(world.remote.git_dir), "HEAD:refs/heads/main")
    first = world.build(variables, **given, reuse="true")
    assert first.status == 0, first.log
    world.commit({"environment.yml": AFTER})
    second = world.build(job, **given, reuse="true")
    assert second.status == 0, second.log
    world.commit({})
    again = world.build(job, **given, reuse="true")
    assert again.status == 0, again.log
    return TwoBuilds(world, first, second, again, world.image != f"versions/{'-'.join(WITHOUT_CACHE)}")


def test_what_repo2docker_installs_first_is_taken_from_the_image_before(builds: TwoBuilds) -> None:
    (before, after) = (
        layer_made_by(builds.world, result, "/tmp/install-base-env.bash' &&")  # noqa: S108 - repo2docker's
        for result in (builds.first, builds.second)
    )
    assert (before == after) is builds.caches
    assert ("its older builder fails there" in builds.second.log) is not builds.caches


def test_apt_runs_again_with_a_changed_environment(builds: TwoBuilds) -> None:
    (before, after) = (
        layer_made_by(builds.world, result, "nano") for result in (builds.first, builds.second)
    )
    assert before != after


def test_the_new_package_is_in_the_labels(builds: TwoBuilds) -> None:
    packages = PackageList.from_labels(builds.world.labels())
    assert packages
    versions = {package.name: package.version for package in packages.of(["conda"]).packages}
    assert versions["humanize"] == "4.17.0"
    assert versions["python"].startswith("3.11.")


def test_a_commit_that_changes_nothing_has_the_image_that_is_there(builds: TwoBuilds) -> None:
    assert builds.again.outputs["reused"] == "true"
    (before, after) = (
        layer_made_by(builds.world, result, "env update") for result in (builds.second, builds.again)
    )
    assert before == after


@pytest.mark.parametrize("release", ["2024.07.0", "2025.08.0"])
def test_older_releases_refuse_the_templates_python_before_they_begin(
    release: str, tmp_path: Path, conda_machine: CondaMachine, registry: Registry, scratch: Path
) -> None:
    with ImageRepository(tmp_path, conda_machine.engine, registry, scratch) as world:
        environment = (ROOT / "template/environment.yml").read_text(encoding="utf-8")
        world.commit({"environment.yml": environment})
        result = world.build(builder="repo2docker", repo2docker_version=release)
    assert f"repo2docker {release} has no Python 3.13" in result.error
    assert result.seconds < 30
