"""One build as its parts share it: what is to be built, where it runs, and who is told."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.build.origin import BuildOrigin
from hub_image_actions.build.report import BuildReport
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.entry.interruption import interruptible
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError
from hub_image_actions.http import Http


@dataclass(frozen=True)
class BuildJob:
    """What is to be built, where it runs, and who is told.

    Args:
        settings: the inputs.
        origin: where it runs, and what of.
        environment: the environment of the programs that are started.
        runner: what is told.
        http: what asks GitHub and the registry.
        report: what is known so far.
        locks: the folder with the hash-locked lists of what is installed for a build.
        sleep: waits between attempts, given the seconds.
    """

    settings: BuildSettings
    origin: BuildOrigin
    environment: Mapping[str, str]
    runner: Runner
    http: Http
    report: BuildReport
    locks: Path
    sleep: Callable[[float], None] = time.sleep

    @property
    def folder(self) -> Path:
        """The folder that the image is built from."""
        return self.origin.checkout / self.settings.context

    @contextmanager
    def phase(self, name: str, title: str) -> Iterator[None]:
        """Measure a part of the work, and fold its log under a title."""
        with self.report.phase(name), self.runner.group(title):
            yield

    def warn(self, warning: str, file: str = "", line: int = 0) -> None:
        """Tell the reader of the log and of the report what they should know.

        Args:
            warning: what it is.
            file: the file that it is about, relative to the repository's folder.
            line: the line in it, counted from 1.
        """
        self.report.warnings.append(warning)
        self.runner.warning(warning, file, line)


@contextmanager
def open_job(
    settings: BuildSettings,
    origin: BuildOrigin,
    runner: Runner,
    report: BuildReport,
    *,
    environ: Mapping[str, str],
    locks: Path,
) -> Iterator[BuildJob]:
    """Begin a build, which a signal may end.

    Args:
        settings: the inputs.
        origin: where it runs, and what of.
        runner: what is told.
        report: what is known so far; it gets the image and its tags.
        environ: the environment of the step, which holds no inputs.
        locks: the folder with the hash-locked lists of what is installed for a build.

    Raises:
        ActionError: a file of the checkout or of the machine cannot be read or written.
    """
    report.image, report.tags = settings.reference, settings.tags
    with interruptible(), _told_of_files(origin.checkout), Http() as http:
        yield BuildJob(
            settings=settings,
            origin=origin,
            environment=dict(environ),
            runner=runner,
            http=http,
            report=report,
            locks=locks,
        )


@contextmanager
def _told_of_files(checkout: Path) -> Iterator[None]:
    """Say of a file that cannot be read or written which it is, and whose.

    Raises:
        ActionError: there is one.
    """
    try:
        yield
    except OSError as error:
        name = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes, os.PathLike)) else ""
        reason = error.strerror or str(error)
        path = Path(name)
        if name and path.is_relative_to(checkout):
            inside = str(path.relative_to(checkout))
            raise ActionError(
                f"{inside} cannot be read: {reason}.",
                "Look at its rights in the checkout, and at where it leads to if it is a link.",
            ) from error
        raise ActionError(
            f"{name or 'A file'} cannot be used: {reason}.",
            "Look at the runner's disk, and at the rights of its temporary folder.",
        ) from error
