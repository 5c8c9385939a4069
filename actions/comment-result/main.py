"""Keep the comment with a build's result, for a run whose own token may not: a fork's, or Dependabot's.

It runs when that run has ended, with the rights of the base repository. Nothing of the pull request is
checked out or run, and nothing that the run left decides where the comment goes. In a workflow, action.yml
runs this with the inputs in the environment; on a laptop, they are options: ``python3
actions/comment-result/main.py --help``.
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

from collections.abc import Sequence
from dataclasses import dataclass, field

from hub_image_actions import names
from hub_image_actions.build import result_comment
from hub_image_actions.build.origin import called_after
from hub_image_actions.build.report_file import FILE, MOST_BYTES, UnusableReport, read_report
from hub_image_actions.build.result_comment import Fork
from hub_image_actions.build.settings import comment_marker, read_image
from hub_image_actions.certificates import share_certificates
from hub_image_actions.entry.arguments import read_arguments
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.entry.interruption import interruptible
from hub_image_actions.entry.run_environment import read_run_environment
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError
from hub_image_actions.exchange import Limits
from hub_image_actions.github.artifacts import RunArtifacts, UnusableArtifact
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.finished_run import FinishedRun, read_finished_run
from hub_image_actions.github.kept_comment import KeptComment
from hub_image_actions.github.pull_request_event import read_event
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import Json, PullRequest
from hub_image_actions.http import Http
from hub_image_actions.references import ImageName

_NOBODYS = (
    "No open pull request has this commit as its newest: it is closed, or a later push has a run of its own."
)


@dataclass(frozen=True)
class Settings:
    """The inputs, typed and checked; action.yml describes each."""

    token: str = field(repr=False)
    image: ImageName
    artifact: str
    api_url: str
    server_url: str


def read_inputs(inputs: Inputs, image: str = "") -> Settings:
    """Return the settings.

    Raises:
        InvalidInputs: some inputs cannot be used; each is named.
    """
    settings = Settings(
        token=inputs.secret("token", required="Pass `token: ${{ github.token }}`."),
        image=read_image(inputs, image),
        artifact=inputs.text("artifact", "build-test-report"),
        api_url=inputs.parsed("api-url", names.parse_server, "https://api.github.com", empty=""),
        server_url=inputs.parsed("server-url", names.parse_server, "https://github.com", empty=""),
    )
    inputs.check()
    return settings


class ResultComment:
    """The action: finds the pull request and the report, and keeps the comment.

    Args:
        settings: the inputs.
        runner: what is told.
        http: what asks GitHub.
        repository: the repository that the workflow runs in, as `owner/name`.
        run: the run that has ended.
    """

    def __init__(
        self, settings: Settings, runner: Runner, http: Http, repository: str, run: FinishedRun
    ) -> None:
        self.settings = settings
        self.runner = runner
        self.run = run
        self.github = GitHub(http, settings.api_url, settings.server_url, settings.token)
        self.repository = Repository(self.github, repository)

    def keep(self) -> None:
        """Do all of it.

        Raises:
            ActionError: GitHub refuses, or does not answer.
        """
        if obstacle := self.obstacle():
            self.tell_nothing(obstacle)
            return
        with Http(limits=Limits(body=MOST_BYTES)) as http:
            settings = self.settings
            bounded = GitHub(http, settings.api_url, settings.server_url, settings.token)
            artifacts = RunArtifacts(bounded, self.repository.full_name, self.run)
            artifact = artifacts.find(settings.artifact)
            if artifact is None and not (self.is_of_fork or self.run.is_dependabots):
                self.tell_nothing("The run may comment itself, and left nothing to be told.")
                return
            pulls = self.run.pull_requests(self.repository)
            if not pulls:
                self.tell_nothing(_NOBODYS)
                return
            numbers = [pull.number for pull in pulls]
            text = self.text(artifacts, artifact, numbers, self.fork(numbers))
        self.write(pulls, text)

    @property
    def is_of_fork(self) -> bool:
        """Whether the run is of another repository than the one that the workflow runs in."""
        return self.run.is_of_fork(self.repository.full_name)

    def fork(self, numbers: Sequence[int]) -> Fork | None:
        """Return what is known of the fork; None for a branch of the repository itself."""
        if not self.is_of_fork:
            return None
        changed = map(self.repository.changed_paths, numbers)
        return Fork.of_changes([path for paths in changed for path in paths])

    def obstacle(self) -> str:
        """Return why nothing is to be told of this run; nothing where something may be."""
        if not self.run.is_of_pull_request:
            return f"The run was started by `{self.run.event}`, not by a pull request."
        if not self.run.repository:
            return "The fork is gone: nobody can push to it, and what is known is in the run's summary."
        if not result_comment.has_result(self.run):
            return f"The run has no result: it ended as `{self.run.conclusion}`."
        if self.run.is_superseded(self.github, self.repository.full_name):
            return "The same commit is tested again by a later run, whose result is told."
        return ""

    def tell_nothing(self, why: str) -> None:
        """End without a comment."""
        self.runner.notice(why)
        self.runner.outputs({"comment-url": ""})

    def text(
        self, artifacts: RunArtifacts, artifact: Json | None, numbers: Sequence[int], fork: Fork | None
    ) -> str:
        """Return the comment, in Markdown."""
        title, problem = f"Test of {self.settings.image.short}", ""
        if artifact is not None:
            try:
                report = read_report(artifacts.read(artifact, FILE, MOST_BYTES), title)
                return result_comment.with_report(report, self.run, numbers, fork=fork)
            except (UnusableArtifact, UnusableReport) as error:
                problem = error.problem
                self.runner.warning(f"The report that the run left is not shown. {problem}")
        return result_comment.without_report(title, self.run, numbers, problem, fork=fork)

    def write(self, pulls: Sequence[PullRequest], text: str) -> None:
        """Write the comment, or bring it up to date, on each pull request of the branch."""
        marker, login = comment_marker(self.settings.image), self.github.login()
        issues = self.repository.issues
        comments = [KeptComment(issues, pull.number, marker, login).keep(text) for pull in pulls]
        self.runner.summary(text)
        self.runner.outputs({"comment-url": "\n".join(comment.url for comment in comments)})


def main() -> int:
    """Run the action and return its exit status."""
    share_certificates(os.environ)
    arguments = read_arguments(Path(__file__).with_name("action.yml"), sys.argv[1:])
    with Runner(os.environ, INPUTS, arguments) as runner:
        try:
            environment = read_run_environment(os.environ)
            settings = read_inputs(Inputs(runner.input), called_after(environment.repository))
            runner.mask(settings.token)
            repository = names.parse_full_name(environment.repository)
            run = read_finished_run(read_event(environment.event_path))
            with interruptible(), Http() as http:
                ResultComment(settings, runner, http, repository, run).keep()
        except ActionError as error:
            runner.error(error)
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
