"""Move every Dockerfile that builds on an image to a new tag, by one pull request in each repository.

In a workflow, action.yml runs this with the inputs in the environment; on a laptop, they are options:
``python3 actions/bump-base-image/main.py --help``.
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

from hub_image_actions import markdown, names
from hub_image_actions.bump.announcement import announced
from hub_image_actions.bump.base_image_report import short
from hub_image_actions.bump.base_images import (
    BRANCH,
    TITLE,
    BaseImageUpgrade,
    Wording,
    branch_of,
    digest_in_registry,
)
from hub_image_actions.bump.dependents import BaseImageResult
from hub_image_actions.certificates import share_certificates
from hub_image_actions.entry.arguments import read_arguments
from hub_image_actions.entry.command import open_http
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.entry.interruption import interruptible
from hub_image_actions.entry.run_environment import read_run_environment
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.pull_request_event import read_event
from hub_image_actions.github.snapshot import repositories_of
from hub_image_actions.http import Http
from hub_image_actions.images.dockerfiles import ALREADY, BaseTarget
from hub_image_actions.references import (
    DEFAULT_REGISTRY,
    ImageName,
    ImageReference,
    parse_digest,
    parse_reference,
    parse_tag,
)
from hub_image_actions.registry.client import registries

HOW_TO_NAME_IT = "Pass the image that was pushed, or run on an event that names it as `image`."
HOW_TO_TAG = "Pass the tag that was pushed, or run on an event that gives it as `tag`."
HOW_TO_AUTHORIZE = "Pass the token of a GitHub App, or the secret that your organisation keeps for this."
LONGEST_TITLE = 256
LONGEST_SUMMARY = 200
MOST_NAMED = 5


@dataclass(frozen=True)
class Settings:
    """The inputs, typed and checked; action.yml describes each."""

    target: BaseTarget
    token: str = field(repr=False)
    repositories: tuple[str, ...]
    owner: str
    topic: str
    image_repository: str
    wording: Wording
    verify_image: bool
    dry_run: bool
    api_url: str
    server_url: str


def read_inputs(inputs: Inputs) -> Settings:
    """Return the settings.

    Raises:
        InvalidInputs: some inputs cannot be used; each is named.
    """
    target = read_target(inputs)
    dry_run = inputs.flag("dry-run", default=False)
    branch = inputs.parsed("branch", lambda text: branch_of(text, target.image) and text, BRANCH, empty="")
    settings = Settings(
        target=target,
        token=inputs.secret("token", required="" if dry_run else HOW_TO_AUTHORIZE),
        repositories=inputs.items("repositories", parse=names.parse_full_name),
        owner=inputs.parsed("owner", names.parse_owner, empty=""),
        topic=inputs.text("topic"),
        image_repository=inputs.parsed("image-repository", names.parse_full_name, empty=""),
        wording=Wording(branch, inputs.text("title", TITLE), inputs.items("labels")),
        verify_image=inputs.flag("verify-image", default=True),
        dry_run=dry_run,
        api_url=inputs.parsed("api-url", names.parse_server, "https://api.github.com", empty=""),
        server_url=inputs.parsed("server-url", names.parse_server, "https://github.com", empty=""),
    )
    refuse_what_cannot_work(settings, inputs)
    inputs.check()
    return settings


def read_target(inputs: Inputs) -> BaseTarget:
    """Return the image, its tag and its digest, as far as inputs and event tell."""
    registry = inputs.parsed("registry", names.parse_host, DEFAULT_REGISTRY, empty="")
    none = ImageReference(ImageName("", "image"))
    given = inputs.parsed("image", parse_reference, empty=none, required=HOW_TO_NAME_IT)
    tag = inputs.parsed("tag", parse_tag, empty="") or given.tag
    digest = inputs.parsed("digest", parse_digest, empty="") or given.digest
    if not tag:
        inputs.refuse("tag", "it is required and empty.", HOW_TO_TAG)
    for name, own, other in (("tag", given.tag, tag), ("digest", given.digest, digest)):
        if own not in {"", other}:
            inputs.refuse(name, f"it is {other!r}, and `image` has {own!r}.", "Give one of them.")
    return BaseTarget(given.name.on(registry).canonical, tag, digest)


def refuse_what_cannot_work(settings: Settings, inputs: Inputs) -> None:
    """Refuse what is well-formed by itself and would fail all the same."""
    if len(settings.wording.title) > LONGEST_TITLE:
        inputs.refuse("title", "it is too long for GitHub.", f"Use at most {LONGEST_TITLE} characters.")
    if settings.topic and not settings.owner:
        inputs.refuse("topic", "it chooses among the repositories of an owner.", "Give `owner` as well.")


class BumpBaseImage:
    """The action: checks the image, finds who builds on it, opens the pull requests, and tells.

    Args:
        settings: the inputs.
        runner: what is told.
        http: what asks GitHub and the registry.
        own: the workflow's own repository; empty on a laptop.
        docker_config: the folder of Docker's configuration, for the registry's credentials.
    """

    def __init__(self, settings: Settings, runner: Runner, http: Http, own: str, docker_config: Path) -> None:
        self.settings = settings
        self.runner = runner
        self.http = http
        self.own = own
        self.docker_config = docker_config
        self.github = GitHub(http, settings.api_url, settings.server_url, settings.token)

    def run(self) -> None:
        """Do all of it.

        Raises:
            ActionError: something is wrong; the repositories before and after it are done all the same.
        """
        settings, target = self.settings, self.settings.target
        if settings.verify_image:
            with self.runner.group("Checking the image"):
                target = BaseTarget(target.image, target.tag, self.digest())
                self.runner.info(f"{target.image}:{target.tag} is in the registry, {target.digest}")
        chosen = self.chosen()
        sources = [settings.image_repository] if settings.image_repository else []
        if not sources and self.own and self.own not in chosen:
            sources = [self.own]
        upgrade = BaseImageUpgrade(
            self.github, target, settings.wording, self.digest, sources, self.runner.warning
        )
        results = []
        for name in chosen:
            with self.runner.group(name):
                results.append(upgrade.carry_out(name, apply=not settings.dry_run))
                self.log(results[-1])
        self.tell(results)
        self.fail(results)

    def digest(self) -> str:
        """Return the digest that the tag has in the registry."""
        target = self.settings.target
        return digest_in_registry(registries(self.http, self.docker_config)(target.image.registry), target)

    def chosen(self) -> tuple[str, ...]:
        """Return the repositories to look through."""
        settings = self.settings
        found = list(settings.repositories)
        if settings.owner:
            found += repositories_of(self.github, settings.owner, settings.topic)
        if not found and not settings.owner and self.own:
            found.append(self.own)
        if not found:
            raise ActionError(
                "There is no repository to look through.", "Check `repositories`, `owner` and `topic`."
            )
        return tuple({name.lower(): name for name in found}.values())

    def log(self, result: BaseImageResult) -> None:
        """Write to the log what came of a repository."""
        for reference in result.references:
            outcome = (
                f"{short(reference.old)} -> {short(reference.new)}"
                if reference.new
                else f"left: {reference.reason}"
            )
            self.runner.info(f"{reference.file}:{reference.outcome.line}: {outcome}")
        self.runner.info(" ".join(filter(None, (result.status, result.url))))

    def tell(self, results: Sequence[BaseImageResult]) -> None:
        """Set the outputs, and tell people above the log and in the job's summary what happened."""
        moving = [result for result in results if result.moves]
        self.runner.notice(self.outcome(results))
        rows = [
            (
                markdown.escape(result.repository),
                markdown.escape(result.status),
                markdown.link("pull request", result.url) if result.url else "",
                "<br>".join(markdown.code(file) for file in result.files),
                "<br>".join(
                    dict.fromkeys(markdown.escape(reference.reason) for reference in result.references)
                ),
            )
            for result in results
            if result.references or result.error
        ]
        table = markdown.table(("Repository", "Status", "", "Files", "Left"), rows[:LONGEST_SUMMARY])
        title = f"{self.settings.target.image}:{self.settings.target.tag}"
        self.runner.summary(f"### Base image {markdown.code(title)}\n\n{table if rows else ''}")
        self.runner.outputs(
            {
                "changed": str(bool(moving)).lower(),
                "pull-request-urls": "\n".join(result.url for result in moving if result.url),
                "repositories": "\n".join(result.repository for result in moving),
                "files": "\n".join(
                    f"{result.repository}:{file}" for result in moving for file in result.files
                ),
            }
        )

    def outcome(self, results: Sequence[BaseImageResult]) -> str:
        """Return in one sentence what happened."""
        target = self.settings.target
        moving = [result for result in results if result.moves]
        if moving:
            where = ", ".join(result.url or result.repository for result in moving)
            if len(moving) > MOST_NAMED:
                where = f"{len(moving)} repositories; the summary has the pull requests"
            dry = "Dry run, nothing was changed: " if self.settings.dry_run else ""
            return f"{dry}{target.image.short} moves to {target.tag} in {where}"
        declined = ", ".join(result.url for result in results if result.declined)
        if declined:
            return f"Nothing to change: closed without merging, and not opened again: {declined}"
        reasons = dict.fromkeys(reference.reason for result in results for reference in result.references)
        if not reasons:
            return f"Nothing to change: no Dockerfile builds on {target.image}."
        if set(reasons) == {ALREADY}:
            return f"Nothing to change: all Dockerfiles build on {target.image}:{target.tag} already."
        return f"Nothing to change: no reference to {target.image} can move ({', '.join(reasons)})."

    def fail(self, results: Sequence[BaseImageResult]) -> None:
        """Raise where a repository failed; where several did, each is told of by itself."""
        failed = [result for result in results if result.error]
        if len(results) == 1 and failed and failed[0].error:
            raise failed[0].error
        for result in failed:
            self.runner.warning(f"{result.repository}: {result.error}")
        if failed:
            raise ActionError(
                f"{len(failed)} of {len(results)} repositories could not be changed.",
                "Each has a warning that says why; the others are done.",
            )


def main() -> int:
    """Run the action and return its exit status."""
    share_certificates(os.environ)
    arguments = read_arguments(Path(__file__).with_name("action.yml"), sys.argv[1:])
    with Runner(os.environ, INPUTS, arguments) as runner:
        run = read_run_environment(os.environ)
        event = announced(read_event(run.event_path))
        try:
            # What the event says is read as the inputs are, by the same parsers.
            settings = read_inputs(Inputs(lambda name: runner.input(name).strip() or event.get(name, "")))
            runner.mask(settings.token)
            docker_config = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
            with interruptible(), open_http() as http:
                BumpBaseImage(settings, runner, http, run.repository, docker_config).run()
        except ActionError as error:
            runner.error(error)
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
