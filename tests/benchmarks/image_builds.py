"""A build that finds all done, and a merge that promotes the image of its pull request, as processes."""

import os
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measurement import PYTHON, ROOT, Command, spread
from testbed.base_image import jupyter_base, small_base
from testbed.engine import Engine, some_engine
from testbed.registry import Registry

TESTED = {"image-tests/test_sums.py": "def test_sums():\n    assert 1 + 1 == 2\n"}
NO_FILES: dict[str, str] = {}


def build_overhead(runs: int) -> str:
    """Compare the action with repo2docker and `docker push` by hand, on an engine that has all layers."""
    with TemporaryDirectory(prefix="tb-") as name, Registry(Path(name, "registry")) as registry:
        folder = Path(name)
        with some_engine(folder / "engine") as engine:
            environment = {**os.environ, **engine.environment, "RUNNER_TEMP": name, "HOME": name}
            checkout = write_image(folder / "checkout", small_base().push(registry, "bench/base"))
            ours, theirs = build_commands(checkout, f"{registry.host}/bench/image", environment)
            ours.seconds()
            (python,) = folder.glob("hub-image-actions/repo2docker-*/bin/python")
            theirs = replace(theirs, environment={**environment, "REPO2DOCKER": str(python)})
            return overhead(ours, theirs, runs or 7)


def build_commands(checkout: Path, image: str, environment: dict[str, str]) -> tuple[Command, Command]:
    """Return the build by the action and by hand, each with a tag that is new."""
    # Forced: an image with the same inputs is there already, and nothing would be built.
    options = "--push true --force true --test false --hub-check false --min-free-disk 1"
    build = f'"$0" -I "$1" --image {image} --tag "t$(date +%s%N)" {options} .'
    action = ("sh", "-c", build, PYTHON, ROOT / "actions/build/main.py")
    user = "--user-id 1000 --user-name jovyan"
    made = f'"$REPO2DOCKER" -m repo2docker --no-run {user} --image-name $tag .'
    hand = f"tag={image}:h$(date +%s%N); {made} && docker push $tag"
    ours = Command("build", action, checkout, environment)
    return ours, Command("by hand", ("sh", "-c", hand), checkout, environment)


def overhead(ours: Command, theirs: Command, runs: int) -> str:
    """Run two commands in turn and return by how many seconds the first takes longer."""
    theirs.seconds()
    pairs = [(ours.seconds(), theirs.seconds()) for _ in range(runs)]
    extra = statistics.median(mine - yours for mine, yours in pairs)
    promised = max(2.0, 0.03 * statistics.median(yours for _, yours in pairs))
    lines = [
        f"{ours.name} takes {extra:.2f} s longer than {theirs.name} (at most {promised:.1f} s), {runs} runs",
        f"  {ours.name}: {spread([mine for mine, _ in pairs], ' s')}",
        f"  {theirs.name}: {spread([yours for _, yours in pairs], ' s')}",
    ]
    return "\n".join(lines)


def promotion(runs: int) -> str:
    """Compare a rebuild, on a machine as clean as a runner and on one with all layers, with a promotion."""
    with TemporaryDirectory(prefix="tb-") as name, Registry(Path(name, "registry")) as registry:
        folder = Path(name)
        checkout = write_image(folder / "checkout", jupyter_base().push(registry, "bench/base"), TESTED)
        image = f"{registry.host}/bench/image"
        times: list[tuple[float, float, float]] = []
        for number in range((runs or 3) + 1):
            with Engine(folder / f"engine{number}") as engine:
                home = folder / f"runner{number}"
                home.mkdir()
                environment = {
                    **os.environ,
                    **engine.environment,
                    "RUNNER_TEMP": str(home),
                    "HOME": str(home),
                }
                rebuild, promote = merge_commands(checkout, image, environment)
                times.append((rebuild.seconds(), rebuild.seconds(), promote.seconds()))
        # The first run found no cache.
        return promotion_report(times[1:])


def merge_commands(checkout: Path, image: str, environment: dict[str, str]) -> tuple[Command, Command]:
    """Return what a merge runs, without and with the image that the pull request made.

    The inputs come as a workflow's step gets them.
    """
    action = (PYTHON, "-I", "-S", ROOT / "actions/build/main.py")
    given = {**environment, "INPUT_IMAGE": image, "INPUT_PUSH": "true", "INPUT_MIN_FREE_DISK": "1"}
    rebuild = Command("rebuild", action, checkout, {**given, "INPUT_FORCE": "true"})
    return rebuild, Command("promotion", action, checkout, given)


def promotion_report(times: Sequence[tuple[float, float, float]]) -> str:
    """Return how long a rebuild takes, on a new machine and again on the same, against a promotion."""
    clean, warm, promoted = (list(column) for column in zip(*times, strict=True))
    by_clean, by_warm = (
        statistics.median(one / two for one, two in zip(column, promoted, strict=True))
        for column in (clean, warm)
    )
    lines = [
        f"a rebuild takes {by_clean:.0f} times as long as a promotion (at least 20), {len(times)} runs",
        f"  on a machine that has all layers already, {by_warm:.0f} times",
        f"  rebuild, new machine: {spread(clean, ' s')}",
        f"  rebuild, same machine: {spread(warm, ' s')}",
        f"  promotion: {spread(promoted, ' s')}",
    ]
    return "\n".join(lines)


def write_image(folder: Path, base: str, files: dict[str, str] = NO_FILES) -> Path:
    """Write the repository of an image."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "Dockerfile").write_text(
        f"FROM {base}\nUSER root\nCOPY . /srv/repo\nRUN sleep 3\nUSER jovyan\n"
    )
    (folder / "environment.yml").write_text("dependencies:\n  - numpy\n")
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message=work")):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder
