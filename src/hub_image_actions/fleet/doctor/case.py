"""A case: everything that is known of one image repository when it is examined."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.fleet.doctor.findings import Finding, Severity
from hub_image_actions.fleet.workflows.pins import OURS
from hub_image_actions.fleet.workflows.runs import read_workflows
from hub_image_actions.fleet.workflows.template_files import History
from hub_image_actions.fleet.workflows.variables import image_of
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile, WorkflowUnreadable
from hub_image_actions.github.settings import Hidden, RepositorySettings
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.references import ImageName


@dataclass(frozen=True)
class Deployment:
    """What the deployments say of an image.

    Args:
        references: the references to it, those in templates of hubs left out.
        problem: why they are not known, if so.
        presence: by reference, whether the registry has what it names, or why that is not known.
    """

    references: tuple[Deployed, ...] = ()
    problem: str = ""
    presence: Mapping[str, bool | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Standard:
    """What a repository is compared with.

    Args:
        template: the template's workflow files by name.
        history: what they were at earlier releases.
        release: our newest release, as ``v1.2.0``; empty where there is none.
        actions: the repository of our actions.
    """

    template: Mapping[str, bytes] = field(default_factory=dict)
    history: History = field(default_factory=dict)
    release: str = ""
    actions: str = OURS


@dataclass(frozen=True)
class Case:
    """One repository, and what it is examined against.

    Args:
        snapshot: its files.
        settings: its settings.
        standard: what it is compared with.
        server_url: the address of GitHub, for links.
        deployment: what the deployments say of its image.
    """

    snapshot: Snapshot
    settings: RepositorySettings
    standard: Standard
    server_url: str
    deployment: Deployment = field(default_factory=Deployment)

    @property
    def name(self) -> str:
        """The repository, ``owner/name``."""
        return self.snapshot.full_name

    def finding(self, severity: Severity, name: str, where: str, problem: str, fix: str) -> Finding:
        """Return a finding about this repository."""
        return Finding(self.name, severity, name, where, problem, fix)

    def page(self, path: str) -> str:
        """Return the address of one of the repository's pages, as ``settings/actions``."""
        return f"{self.server_url}/{self.name}/{path}"

    @cached_property
    def _parsed(self) -> tuple[tuple[WorkflowFile, ...], tuple[WorkflowUnreadable, ...]]:
        return read_workflows(self.snapshot.files)

    @property
    def workflows(self) -> tuple[WorkflowFile, ...]:
        """Its workflows."""
        return self._parsed[0]

    @property
    def unreadable(self) -> tuple[WorkflowUnreadable, ...]:
        """Why some of its workflows cannot be read."""
        return self._parsed[1]

    def named(self, context: str) -> dict[str, str]:
        """Return the ``secrets`` or ``vars`` that its workflows name, each with its first place."""
        found: dict[str, str] = {}
        for file in self.workflows:
            for reference in file.references:
                if reference.context == context:
                    found.setdefault(reference.name.upper(), f"{file.path}:{reference.line}")
        return found

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables, none where the token may not see them."""
        variables = self.settings.variables
        return {} if isinstance(variables, Hidden) else variables

    @property
    def image(self) -> ImageName | None:
        """The image that it builds; None where that is not known."""
        return image_of(self.variables)

    @property
    def suggested_image(self) -> str:
        """An image to propose where none is set: what the deployments' own names look like."""
        return f"PROJECT/user-images/{self.name.rpartition('/')[2]}"
