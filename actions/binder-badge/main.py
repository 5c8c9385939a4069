"""Keep a badge that launches a pull request on Binder in one comment, or after a push a branch for Binder.

Nothing of the pull request is checked out or run. In a workflow, action.yml runs this with the inputs in
the environment; on a laptop, they are options: ``python3 actions/binder-badge/main.py --help``.
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

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from hub_image_actions import markdown, names
from hub_image_actions.binder.launch import (
    BUILT,
    MORE,
    NEXT,
    PULLED,
    BinderBranch,
    BinderRepository,
    Launch,
    parse_repository,
)
from hub_image_actions.binder.prebuild import Prebuild, PrebuildFailed
from hub_image_actions.certificates import share_certificates
from hub_image_actions.entry.arguments import read_arguments
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.entry.interruption import interruptible
from hub_image_actions.entry.run_environment import read_run_environment
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, GitHubError, RegistryError
from hub_image_actions.exchange import DEFAULT_LIMITS
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.kept_comment import Comment, KeptComment
from hub_image_actions.github.pull_request_event import find_pull_request, read_event
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import PullRequest
from hub_image_actions.http import Http
from hub_image_actions.references import ImageReference, parse_reference

MARKER = markdown.marker("binder-badge")
LABEL = "Test this PR on Binder"
OUTPUTS = ("launch-url", "badge-markdown", "comment-id", "comment-url", "prebuilt")
SILENCE = 120.0
READ_ONLY = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@dataclass(frozen=True)
class Settings:
    """The inputs, typed and checked; action.yml describes each."""

    token: str = field(repr=False)
    pull_request: int
    repository: BinderRepository | None
    ref: str
    binder_url: str
    urlpath: str
    filepath: str
    image: ImageReference | None
    message: str
    prebuild: bool
    prebuild_seconds: int
    api_url: str
    server_url: str


def read_inputs(inputs: Inputs) -> Settings:
    """Return the settings.

    Raises:
        InvalidInputs: some inputs cannot be used; each is named.
    """
    server_url = inputs.parsed("server-url", names.parse_server, "https://github.com", empty="")
    settings = Settings(
        token=inputs.secret("token", required="Pass `token: ${{ github.token }}`."),
        pull_request=inputs.parsed("pull-request", parse_number, empty=0),
        repository=inputs.parsed("repository", lambda text: parse_repository(text, server_url), empty=None),
        ref=inputs.text("ref"),
        binder_url=inputs.parsed("binder-url", names.parse_server, "https://mybinder.org", empty=""),
        urlpath=inputs.text("urlpath"),
        filepath=inputs.text("filepath"),
        image=inputs.parsed("image", parse_pinned, empty=None),
        message=inputs.text("message"),
        prebuild=inputs.flag("prebuild", default=False),
        prebuild_seconds=inputs.number("prebuild-timeout", 900),
        api_url=inputs.parsed("api-url", names.parse_server, "https://api.github.com", empty=""),
        server_url=server_url,
    )
    if settings.urlpath and settings.filepath:
        inputs.refuse("filepath", "it cannot be given together with `urlpath`.", "Leave one of the two out.")
    inputs.check()
    return settings


def parse_number(text: str) -> int:
    """Return a pull request's number."""
    if not text.isdecimal() or not int(text):
        raise ActionError(f"{text!r} is no number of a pull request.", "Write digits only.")
    return int(text)


def parse_pinned(text: str) -> ImageReference:
    """Return an image reference that has a tag or a digest."""
    reference = parse_reference(text)
    if not (reference.tag or reference.digest):
        raise ActionError(f"{text!r} has neither tag nor digest.", "Pass a build's output `image`.")
    return reference


