"""The variables and secrets that the template's workflows read, and what they say of a repository."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hub_image_actions.errors import InvalidReference
from hub_image_actions.references import DEFAULT_REGISTRY, ImageName, find_reference, parse_image_name

OWNER, REPOSITORY, BRANCH, PATHS = "berkeley-dsep-infra", "datahub", "staging", "deployments"
REGISTRY_KEY = "GAR_SECRET_KEY"
# The repository where images of pull requests are kept, and its key: neither need be.
CANDIDATES, CANDIDATES_KEY = "CANDIDATES", "CANDIDATES_KEY"
APP_KEY = "PRIVATE_KEY_SECRET"
# What says which App it is: its client ID or number is no secret, but some keep it as one.
APP_IDS: tuple[tuple[Literal["variables", "secrets"], str], ...] = (
    ("variables", "CLIENT_ID"),
    ("variables", "APP_ID"),
    ("secrets", "APP_ID"),
)
# It takes the token of the job that pushes.
GITHUBS_REGISTRY = "ghcr.io"
TOKENS = ("DATAHUB_CREATE_PR", "DATAHUB_USER_IMAGE_BRANCH_PUSH")
PLACEHOLDER = "PLACEHOLDER"


@dataclass(frozen=True)
class DeploymentsLocation:
    """Where an image is deployed: a branch of a deployments repository, and folders in it."""

    repository: str = f"{OWNER}/{REPOSITORY}"
    branch: str = BRANCH
    paths: tuple[str, ...] = (PATHS,)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "DeploymentsLocation":
        """Return the place that a repository's variables name, as the template's workflows read them."""
        owner = variables.get("DEPLOYMENTS_OWNER") or OWNER
        name = variables.get("DEPLOYMENTS_REPOSITORY") or REPOSITORY
        paths = tuple((variables.get("DEPLOYMENTS_PATHS") or PATHS).split())
        return cls(f"{owner}/{name}", variables.get("DEPLOYMENTS_BRANCH") or BRANCH, paths)


def image_of(variables: Mapping[str, str]) -> ImageName | None:
    """Return the image that a repository's variables name; None where they name none.

    Args:
        variables: the variables, by name.
    """
    return image_on(variables.get("IMAGE", ""), variables.get("REGISTRY") or DEFAULT_REGISTRY)


def image_on(image: str, registry: str) -> ImageName | None:
    """Return the image of a name with or without a host; None where the name is none.

    Args:
        image: the name.
        registry: the host of a name that has none.
    """
    try:
        name = parse_image_name(image)
    except InvalidReference:
        return None
    # Whether the host can be one is a finding of its own.
    return name.on(registry) if find_reference(f"{registry}/x") else name
