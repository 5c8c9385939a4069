"""Building an image: check, prepare, build, test, push; each step only when the one before went well."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from hub_image_actions.build.builder import Builder
from hub_image_actions.build.candidates import CandidateStore, open_candidates
from hub_image_actions.build.completeness import CheckoutContent
from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.earlier_images import FinishedImage, PreviousImage
from hub_image_actions.build.existing_tags import ExistingTags, with_own_tag
from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.image_checks import ImageChecks
from hub_image_actions.build.inspection import ImageInspection
from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.login import DockerLogin, logged_in
from hub_image_actions.build.misspelled_names import misspelled
from hub_image_actions.build.output_files import check_output_file
from hub_image_actions.build.preparation import Preparation
from hub_image_actions.build.promotion import Promotion, report_reused
from hub_image_actions.build.publishing import Publishing
from hub_image_actions.build.repo2docker import unread_configuration
from hub_image_actions.build.review import package_files, review
from hub_image_actions.build.staging import StagedContext, staged
from hub_image_actions.docker.engine import DockerError
from hub_image_actions.errors import RegistryError
from hub_image_actions.git import LocalRepository
from hub_image_actions.ownership import owned_folder

# More would hide the rest of the report.
_MOST_ADVICE = 6


def build_image(job: BuildJob) -> None:
    """Build, test and push an image, or use one of the registry again; the job's report says what is known.

    Raises:
        ActionError: something went wrong.
    """
    with logged_in(job) as login:
        job = with_own_tag(job, login.registry)
        try:
            ImageBuild(job, login).run()
        finally:
            for notice in login.registry.notices:
                job.warn(notice)


class ImageBuild:
    """One build.

    Args:
        job: what is to be built, where, and who is told.
        login: the engine and the registries that it may use.
    """

    def __init__(self, job: BuildJob, login: DockerLogin) -> None:
        settings, previous = job.settings, PreviousImage(job, login.registry)
        self._job = job
        self._login = login
        self._context = BuildContext(job.folder, settings.context, settings.dockerfile)
        candidates = open_candidates(job, login)
        self._candidates = CandidateStore(job, login, candidates)
        self._promotion = Promotion(job, login, self._context, previous, candidates)
        self._preparation = Preparation(job, login, self._context, previous)
        self._builder = Builder(job, login)
        self._checks = ImageChecks(job, login.docker)
        self._inspection = ImageInspection(
            settings=settings,
            origin=job.origin,
            registry=login.registry,
            previous=previous.reference,
            tell=job.runner.info,
            warn=job.warn,
        )
        self._existing = ExistingTags(job, login.registry)
        self._publishing = Publishing(job, login.registry)

    def run(self) -> None:
        """Do all of it.

        Raises:
            ActionError: something went wrong; the report says as much as is known.
        """
        with ExitStack() as stack:
            with self._job.phase("Check", "Checking"):
                self._check_context()
                context = stack.enter_context(self._staged())
                inputs, checks = self._promotion.inputs(context.entries), self._checks.digest()
                finished = self._promotion.find(inputs, checks, tested=self._checks.has_tests())
            if not (inputs and finished and self._promote(finished, inputs)):
                self._make(inputs, checks, context.folder)

    @contextmanager
    def _staged(self) -> Iterator[StagedContext]:
        """Stage what the builder gets, for as long as the block lasts."""
        job, builder = self._job, self._job.settings.builder
        rules, always = self._context.ignore_rules(builder), self._context.always_staged(builder)
        with (
            owned_folder("context", job.origin.scratch) as folder,
            staged(self._context.folder, job.origin.checkout, folder / "staged", rules, always) as context,
        ):
            content = CheckoutContent(
                self._context.folder,
                job.settings.context,
                LocalRepository(self._context.folder).tracked(),
                rules,
            )
            for warning in (*context.warnings, *content.warnings(context)):
                job.warn(warning)
            yield context

    def _check_context(self) -> None:
        job, settings = self._job, self._job.settings
        self._context.check_inside(
            job.origin.checkout,
            settings.dockerfile,
            settings.appendix_file,
            settings.tests_dir,
            settings.hub.browser_tests_dir,
        )
        if settings.inspection.sbom:
            check_output_file(job.origin.checkout, settings.inspection.sbom)
        for warning in self._context.check(settings.builder, settings.appendix_file):
            job.warn(warning)
        if settings.builder == "repo2docker" and (warning := unread_configuration(job.folder)):
            job.warn(warning)
        self._advise()

    def _advise(self) -> None:
        """Warn of what the configuration asks for; the report has what comes first of it.

        Raises:
            ActionError: the build would fail.
        """
        job, advice = self._job, review(self._context, self._job.settings)
        for told in advice[:_MOST_ADVICE]:
            job.warn(str(told), told.file, told.line)
        for told in advice[_MOST_ADVICE:]:
            job.runner.warning(str(told), told.file, told.line)
        if rest := len(advice[_MOST_ADVICE:]):
            job.report.warnings.append(f"The log has {rest} more of such warnings.")

    def _advise_on_names(self) -> None:
        """Warn of names of packages that the last image suggests are misspelled."""
        inspection, settings = self._inspection, self._job.settings
        files = package_files(self._context, settings) if settings.packages else []
        if files and inspection.compared and inspection.compared.packages:
            for told in misspelled(files, inspection.compared.packages, inspection.compared_tag):
                self._job.warn(str(told), told.file, told.line)

    def _promote(self, finished: FinishedImage, inputs: BuildInputs) -> bool:
        """Take an image that is there instead of building it once more; return whether that could be done."""
        job, settings, report = self._job, self._job.settings, self._job.report
        moved = ""
        if settings.push:
            try:
                with job.phase("Promote", f"Promoting {finished.reference}"):
                    moved = self._publishing.fetch(finished)
            except RegistryError as error:
                job.warn(f"The image is built again, since {finished.reference} cannot be taken. {error}")
                return False
        report_reused(report, finished, job.origin, moved)
        job.runner.info(str(report.reused))
        if settings.packages:
            self._inspection.describe(finished.image.contents, report)
        if settings.push:
            with job.phase("Promote", f"Tagging {settings.image}"):
                self._publishing.tag(finished, inputs)
        else:
            report.image = report.pullable = finished.reference
        return True

    def _make(self, inputs: BuildInputs | None, checks: str, folder: Path) -> None:
        """Build, test and push the image."""
        job, settings, report = self._job, self._job.settings, self._job.report
        with job.phase("Check", "Checking Docker and the registry"):
            self._existing.check_early()
            disk = self._preparation.check()
            self._advise_on_names()
            is_candidate = self._candidates.takes(inputs)
        report.free = (disk.free(), 0)
        try:
            with job.phase("Prepare", "Preparing"):
                prepared = self._preparation.prepare(disk, inputs)
            with job.phase("Build", f"Building {settings.reference}"), closing(self._login):
                if not self._preparation.needs_login(prepared):
                    self._login.close()
                self._builder.build(prepared, inputs, folder)
            with report.phase("Test"):
                self._checks.test()
            if settings.hub.check:
                with job.phase("Hub check", "Starting it as a hub would"):
                    self._checks.start_as_on_a_hub()
            if settings.packages:
                with job.phase("Packages", "Reading the list of packages"):
                    self._inspection.describe(self._inspection.contents(self._login.docker, report), report)
            if settings.push:
                with job.phase("Push", f"Pushing {settings.image}"), closing(self._login):
                    self._login.open()
                    self._publishing.push(self._login.docker, inputs, checks)
            if inputs and is_candidate:
                self._keep(inputs, checks)
        finally:
            report.free = (report.free[0], disk.free())

    def _keep(self, inputs: BuildInputs, checks: str) -> None:
        """Push the image to where candidates are; that they do not take it fails no pull request."""
        place = self._candidates.place
        if place is None:
            return
        with self._job.phase("Push", f"Keeping the image as {place.name}:{inputs.tag}"):
            try:
                with self._candidates.docker() as docker:
                    self._publishing.keep(docker, place, inputs, checks)
                self._job.report.pullable, self._job.report.is_kept = f"{place.name}:{inputs.tag}", True
            except (RegistryError, DockerError) as error:
                self._job.warn(f"The image is built again after the merge, since it was not kept. {error}")
