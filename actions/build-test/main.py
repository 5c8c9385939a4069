"""Build and test a JupyterHub user image for a pull request, and keep one comment with the result.

Nothing is pushed where hubs take their images from. In a workflow, action.yml runs this with the inputs in
the environment; on a laptop, they are options: ``python3 actions/build-test/main.py .``
"""

import os
import signal
import sys

# A job that is cancelled before there is anybody to say so ends without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from pathlib import Path

ROOT = next(
    folder for folder in Path(__file__).resolve().parents if (folder / "src" / "hub_image_actions").is_dir()
)
sys.path.insert(0, str(ROOT / "src"))

from hub_image_actions.entry.new_start import begin_without_inputs

INPUTS = begin_without_inputs() if __name__ == "__main__" else {}

from hub_image_actions import dependencies

dependencies.activate(ROOT)

from hub_image_actions.build.hub_link import HubLink, read_hub_link
from hub_image_actions.build.image_build import build_image
from hub_image_actions.build.job import BuildJob, open_job
from hub_image_actions.build.origin import read_origin
from hub_image_actions.build.output_files import OutputFileError, write_output_file
from hub_image_actions.build.report import BuildReport, file_part, tell
from hub_image_actions.build.report_file import FILE, write_report
from hub_image_actions.build.settings import (
    BuildSettings,
    Publication,
    comment_marker,
    read_build,
    read_image,
)
from hub_image_actions.certificates import share_certificates
from hub_image_actions.entry.arguments import read_arguments
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.issues import Issues
from hub_image_actions.github.kept_comment import KeptComment
from hub_image_actions.references import find_reference

LOCKS = ROOT / "requirements"


def read_inputs(
    inputs: Inputs, image: str = "", tag: str = "dev", server_url: str = "https://github.com"
) -> tuple[BuildSettings, bool, HubLink | None]:
    """Return the settings, whether a comment is kept, and where people can try the image.

    Args:
        inputs: where they are read from.
        image: what the image is called where no input says so.
        tag: its tag.
        server_url: the address of GitHub.

    Raises:
        InvalidInputs: some inputs cannot be used; each is named.
    """
    comment, hub = inputs.flag("comment", default=True), read_hub_link(inputs, server_url)
    publication = Publication(tags=(tag,), candidate=True)
    return read_build(inputs, read_image(inputs, image), publication), comment, hub


def comment(job: BuildJob) -> str:
    """Keep the comment on the pull request; return its address, or nothing where the token may not."""
    origin, runner = job.origin, job.runner
    github = GitHub(job.http, origin.api_url, origin.server_url, job.settings.github_token)
    marker = comment_marker(job.settings.image)
    try:
        kept = KeptComment(Issues(github, origin.repository), origin.pull_request, marker, github.login())
        return kept.keep(job.report.markdown()).url
    except GitHubError as error:
        if error.is_withheld:
            runner.notice(
                "The token may not comment, as for a pull request from a fork: the report is in the summary, "
                "and left for the workflow that may comment."
            )
        else:
            runner.warning(f"The pull request has no comment. {error}")
    return ""


def image_names(report: BuildReport) -> dict[str, str]:
    """Return the outputs that say what the image is called, in the registry and on this machine."""
    pulled_by = find_reference(report.pullable)
    is_here = report.size and not report.reused
    return {
        "image": report.pullable,
        "tag": pulled_by.tag if pulled_by else "",
        "local-image": report.image if is_here else "",
    }


def leave(report: BuildReport, runner: Runner, folder: Path) -> str:
    """Leave the report for a workflow that may comment; return the file's path."""
    # Several images may be built in one job, and each has an artifact of its own.
    name = f"left-{file_part(report.image)}/{FILE}"
    try:
        write_output_file(folder, name, write_report(report).decode())
    except OutputFileError as error:
        runner.warning(f"The report cannot be left in {folder}. {error.problem}")
        return ""
    return str(folder / name)


def run(runner: Runner) -> int:
    """Build the image, tell what is known of it however that ended, and return the exit status.

    Raises:
        ActionError: there is nothing to be told yet, or it cannot be told.
    """
    origin = read_origin(os.environ, Path.cwd())
    report = BuildReport("", "Test of the image", run_url=origin.run_url, is_test=True)
    report.is_for_review = bool(origin.pull_request)
    # Told even where another input cannot be used.
    wanted = report.is_for_review and Inputs(runner.input).flag("comment", default=True)
    address = ""
    try:
        settings, _, report.hub = read_inputs(
            Inputs(runner.input), origin.image_name, origin.tag_values.default, origin.server_url
        )
        report.title = f"Test of {settings.image.short}"
        with open_job(settings, origin, runner, report, environ=os.environ, locks=LOCKS) as job:
            try:
                build_image(job)
            except ActionError as error:
                report.error = error
                runner.error(error)
            if wanted and settings.github_token:
                address = comment(job)
    except ActionError as error:
        report.error = error
        runner.error(error)
    told = tell(report, runner, origin.scratch)
    names = ("digest", "size", "tests", "reused", "unchanged", "built-by", "report")
    outputs = {name: told[name] for name in names}
    left = leave(report, runner, origin.scratch) if wanted and not address else ""
    runner.outputs({**image_names(report), **outputs, "comment-url": address, "left-report": left})
    return 1 if report.error else 0


def main() -> int:
    """Run the action and return its exit status."""
    share_certificates(os.environ)
    arguments = read_arguments(Path(__file__).with_name("action.yml"), sys.argv[1:])
    with Runner(os.environ, INPUTS, arguments) as runner:
        try:
            return run(runner)
        except ActionError as error:
            # Before there is a report, or where it cannot be told.
            runner.error(error)
            return 1


if __name__ == "__main__":
    sys.exit(main())
