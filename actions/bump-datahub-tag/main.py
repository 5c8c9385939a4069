"""Move every hub that uses an image to a new tag, by a pull request in the deployments repository.

In a workflow, action.yml runs this with the inputs in the environment; on a laptop, they are options:
``python3 actions/bump-datahub-tag/main.py --help``.
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

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from hub_image_actions import markdown, names
from hub_image_actions.bump.branch import BumpBranch
from hub_image_actions.bump.bumped_image import BumpedImage
from hub_image_actions.bump.pull_request import BumpPullRequest, label_and_request
from hub_image_actions.bump.report import BumpOrigin, BumpReport
from hub_image_actions.certificates import share_certificates
from hub_image_actions.deployments.bump import Bump, Plan
from hub_image_actions.deployments.holds import today
from hub_image_actions.deployments.nearest import nearest_images, not_deployed
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.deployments.selection import Selection, leaves_nothing_out
from hub_image_actions.entry.arguments import read_arguments
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.entry.interruption import interruptible
from hub_image_actions.entry.run_environment import read_run_environment
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.git import Checkout, Identity, Remote, forget_environment
from hub_image_actions.github.changes import ImageChange, image_changes
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import PullRequest
from hub_image_actions.http import Http
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.tags import INPUTS_PREFIX
from hub_image_actions.ownership import owned_folder, sweep_folders
from hub_image_actions.references import (
    DEFAULT_REGISTRY,
    ImageName,
    parse_digest,
    parse_image_name,
    parse_tag,
)
from hub_image_actions.registry.client import registries

DATAHUB = "berkeley-dsep-infra/datahub"
BRANCH = "update-{hub}-image-tag-{tag}"
HOW_TO_NAME_IT = "Set the repository variable IMAGE and pass it as `image: ${{ vars.IMAGE }}`."
HOW_TO_AUTHORIZE = "Pass the token of a GitHub App, or the secret that your organisation keeps for this."
HOW_TO_TAG = "Pass the tag that was pushed."
LONGEST_TITLE = 256
BOT_EMAIL = "41898282+github-actions[bot]@users.noreply.github.com"


@dataclass(frozen=True)
class Settings:
    """The inputs, typed and checked; action.yml describes each."""

    image: ImageName
    tag: str
    hub: str
    token: str = field(repr=False)
    repository: str
    base_branch: str
    selection: Selection
    fail_if_none: bool
    from_tag: str
    digest: str
    branch: str
    title: str
    labels: tuple[str, ...]
    reviewers: tuple[str, ...]
    draft: bool
    author_name: str
    author_email: str
    sign_commits: bool
    open_pull_request: bool
    verify_image: bool
    packages: bool
    supersede: bool
    dry_run: bool
    check_only: bool
    api_url: str
    server_url: str


def read_inputs(inputs: Inputs) -> Settings:
    """Return the settings.

    Raises:
        InvalidInputs: some inputs cannot be used; each is named.
    """
    settings = read_settings(inputs)
    refuse_what_cannot_work(settings, inputs)
    inputs.check()
    return settings


def read_settings(inputs: Inputs) -> Settings:
    """Return the settings as they were given; what cannot be used is noted in the inputs."""
    dry_run = inputs.flag("dry-run", default=False)
    check_only = inputs.flag("check-only", default=False)
    image = read_image(inputs)
    tag = inputs.parsed("tag", parse_tag, empty="", required="" if check_only else HOW_TO_TAG)
    hub = inputs.parsed("hub", names.parse_hub, empty="") or image.short
    fill = {"{hub}": hub, "{image}": image.short, "{tag}": tag}
    return Settings(
        image=image,
        tag=tag,
        hub=hub,
        token=inputs.secret("token", required="" if dry_run else HOW_TO_AUTHORIZE),
        repository=inputs.parsed("repository", names.parse_full_name, DATAHUB, empty=""),
        base_branch=inputs.parsed("base-branch", names.parse_branch, "staging", empty=""),
        selection=Selection(
            inputs.items("paths", "deployments", names.parse_path),
            inputs.items("exclude-paths", parse=names.parse_path),
        ),
        fail_if_none=inputs.flag("fail-if-none", default=False),
        from_tag=inputs.parsed("from-tag", parse_tag, empty=""),
        digest=inputs.parsed("digest", parse_digest, empty=""),
        branch=inputs.parsed("branch", partial(branch_of, fill=fill), BRANCH, empty=""),
        title=filled(inputs.text("title", "update {hub} image tag to {tag}"), fill),
        labels=inputs.items("labels"),
        reviewers=inputs.items("reviewers"),
        draft=inputs.flag("draft", default=False),
        author_name=inputs.parsed("author-name", names.parse_author, "github-actions[bot]", empty=""),
        author_email=inputs.parsed("author-email", names.parse_email, BOT_EMAIL, empty=""),
        sign_commits=inputs.flag("sign-commits", default=False),
        open_pull_request=inputs.flag("open-pull-request", default=True),
        verify_image=inputs.flag("verify-image", default=True),
        packages=inputs.flag("packages", default=True),
        supersede=inputs.flag("supersede", default=True),
        dry_run=dry_run,
        check_only=check_only,
        api_url=inputs.parsed("api-url", names.parse_server, "https://api.github.com", empty=""),
        server_url=inputs.parsed("server-url", names.parse_server, "https://github.com", empty=""),
    )


def read_image(inputs: Inputs) -> ImageName:
    """Return the image; one without a host is on the registry that is given."""
    registry = inputs.parsed("registry", names.parse_host, DEFAULT_REGISTRY, empty="")
    image = inputs.parsed("image", parse_image_name, empty=ImageName("", "image"), required=HOW_TO_NAME_IT)
    return image.on(registry)


def branch_of(text: str, fill: Mapping[str, str]) -> str:
    """Return the branch, its placeholders filled in.

    Raises:
        InvalidName: git would not take it.
    """
    # What is written around the tag is refused where git does not take it; what a tag brings is made to fit.
    names.parse_branch(filled(text, {**fill, "{tag}": "tag"}))
    return names.parse_branch(names.valid_branch(filled(text, fill)))


def refuse_what_cannot_work(settings: Settings, inputs: Inputs) -> None:
    """Refuse what is well-formed by itself and would fail all the same."""
    if settings.tag.startswith(INPUTS_PREFIX):
        inputs.refuse(
            "tag", f"{settings.tag!r} is the image of a pull request.", "Pass the tag that `build` pushed."
        )
    if len(settings.title) > LONGEST_TITLE:
        inputs.refuse("title", f"it has {len(settings.title)} characters.", f"Use at most {LONGEST_TITLE}.")
    if settings.branch == settings.base_branch:
        inputs.refuse(
            "branch", f"{settings.branch!r} is the base branch.", "Give the change a branch of its own."
        )


def filled(text: str, fill: Mapping[str, str]) -> str:
    """Return the text with its placeholders filled in."""
    for placeholder, value in fill.items():
        text = text.replace(placeholder, value)
    return text


def check_names(plan: Plan) -> None:
    """Check that the files' names can be told to anybody: git takes any bytes for a name.

    Raises:
        ActionError: one is not UTF-8.
    """
    for reference in plan.references:
        try:
            reference.file.encode()
        except UnicodeEncodeError as error:
            raise ActionError(f"The name of {reference.file!r} is not UTF-8.", "Rename that file.") from error


class BumpDatahubTag:
    """The action: checks, clones, edits, pushes, opens the pull request, and tells; in this order.

    Args:
        settings: the inputs.
        runner: what is told.
        http: what asks GitHub and the registry.
        origin: the run that asks.
        docker_config: the folder of Docker's configuration, for the registry's credentials.
    """

    def __init__(
        self, settings: Settings, runner: Runner, http: Http, origin: BumpOrigin, docker_config: Path
    ) -> None:
        self.settings = settings
        self.runner = runner
        self.http = http
        self.origin = origin
        self.image = BumpedImage(settings.image, settings.tag, registries(http, docker_config))
        self.github = GitHub(http, settings.api_url, settings.server_url, settings.token)
        self.repository = Repository(self.github, settings.repository)

    def run(self, folder: Path) -> None:
        """Do all of it, with the clone in `folder`.

        Raises:
            ActionError: something is wrong, and nothing after it was done.
        """
        with self.runner.group("Checking the token, the branches and the image"):
            login = self.check_deployments()
            settings = self.settings
            if settings.check_only:
                self.runner.notice(f"{settings.repository} can be bumped; nothing was changed.")
                self.runner.outputs({"changed": "false"})
                return
            digest = self.check_image()
        with self.runner.group(f"Cloning {settings.repository}"):
            checkout = Checkout(
                folder, Remote(f"{settings.server_url}/{settings.repository}", settings.token)
            )
            base = checkout.clone(settings.base_branch, settings.selection.roots)
            paths = checkout.follow(settings.selection.roots)
            settings.selection.check(folder)
            for pattern in settings.selection.idle(folder, paths):
                self.runner.warning(f"exclude-paths: {leaves_nothing_out(pattern)}")
            self.runner.info(f"{settings.base_branch} is at {base}")
        bump = Bump(settings.image, settings.tag, today(), digest, settings.from_tag)
        plan = plan_bump(folder, paths, bump, selection=settings.selection)
        check_names(plan)
        if not plan.references:
            self.tell_nearest(folder, paths)
        report = self.report(plan, base, digest)
        for edit in plan.edits:
            with self.runner.group(edit.file):
                self.runner.info(edit.diff())
        if not plan.edits or settings.dry_run:
            self.tell(report)
            return
        commit = self.push(checkout, plan, base)
        self.tell(report, commit, self.open(report, login) if settings.open_pull_request else None)

    def tell_nearest(self, folder: Path, paths: tuple[str, ...]) -> None:
        """Say which images are there when this one is not.

        Raises:
            ImageNotDeployed: the settings ask for it.
        """
        error = not_deployed(self.settings.image, nearest_images(folder, paths, self.settings.image))
        if self.settings.fail_if_none:
            raise error
        self.runner.warning(str(error))

    def check_deployments(self) -> str:
        """Check that the base branch is there and what the token may do; return the token's login."""
        settings, name = self.settings, self.use_present_name()
        if not self.repository.branch_exists(settings.base_branch):
            raise ActionError(
                f"{name} has no branch {settings.base_branch!r}.", "Name the right one in `base-branch`."
            )
        self.runner.info(f"{name} has the branch {settings.base_branch}")
        if settings.dry_run:
            return ""
        login = self.github.login()
        self.github.check_push(name)
        if settings.open_pull_request:
            self.repository.check_pull_requests(settings.base_branch)
        self.runner.info(f"the token of {login or 'an app'} may do what is needed")
        return login

    def use_present_name(self) -> str:
        """Have everything asked of the repository by the name that it has now; return that name.

        GitHub leads who asks by an older name to the new one, but a list of pull requests by `owner:branch`
        finds none of the new owner's.
        """
        given = self.settings.repository
        now = self.repository.described()
        if now.archived and not self.settings.dry_run:
            raise ActionError(
                f"{now.full_name} is archived.", "Unarchive it, or name another in `repository`."
            )
        if now.full_name.lower() != given.lower():
            self.runner.notice(f"{given} is called {now.full_name} now: change `repository`.")
            self.settings = replace(self.settings, repository=now.full_name)
            self.repository = Repository(self.github, now.full_name)
        return self.settings.repository

    def check_image(self) -> str:
        """Check that the tag is in the registry, unless that is not wanted; return its digest."""
        settings = self.settings
        if not settings.verify_image:
            return settings.digest
        digest = self.image.check(settings.digest)
        self.runner.info(f"{settings.image}:{settings.tag} is in the registry, {digest}")
        return digest

    def report(self, plan: Plan, base: str, digest: str) -> BumpReport:
        """Return the report, with what changed in the image's own repository between the tags."""
        settings = self.settings
        changes: tuple[ImageChange, ...] = ()
        try:
            if self.origin.repository:
                image_repository = Repository(self.github, self.origin.repository)
                changes = image_changes(image_repository, plan.old_tags, settings.tag)
        except GitHubError as error:
            # The comparison is for the reader; the hubs move without it.
            self.runner.warning(f"The report does not say what changed in the image. {error}")
        files_url = f"{settings.server_url}/{settings.repository}/blob/{base}"
        contents: tuple[ImageComparison, ...] = ()
        if settings.packages and settings.verify_image:
            contents = self.image.changed_contents(plan.old_tags, self.runner.warning)
        return BumpReport(
            settings.image, settings.tag, digest, plan, files_url, changes, contents, origin=self.origin
        )

    def push(self, checkout: Checkout, plan: Plan, base: str) -> str:
        """Write, commit and push the edits; return the commit that the branch is at."""
        settings = self.settings
        identity = Identity(settings.author_name, settings.author_email)
        branch = BumpBranch(settings.branch, settings.base_branch, settings.image, identity)
        with self.runner.group(f"Pushing {branch.name}"):
            message = branch.message(settings.title, plan.files)
            if settings.sign_commits:
                signed, is_new = branch.publish_signed(self.repository, base, plan.edits, message)
                return self.tell_branch(branch, signed, is_new=is_new)
            plan.write()
            commit = checkout.commit(plan.files, message, identity)
            published = branch.publish(checkout, self.repository, commit)
            return self.tell_branch(branch, published, is_new=published == commit)

    def tell_branch(self, branch: BumpBranch, commit: str, *, is_new: bool) -> str:
        """Say what the branch is at, and return it."""
        had_it = "" if is_new else ", which has these changes already"
        self.runner.info(f"{branch.name} is at {commit}{had_it}")
        return commit

    def open(self, report: BumpReport, login: str) -> PullRequest:
        """Open the pull request or bring it up to date, and close the older ones of this image."""
        settings, warn = self.settings, self.runner.warning
        wanted = BumpPullRequest(
            self.repository,
            login,
            settings.image,
            settings.branch,
            settings.base_branch,
            settings.title,
            report.body(),
            settings.draft,
        )
        pull = wanted.open(warn)
        label_and_request(self.repository, pull, settings.labels, settings.reviewers, warn)
        for older in wanted.supersede_older(pull) if settings.supersede else ():
            self.runner.info(f"closed {older.url}, which this one supersedes")
        return pull

    def tell(self, report: BumpReport, commit: str = "", pull: PullRequest | None = None) -> None:
        """Set the outputs, and tell people in the log and in the job's summary what happened."""
        settings, plan = self.settings, report.plan
        link = self.repository.compare_url(settings.base_branch, settings.branch) if commit else ""
        outcome = report.outcome(pull.url if pull else link, opened=bool(pull))
        self.runner.notice(outcome)
        self.runner.summary(f"### {markdown.escape(settings.title)}\n\n{outcome}\n\n{report.body()}")
        self.runner.outputs(
            {
                "changed": str(bool(plan.edits)).lower(),
                "pull-request-number": str(pull.number) if pull else "",
                "pull-request-url": pull.url if pull else link,
                "branch": settings.branch if commit else "",
                "commit": commit,
                "files": "\n".join(plan.files),
                "hubs": "\n".join(plan.hubs),
                "old-tags": "\n".join(plan.old_tags),
            }
        )


def origin_of(environ: Mapping[str, str]) -> BumpOrigin:
    """Return the run that asks for the bump; an empty one on a laptop."""
    run = read_run_environment(environ)
    return BumpOrigin(run.repository, run.repository_url, run.run_url)


def main() -> int:
    """Run the action and return its exit status."""
    share_certificates(os.environ)
    arguments = read_arguments(Path(__file__).with_name("action.yml"), sys.argv[1:])
    with Runner(os.environ, INPUTS, arguments) as runner:
        try:
            settings = read_inputs(Inputs(runner.input))
            runner.mask(settings.token)
            forget_environment(os.environ)
            docker_config = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
            sweep_folders(Path(tempfile.gettempdir()))
            with interruptible(), Http() as http, owned_folder("deployments") as folder:
                BumpDatahubTag(settings, runner, http, origin_of(os.environ), docker_config).run(folder)
        except ActionError as error:
            runner.error(error)
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
