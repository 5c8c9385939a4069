"""A case: everything that is known of one image repository when it is examined."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.fleet.doctor.findings import Finding, Severity
from hub_image_actions.fleet.workflows.destinations import moved_deployments, pushed_image
from hub_image_actions.fleet.workflows.pins import OURS, pins_of
from hub_image_actions.fleet.workflows.pipelines import pipeline_of
from hub_image_actions.fleet.workflows.runs import read_workflows
from hub_image_actions.fleet.workflows.template_files import History
from hub_image_actions.fleet.workflows.variables import DeploymentsLocation
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile, WorkflowUnreadable
from hub_image_actions.fleet.workflows.workflow_values import Known
from hub_image_actions.github.settings import Hidden, RepositorySettings
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.references import DEFAULT_REGISTRY, ImageName

# As Berkeley's pipelines know them, and the event by which they tell those that build on them.
_BASE_IMAGE, _BASE_IMAGE_EVENT = "base-*image", "base-image-updated"


@dataclass(frozen=True)
class Deployment:
    """What the deployments say of an image.

    Args:
        references: the references to it, those in templates of hubs left out.
        place: where they were looked for; None where nothing says where they would be.
        problem: why they are not known, if so.
        presence: by reference, whether the registry has what it names, or why that is not known.
    """

    references: tuple[Deployed, ...] = ()
    place: DeploymentsLocation | None = None
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

    def known(self, event: str = "") -> Known:
        """Return what is known of the repository while a workflow runs, for an event or for any."""
        variables, secrets = self.settings.variables, self.settings.secrets
        return Known(
            self.name,
            None if isinstance(variables, Hidden) else variables,
            None if isinstance(secrets, Hidden) else secrets,
            event,
        )

    @cached_property
    def image(self) -> ImageName | None:
        """The image that it builds; None where that is not known."""
        return pushed_image(self.workflows, self.known(), self.standard.actions)

    @cached_property
    def place(self) -> DeploymentsLocation | None:
        """The deployments that its workflows move; None where nothing names them."""
        return moved_deployments(self.workflows, self.known(), self.standard.actions)

    @property
    def suggested_image(self) -> str:
        """An image to propose where none is set: what images are called in the registry that is set."""
        owner, _, name = self.name.partition("/")
        host = self.variables.get("REGISTRY") or DEFAULT_REGISTRY
        folder = "PROJECT/user-images" if host.endswith("pkg.dev") else owner.lower()
        return f"{folder}/{name.lower()}"

    @cached_property
    def moves_hubs(self) -> bool:
        """Whether a workflow moves the deployments to a new tag."""
        return any(
            pipeline_of({file.path: file.text.encode()}).others
            or any(pin.uses.endswith("/bump-datahub-tag") for pin in pins_of(file, self.standard.actions))
            for file in self.workflows
        )

    @cached_property
    def is_base_image(self) -> bool:
        """Whether the image is there for other images to build on, and on no hub by itself."""
        by_name = fnmatchcase(self.name.rpartition("/")[2].lower(), _BASE_IMAGE)
        return not self.deployment.references and (by_name or any(map(_tells_of_base_image, self.workflows)))


def _tells_of_base_image(file: WorkflowFile) -> bool:
    """Say whether a workflow moves images that build on this one, or sends the event that does."""
    if "repository_dispatch" in file.triggers:
        return False
    bumps = any(
        step.action.endswith("/bump-base-image") and {"owner", "repositories"} & step.inputs.keys()
        for step in file.steps
    )
    return bumps or _BASE_IMAGE_EVENT in file.text
