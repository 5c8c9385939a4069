"""An image's own tests, run in a container of it as the hub's user."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.checks.results import SuiteResults, read_results
from hub_image_actions.docker.container_files import UnusableFile, read_written
from hub_image_actions.docker.engine import Docker
from hub_image_actions.docker.leftovers import owner_label
from hub_image_actions.errors import ActionError, CommandError
from hub_image_actions.ownership import owned_folder

_TIME_LIMIT = 3600.0
_SCRIPT = Path(__file__).parents[1] / "in_image" / "run_tests.py"
_MOUNTED = "/opt/hub-image-actions"
_NAME = re.compile(r"^(test_.*|.*_test)\.py$|\.ipynb$")
# The first is docker's, the second the shell's, by which many images start.
_NO_PYTHON = {126, 127}
_NOT_IN_IMAGE, _KILLED = 78, 137
_LONGEST_PROBLEM = 4000


class TestsNotRun(ActionError):
    """The image's tests could not be run, which is not the same as that they fail."""

    __test__ = False


@dataclass(frozen=True)
class ImageTests:
    """The tests of an image.

    Args:
        context: the folder that the image is built from.
        tests_dir: the folder of the tests, relative to it.
        repo_dir: the repository's folder in the image.
        user_id: the user that the hub runs the image as.
    """

    context: Path
    tests_dir: str
    repo_dir: str
    user_id: int

    @property
    def folder(self) -> Path:
        """The folder of the tests in the checkout."""
        return self.context / self.tests_dir

    def there(self) -> bool:
        """Say whether there is anything to run."""
        paths = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return any(
            _NAME.search(path.name) and not any(part.startswith(".") for part in path.parts) for path in paths
        )

    def run(self, docker: Docker, image: str, name: str) -> SuiteResults:
        """Run the tests and return their results.

        Tests that a Dockerfile did not copy into the image are mounted there, read-only.

        Args:
            docker: the engine.
            image: the image.
            name: the container's name, by which it is removed whatever happens.

        Raises:
            TestsNotRun: the tests could not be run.
        """
        with owned_folder("image-tests") as results:
            # The user inside has another number than the one outside.
            results.chmod(0o777)
            failure = self._failure(docker, image, name, results, ())
            if failure and failure.status == _NOT_IN_IMAGE:
                mount = f"{self.folder.resolve()}:{self.repo_dir}/{self.tests_dir}:ro"
                failure = self._failure(docker, image, name, results, ("--volume", mount))
            found = read_results(results)
            if failure and not (failure.status == 1 and found.failed):
                raise _not_run(failure, results / "problem.txt") from failure
            return found

    def _failure(
        self, docker: Docker, image: str, name: str, results: Path, mounts: Sequence[str]
    ) -> CommandError | None:
        """Run the tests in a container that is gone afterwards; return how that failed, if it did."""
        options = [
            *("--rm", "--init", "--name", name, "--label", "hub-image-actions=image-tests"),
            *("--label", owner_label()),
            *("--user", str(self.user_id), "--workdir", self.repo_dir, *mounts),
            *("--volume", f"{self.folder.resolve()}:{_MOUNTED}/checkout:ro"),
            *(
                "--volume",
                f"{_SCRIPT}:{_MOUNTED}/run_tests.py:ro",
                "--volume",
                f"{results}:{_MOUNTED}/results",
            ),
        ]
        script = [
            "python3",
            f"{_MOUNTED}/run_tests.py",
            f"{_MOUNTED}/checkout",
            self.repo_dir,
            self.tests_dir,
        ]
        try:
            docker.stream("run", *options, image, *script, f"{_MOUNTED}/results", timeout=_TIME_LIMIT)
        except BaseException as error:
            docker.remove_container(name)
            if not isinstance(error, CommandError):
                raise
            return error
        return None


def _problem(told: Path) -> str:
    """Return what the tests themselves say of why they were not run; nothing where they say nothing."""
    try:
        content = read_written(told, _LONGEST_PROBLEM)
    except (FileNotFoundError, UnusableFile):
        # The log says something, too.
        return ""
    return content.decode(errors="replace").strip().rstrip(".")


def _not_run(failure: CommandError, told: Path) -> TestsNotRun:
    if problem := _problem(told):
        return TestsNotRun(
            f"The image's tests could not be run. {problem}.",
            "Put what the tests need into the image, and look at the end of the log.",
        )
    last = (failure.last_line or failure.problem).rstrip(".")
    if failure.status in _NO_PYTHON and "permission denied" in last.lower():
        return TestsNotRun(
            f"The image's tests could not be run: {last}.",
            "Make that file executable; in a repository, `git update-index --chmod=+x start`.",
        )
    if failure.status in _NO_PYTHON:
        return TestsNotRun(
            f"The image's tests could not be run: {last}.",
            "The tests need `python3` in the image. Add it, or set `test: false`.",
        )
    if failure.status == _KILLED:
        return TestsNotRun(
            "The image's tests were killed, most likely because they ran out of memory.",
            "Let them use less, or use a runner with more memory.",
        )
    return TestsNotRun(
        f"The image's tests could not be run: {last}.",
        "Look at the end of the log.",
    )
