"""Workflows that call the shared ones of `update-deployment` or `cal-icor/shared-workflows`, at any ref."""

import re
from dataclasses import dataclass
from typing import Literal

from hub_image_actions.fleet.migration.configuration import Origin, Reading, origin_of, tidy
from hub_image_actions.fleet.workflows.destinations import SHARED_DEPLOYMENTS
from hub_image_actions.fleet.workflows.workflow_file import Job, Scalar, WorkflowFile
from hub_image_actions.references import DEFAULT_REGISTRY

Role = Literal["push", "test", "lint", "binder"]
_CALL = re.compile(
    r"(?P<repository>[\w.-]+/[\w.-]+)/\.github/workflows/(?P<name>[\w.-]+)\.ya?ml@(?P<ref>.+)", re.IGNORECASE
)
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})(?:\.\d{1,6})?")
_ROLES: dict[str, Role] = {
    "build-push-create-pr": "push",
    "build-test-image": "test",
    "yaml-lint": "lint",
    "action-lint-prs": "lint",
    "binder": "binder",
}


@dataclass(frozen=True)
class Shared:
    """What a repository of shared workflows does without being told: it is written there, not in the caller.

    Args:
        registry: where it pushes to.
        repo2docker: the version that it builds with from each of its own versions on, the newest last.
        deployments: the repository whose references it moves.
        base_branch: the branch that its pull requests are for.
        base_by_docker: whether it builds `base-*-image` with plain Docker, with tags of seven characters, and
            moves no hub to them.
        needs_hub: whether it moves nothing where no hub is named.
        token: the secret with a token for the deployments.
    """

    registry: str
    repo2docker: tuple[tuple[str, str], ...]
    deployments: str
    base_branch: str
    base_by_docker: bool
    needs_hub: bool
    token: str


SHARED = {
    "berkeley-dsep-infra/update-deployment": Shared(
        registry=DEFAULT_REGISTRY,
        repo2docker=(("", "2024.07.0"),),
        deployments=SHARED_DEPLOYMENTS["berkeley-dsep-infra/update-deployment"],
        base_branch="staging",
        base_by_docker=True,
        needs_hub=False,
        token="",
    ),
    "cal-icor/shared-workflows": Shared(
        registry=DEFAULT_REGISTRY,
        repo2docker=(("0.1", "2025.12.0"), ("0.2", "2026.04.0")),
        deployments=SHARED_DEPLOYMENTS["cal-icor/shared-workflows"],
        base_branch="staging",
        base_by_docker=False,
        needs_hub=True,
        token="IMAGE_BUILDER_CREATE_PR",  # noqa: S106 - a secret's name
    ),
}
# What each input and secret of the shared workflows becomes.
_FIELDS = {
    "image": "image",
    "hub": "hub",
    "app_id": "app",
    "image_builder_bot_name": "author_name",
    "image_builder_bot_email": "author_email",
    "wif_provider": "provider",
    "gar_service_account": "service_account",
    "GAR_SECRET_KEY": "registry_password",
    "PRIVATE_KEY_SECRET": "private_key",
    "IMAGE_BUILDER_CREATE_PR": "tokens",
}
_KNOWN_BINDER = {"pr_head_ref", "pr_head_userrepo", "pr_number"}


@dataclass(frozen=True)
class Call:
    """A job that calls a shared workflow that we know."""

    job: Job
    repository: str
    role: Role
    ref: str

    @property
    def shared(self) -> Shared:
        """What the shared workflow does without being told."""
        return SHARED[self.repository]


def calls(file: WorkflowFile) -> tuple[Call, ...]:
    """Return the calls of shared workflows that we know."""
    found = []
    for job in file.jobs:
        match = _CALL.fullmatch(job.value("uses").strip())
        repository = match["repository"].lower() if match else ""
        role = _ROLES.get(match["name"].removeprefix("shared-")) if match else None
        if match and role and repository in SHARED:
            found.append(Call(job, repository, role, match["ref"]))
    return tuple(found)


def repo2docker_of(call: Call) -> tuple[str, bool]:
    """Return the version of repo2docker that a shared workflow builds with, and whether its ref says so."""
    known = call.shared.repo2docker
    if not known[0][0]:
        return known[0][1], True
    version = _VERSION.fullmatch(call.ref)
    if not version:
        return known[-1][1], False
    own = tuple(map(int, version.groups()))
    older = [which for since, which in known if tuple(map(int, since.split("."))) <= own]
    return (older[-1], True) if older else (known[0][1], False)


