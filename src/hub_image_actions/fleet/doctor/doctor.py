"""The doctor: asks for all that is to be known of image repositories, and says what would break in each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Protocol
from urllib.parse import quote

from hub_image_actions.deployments.deployed import Wanted, deployed
from hub_image_actions.errors import ActionError, GitHubError, RegistryUnreachable
from hub_image_actions.fleet.doctor import (
    deployment_checks,
    package_checks,
    secret_checks,
    setting_checks,
    workflow_checks,
)
from hub_image_actions.fleet.doctor.case import Case, Deployment, Standard
from hub_image_actions.fleet.doctor.deployment_checks import pulled
from hub_image_actions.fleet.doctor.findings import Examination, Finding, in_order
from hub_image_actions.fleet.workflows.pins import OURS
from hub_image_actions.fleet.workflows.template_files import read_history
from hub_image_actions.fleet.workflows.variables import PLACEHOLDER, DeploymentsLocation
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS
from hub_image_actions.github.archives import read_archive
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.settings import Hidden, settings_of
from hub_image_actions.github.snapshot import snapshot
from hub_image_actions.references import parse_reference

Check = Callable[[Case], Iterator[Finding]]

# In the order in which a person would ask.
CHECKS: tuple[Check, ...] = (
    setting_checks.archived,
    setting_checks.actions,
    setting_checks.disabled_workflows,
    workflow_checks.unreadable,
    setting_checks.variables,
    secret_checks.secrets,
    secret_checks.keys_of_pull_requests,
    workflow_checks.template_files,
    workflow_checks.default_branch,
    deployment_checks.references,
    deployment_checks.tags,
    setting_checks.rules,
    workflow_checks.stale_pins,
    workflow_checks.hidden_changes,
    workflow_checks.permissions,
    package_checks.packages,
    setting_checks.token,
    workflow_checks.placeholders,
    setting_checks.merged_branches,
    setting_checks.what_is_hidden,
)


class HasImages(Protocol):
    """A registry, as far as it is asked."""

    def has(self, repository: str, reference: str) -> bool:
        """Say whether there is such an image.

        Raises:
            RegistryError: it cannot be asked, or refuses.
        """


def examined(case: Case) -> tuple[Finding, ...]:
    """Return what every check finds in a case, the worst first."""
    if case.snapshot.archived:
        return tuple(setting_checks.archived(case))
    return in_order(finding for check in CHECKS for finding in check(case))


class Doctor:
    """Examines repositories, several at a time where it is called so; what they share is asked for once.

    Args:
        github: whom to ask.
        registry: gives the registry of a host.
        standard: what the repositories are compared with.
        day: the day on which holds are judged.
        deployments: the deployments repository; empty, each repository's variables name it.
    """

    def __init__(
        self,
        github: GitHub,
        registry: Callable[[str], HasImages],
        standard: Standard,
        day: date,
        deployments: str = "",
    ) -> None:
        self._github = github
        self._registry = registry
        self._standard = standard
        self._day = day
        self._deployments = deployments
        self._reading = Lock()
        self._files: dict[DeploymentsLocation, Mapping[str, bytes] | str] = {}
        self._presence: dict[str, bool | str] = {}
        self._silent: dict[str, str] = {}

    def examine(self, full_name: str) -> Examination:
        """Return what is wrong with a repository; one that cannot be read is a finding, too.

        Raises:
            GitHubError: GitHub does not answer, or not any more: the limit is reached, the token expired.
        """
        try:
            case = self._case(full_name)
        except GitHubError as error:
            if not error.is_withheld:
                raise
            return self.unread(full_name, error, "Check the name, and that the token covers it.")
        except ActionError as error:
            return self.unread(full_name, error)
        return Examination(case.name, examined(case))

    def unread(self, full_name: str, error: ActionError, remedy: str = "") -> Examination:
        """Return that a repository could not be examined, and why."""
        where = f"{self._github.server_url}/{full_name}"
        finding = Finding(
            full_name,
            "broken",
            "unreadable-repository",
            where,
            f"The repository cannot be read: {error.problem}",
            error.remedy or remedy,
        )
        return Examination(full_name, (finding,))

    def _case(self, full_name: str) -> Case:
        found = snapshot(self._github, full_name)
        settings = settings_of(self._github, found.full_name, found.default_branch, found.about)
        case = Case(found, settings, self._standard, self._github.server_url)
        return replace(case, deployment=self._deployment(case))

    # ---- the deployments

    def _deployment(self, case: Case) -> Deployment:
        image, place = case.image, self._place(case)
        if image is None or isinstance(case.settings.variables, Hidden) or case.snapshot.archived:
            return Deployment(place=place)
        if place is None:
            return Deployment(problem="neither its workflows nor variables DEPLOYMENTS_… name deployments.")
        with self._reading:
            files = self._files_of(place)
        if isinstance(files, str):
            return Deployment(place=place, problem=files)
        wanted = Wanted((image,), self._day, pattern="", paths=place.paths)
        found = tuple(one for one in deployed(files, wanted)[0] if not one.in_template)
        named = [one for one in found if (one.tag or one.digest) and one.tag != PLACEHOLDER]
        return Deployment(
            found,
            place,
            presence={str(pulled(one)): self._has(one.image.registry, str(pulled(one))) for one in named},
        )

    def _place(self, case: Case) -> DeploymentsLocation | None:
        place = case.place
        if not self._deployments or (place and place.repository.lower() == self._deployments.lower()):
            return place
        # Without a name of its own, the default branch is meant.
        return replace(place or DeploymentsLocation(branch=""), repository=self._deployments)

    def _files_of(self, place: DeploymentsLocation) -> Mapping[str, bytes] | str:
        """Return the files of a deployments repository, or why they are not known."""
        everywhere = replace(place, paths=())
        if everywhere not in self._files:
            try:
                branch = place.branch or Repository(self._github, place.repository).described().default_branch
                where = f"/repos/{place.repository}/tarball/refs/heads/{quote(branch)}"
                found = read_archive(self._github.download(where), place.repository).files
            except GitHubError as error:
                if not error.is_withheld:
                    raise
                self._files[everywhere] = f"there is no branch {place.branch}, or the token may not read it."
            except ActionError as error:
                self._files[everywhere] = str(error)
            else:
                self._files[everywhere] = found
        return self._files[everywhere]

    def _has(self, host: str, reference: str) -> bool | str:
        """Say whether the registry has what a reference names, or why that is not known."""
        if host in self._silent:
            return self._silent[host]
        if reference not in self._presence:
            found = parse_reference(reference)
            try:
                self._presence[reference] = self._registry(host).has(
                    found.name.repository, found.digest or found.tag
                )
            except RegistryUnreachable as error:
                # It would let each question wait until its time is over.
                return self._silent.setdefault(host, str(error))
            except ActionError as error:
                self._presence[reference] = str(error)
        return self._presence[reference]


def standard_of(root: Path, github: GitHub, actions: str = OURS) -> Standard:
    """Return what repositories are compared with: the template beside this code, and our newest release.

    Args:
        root: the folder that holds `template/`.
        github: who is asked for the release.
        actions: the repository of our actions.

    Raises:
        GitHubError: GitHub does not answer.
    """
    try:
        release = str(github.get(f"/repos/{actions}/releases/latest")["tag_name"])
    except GitHubError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        release = ""
    folder = root / "template" / WORKFLOWS
    template = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return Standard(template, read_history(), release, actions)
