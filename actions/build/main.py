"""Build, test and push a JupyterHub user image, and tell what happened.

In a workflow, action.yml runs this with the inputs in the environment; on a laptop, they are options:
``python3 actions/build/main.py --image demo/user-image .``
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

from hub_image_actions.build.image_build import build_image
from hub_image_actions.build.job import open_job
from hub_image_actions.build.origin import read_origin
from hub_image_actions.build.report import BuildReport, tell
from hub_image_actions.build.settings import BuildSettings, read_build, read_image, read_publication
from hub_image_actions.certificates import share_certificates
from hub_image_actions.entry.arguments import read_arguments
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError
from hub_image_actions.images.tags import TagValues

LOCKS = ROOT / "requirements"
NO_COMMIT = TagValues()


def read_inputs(inputs: Inputs, values: TagValues = NO_COMMIT) -> BuildSettings:
    """Return the settings.

    Raises:
        InvalidInputs: some inputs cannot be used; each is named.
    """
    return read_build(inputs, read_image(inputs), read_publication(inputs, values))


def run(runner: Runner) -> int:
    """Build the image, tell what is known of it however that ended, and return the exit status.

    Raises:
        ActionError: there is nothing to be told yet, or it cannot be told.
    """
    origin = read_origin(os.environ, Path.cwd())
    report = BuildReport("", "Build of the image", run_url=origin.run_url)
    try:
        settings = read_inputs(Inputs(runner.input), origin.tag_values)
        report.title = f"Build of {settings.image.short}"
        with open_job(settings, origin, runner, report, environ=os.environ, locks=LOCKS) as job:
            build_image(job)
    except ActionError as error:
        report.error = error
        runner.error(error)
    runner.outputs(tell(report, runner, origin.scratch))
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