class BinderBadge:
    """The action: finds the pull request, makes the link, and keeps the comment.

    Args:
        settings: the inputs.
        runner: what is told.
        http: what asks GitHub and the registry.
        repository: the repository that the workflow runs in, as `owner/name`.
        event: the payload of the event that started it.
    """

    def __init__(
        self, settings: Settings, runner: Runner, http: Http, repository: str, event: Mapping[str, Any]
    ) -> None:
        self.settings = settings
        self.runner = runner
        self.http = http
        self.event = event
        self.github = GitHub(http, settings.api_url, settings.server_url, settings.token)
        self.repository = Repository(self.github, repository)

    def run(self) -> None:
        """Do all of it.

        Raises:
            ActionError: something is wrong that is not for the reader of a comment.
        """
        if (self.settings.image or self.settings.prebuild) and not self.is_about_pull_request:
            self.run_for_branch()
            return
        pull = find_pull_request(self.event, self.repository, self.settings.pull_request)
        if not pull.is_open:
            self.close(pull)
            return
        launch, told = self.launch(pull)
        badge = launch.badge(LABEL)
        told = f"{NEXT} {told} {MORE}."
        text = "\n\n".join(filter(None, (markdown.escape(self.settings.message), badge, told)))
        self.runner.summary(text)
        comment = self.keep(pull, text)
        # The comment comes first: whoever reads it need not wait for the build.
        self.tell(launch, badge, comment, self.prebuilt(launch))

    @property
    def is_about_pull_request(self) -> bool:
        """Whether a pull request started the run, or was named."""
        return bool(self.settings.pull_request) or bool({"pull_request", "workflow_run"} & self.event.keys())

    def run_for_branch(self) -> None:
        """Keep the branch by which Binder pulls the image of a pushed branch or tag, without a comment.

        Raises:
            ActionError: the event is about no branch, or the branch for Binder is somebody else's.
        """
        ref = str(self.event.get("ref") or "").removeprefix("refs/heads/").removeprefix("refs/tags/")
        if not ref:
            raise ActionError(
                "This run is about no branch or tag.", "Run it on `push`, or pass `pull-request`."
            )
        branch = BinderBranch.of_branch(self.repository, names.parse_branch(ref))
        launched, told = self.settings.ref or ref, BUILT
        if self.settings.image:
            commit, told = self.branch_of_image(
                branch, self.settings.image, str(self.event.get("after") or ref)
            )
            if commit:
                # Its name stays the same from push to push, so that a README can have the badge.
                launched = branch.name
            else:
                self.runner.warning(f"{branch.name} stays as it is. The image cannot be pulled by it.")
        launch = self.to(self.settings.repository or self.own, launched)
        badge = launch.badge("Launch on Binder")
        self.runner.summary(f"{badge}\n\n{told} {MORE}.")
        self.tell(launch, badge, None, self.prebuilt(launch))

    def prebuilt(self, launch: Launch) -> str:
        """Have Binder build what is launched, if that is wanted; return whether it has, as an output."""
        settings = self.settings
        if not settings.prebuild:
            return ""
        # A BinderHub says each half a minute that it is alive.
        limits = replace(DEFAULT_LIMITS, stream=SILENCE)
        try:
            with self.runner.group(f"Building on {settings.binder_url}"), Http(limits=limits) as http:
                is_there = Prebuild(http, self.runner.info, settings.prebuild_seconds).ask(launch)
        except PrebuildFailed as error:
            self.runner.warning(f"Whoever launches it first waits. {error}")
            return "false"
        if not is_there:
            self.runner.notice(f"{settings.binder_url} is still building it, and goes on without us.")
        return str(is_there).lower()

    def tell(self, launch: Launch, badge: str, comment: Comment | None, prebuilt: str) -> None:
        """Set the outputs."""
        self.runner.outputs(
            {
                "launch-url": launch.url,
                "badge-markdown": badge,
                "comment-id": str(comment.id) if comment else "",
                "comment-url": comment.url if comment else "",
                "prebuilt": prebuilt,
            }
        )

    def launch(self, pull: PullRequest) -> tuple[Launch, str]:
        """Return what the badge launches, and in Markdown what the reader should know about it."""
        settings = self.settings
        obstacle = ""
        if settings.image:
            branch = BinderBranch.of_pull_request(self.repository, pull.number)
            commit, told = self.branch_of_image(branch, settings.image, pull.commit)
            if commit:
                return self.to(self.own, commit), told
            obstacle = told
        elif commit := self.branch_of_other_run(pull):
            return self.to(self.own, commit), PULLED.format(image="the image of this commit")
        # Of a fork that is gone, the commit is kept by the repository that the pull request was opened in.
        there = pull.repository or self.repository.full_name
        repository = settings.repository or parse_repository(there, settings.server_url)
        return self.to(repository, settings.ref or pull.commit), f"{obstacle} {BUILT}".strip()

    def branch_of_image(self, branch: BinderBranch, image: ImageReference, built_of: str) -> tuple[str, str]:
        """Have a branch have Binder pull the image; return its commit, or nothing, and what to say of it."""
        name = image.name
        try:
            # Binder has nobody's credentials.
            # The registry's client is read only where there is an image: most badges are of a repository.
            from hub_image_actions.registry.client import Registry

            digest = Registry(self.http, name.registry).digest(name.repository, image.digest or image.tag)
        except RegistryError as error:
            self.runner.notice(f"Binder cannot pull {image}: {error}")
            return "", f"Binder cannot pull {markdown.code(str(image))}: {markdown.prose(error.problem)}"
        try:
            commit = branch.point_to(name, digest, built_of)
        except GitHubError as error:
            if error.status not in READ_ONLY:
                raise
            self.runner.warning(f"The token may not push {branch.name}, by which Binder pulls it. {error}")
            return "", "Binder does not pull the image: the workflow's token may not push a branch."
        return commit, PULLED.format(image=markdown.code(f"{name}@{digest}"))

    def branch_of_other_run(self, pull: PullRequest) -> str:
        """Return the commit of the branch that the run with the image made for this commit, if it has."""
        asked = self.settings.repository or self.settings.ref
        if asked or pull.repository != self.repository.full_name:
            return ""
        try:
            return BinderBranch.of_pull_request(self.repository, pull.number).image_of(pull.commit)
        except GitHubError as error:
            if error.status not in READ_ONLY:
                raise
            return ""

    @property
    def own(self) -> BinderRepository:
        """The repository that the workflow runs in, as Binder finds it."""
        return parse_repository(self.repository.full_name, self.settings.server_url)

    def to(self, repository: BinderRepository, ref: str) -> Launch:
        """Return the launch of a repository's state."""
        settings = self.settings
        return Launch(settings.binder_url, repository, ref, settings.urlpath, settings.filepath)

    def keep(self, pull: PullRequest, text: str) -> Comment | None:
        """Write the comment or bring it up to date; with a read-only token, only warn."""
        try:
            return KeptComment(self.repository.issues, pull.number, MARKER, self.github.login()).keep(text)
        except GitHubError as error:
            if error.status not in READ_ONLY:
                raise
            self.runner.warning(f"The token may not comment; the badge is in the job's summary. {error}")
            return None

    def close(self, pull: PullRequest) -> None:
        """Delete the branch of a pull request that is closed."""
        branch = BinderBranch.of_pull_request(self.repository, pull.number)
        try:
            if branch.is_there():
                branch.delete()
        except GitHubError as error:
            if error.status not in READ_ONLY:
                raise
            self.runner.notice(f"The token may not delete {branch.name}, if there is one. {error}")
        self.runner.notice(f"Pull request {pull.number} is closed; nothing is left to launch.")
        self.runner.outputs(dict.fromkeys(OUTPUTS, ""))


def main() -> int:
    """Run the action and return its exit status."""
    share_certificates(os.environ)
    arguments = read_arguments(Path(__file__).with_name("action.yml"), sys.argv[1:])
    with Runner(os.environ, INPUTS, arguments) as runner:
        try:
            settings = read_inputs(Inputs(runner.input))
            runner.mask(settings.token)
            run = read_run_environment(os.environ)
            event = read_event(run.event_path)
            repository = names.parse_full_name(run.repository)
            with interruptible(), Http() as http:
                BinderBadge(settings, runner, http, repository, event).run()
        except ActionError as error:
            runner.error(error)
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
