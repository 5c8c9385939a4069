"""A changed `environment.yml`: built with the layers of the image before, and without them."""

import os
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measurement import PYTHON, ROOT, Command, spread
from testbed.conda_world import CondaWorld, conda_world
from testbed.registry import Registry

OLDER = ("nbgitpuller=1.3.*", "nbgitpuller=1.2.*")


def environment(runs: int) -> str:
    """Compare the builds of the template after a change of `environment.yml`, each on a new machine."""
    world, number = conda_world(), count(1)
    with TemporaryDirectory(prefix="tb-") as name, Registry(Path(name, "registry")) as registry:
        folder = Path(name)
        checkout = template(folder / "checkout")
        image = f"{registry.host}/bench/template"

        def seconds(cache: str) -> float:
            # With a tag of its own: what is built here is no image that others take layers from.
            place = folder / f"m{next(number)}"
            return build(world, place, checkout, "--image", image, "--cache", cache, "--tag", place.name)

        build(world, folder / "m0", checkout, "--image", image)
        change(checkout)
        return environment_report([(seconds("none"), seconds("registry")) for _ in range(runs or 2)])


def template(folder: Path) -> Path:
    """Return a repository of the template with an older package."""
    shutil.copytree(ROOT / "template", folder)
    environment_file = folder / "environment.yml"
    environment_file.write_text(environment_file.read_text().replace(*OLDER))
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=before")
    return folder


def change(checkout: Path) -> None:
    """Raise the package in `environment.yml`."""
    shutil.copy2(ROOT / "template/environment.yml", checkout)
    git(checkout, "commit", "--quiet", "--all", "--message=after")


def git(folder: Path, *words: str) -> None:
    """Run git in a repository."""
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True)


def build(world: CondaWorld, folder: Path, checkout: Path, *options: str) -> float:
    """Return how long a build and push takes on a machine that has nothing yet, without any check."""
    with world.machine(folder) as machine:
        (folder / "home").mkdir()
        job = {"HOME": str(folder / "home"), "RUNNER_TEMP": str(folder.parent)}
        variables = {**os.environ, **machine.engine.environment, **machine.variables, **job}
        unchecked = ("--test", "false", "--hub-check", "false", "--min-free-disk", "1")
        always = ("--push", "true", "--force", "true", *unchecked)
        action: tuple[str | Path, ...] = (
            PYTHON,
            "-I",
            "-S",
            ROOT / "actions/build/main.py",
            *options,
            *always,
            ".",
        )
        return Command("build", action, checkout, variables).seconds()


def environment_report(times: Sequence[tuple[float, float]]) -> str:
    """Return how long builds without the layers of an image before take, against those with them."""
    ratio = statistics.median(full / cached for full, cached in times)
    lines = [
        f"a full build takes {ratio:.1f} times as long as one with the layers of the image before,",
        f"{len(times)} runs",
        f"  full build: {spread([full for full, _ in times], ' s')}",
        f"  a version raised in environment.yml: {spread([cached for _, cached in times], ' s')}",
        "  Packages and layers come from this machine: over a network, both take longer.",
    ]
    return "\n".join(lines)