def read_push(reading: Reading, file: WorkflowFile, call: Call) -> None:
    """Read the call that builds, pushes and opens the pull request."""
    uses = origin_of(file, call.job.values["uses"])
    reading.settle(uses, "replaced", "The template's workflows do what the shared one did.")
    reading.take("variant", f"caller of {call.repository}@{call.ref}", uses)
    for name, scalar in [*call.job.inputs.items(), *call.job.secrets.items()]:
        _take(reading, file, name, scalar)
    if call.job.inherits:
        _inherit(reading, origin_of(file, call.job.values["secrets"]), call)
    _drop_unused_app(reading, call)
    _read_shared(reading, uses, call)


def read_test(reading: Reading, file: WorkflowFile, call: Call) -> None:
    """Read the call that builds for a pull request."""
    uses = origin_of(file, call.job.values["uses"])
    reading.settle(uses, "replaced", "The template's workflows do what the shared one did.")
    for name, scalar in call.job.inputs.items():
        _take(reading, file, name, scalar)
    for name, scalar in call.job.secrets.items():
        _refuse_secret(reading, origin_of(file, scalar), name)
    if _built_by_docker(reading, call):
        reading.add("build", "builder", "docker", uses)
    else:
        _take_repo2docker(reading, "test", uses, call)


def _take(reading: Reading, file: WorkflowFile, name: str, scalar: Scalar) -> None:
    origin = origin_of(file, scalar)
    field_name = _FIELDS.get(name)
    if field_name is None:
        reading.leave(
            origin,
            f"the input `{name}` of the shared workflow",
            "It is none that we know.",
            "See what it does there, and set the input of `build` or `bump-datahub-tag` that does the same.",
        )
    elif field_name == "tokens":
        reading.extend("tokens", tidy(scalar.value))
        reading.origins["tokens"] = origin
        reading.settle(origin, "carried", "tokens")
    else:
        reading.take(field_name, tidy(scalar.value), origin)


def _inherit(reading: Reading, origin: Origin, call: Call) -> None:
    reading.settle(origin, "carried", "secrets")
    reading.take("registry_password", "${{ secrets.GAR_SECRET_KEY }}", origin)
    reading.take("private_key", "${{ secrets.PRIVATE_KEY_SECRET }}", origin)
    if call.shared.token:
        reading.extend("tokens", f"${{{{ secrets.{call.shared.token} }}}}")
        reading.origins.setdefault("tokens", origin)


def _drop_unused_app(reading: Reading, call: Call) -> None:
    """Forget an App that is named but gets no key: the shared workflow asked for its id and used a token."""
    if reading.values.get("app") and not reading.values.get("private_key"):
        origin = reading.origins.pop("app")
        reading.values.pop("app")
        reading.replace(
            origin, "", f"{call.repository}@{call.ref} was given no key of the App and used a token."
        )


def _read_shared(reading: Reading, uses: Origin, call: Call) -> None:
    shared = call.shared
    reading.take("registry", shared.registry, uses)
    reading.take("deployments", shared.deployments, uses)
    reading.take("base_branch", shared.base_branch, uses)
    if _built_by_docker(reading, call):
        reading.add("build", "builder", "docker", uses)
        reading.add("publish", "tag", "{sha:7}", uses)
        reading.take("bump", "never", uses)
        return
    _take_repo2docker(reading, "build", uses, call)
    if not reading.values.get("hub"):
        reading.take("bump", "never", uses)
    elif shared.needs_hub and "${{" in reading.values["hub"]:
        reading.take("bump", "with hub", uses)


def _take_repo2docker(reading: Reading, target: str, uses: Origin, call: Call) -> None:
    version, known = repo2docker_of(call)
    reading.add(target, "repo2docker-version", version, uses)
    if not known:
        reading.notes.append(
            f"Which repo2docker {call.repository}@{call.ref} builds with is not known: "
            f"it is set to {version}. The log of the last build says what it was."
        )


def _built_by_docker(reading: Reading, call: Call) -> bool:
    return reading.base_image and call.shared.base_by_docker


def _refuse_secret(reading: Reading, origin: Origin, name: str) -> None:
    reading.replace(origin, "", f"The test names what it needs by itself; a fork's gets no `{name}`.")
