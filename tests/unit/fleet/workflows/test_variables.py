"""What a repository's variables say: where it is deployed, and which image it is."""

from pathlib import Path

import pytest

from hub_image_actions.fleet.workflows import variables
from hub_image_actions.fleet.workflows.variables import DeploymentsLocation, image_of
from hub_image_actions.references import DEFAULT_REGISTRY


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ({}, DeploymentsLocation("berkeley-dsep-infra/datahub", "staging", ("deployments",))),
        ({"DEPLOYMENTS_OWNER": "cal-icor"}, DeploymentsLocation("cal-icor/datahub")),
        ({"DEPLOYMENTS_REPOSITORY": "hubs"}, DeploymentsLocation("berkeley-dsep-infra/hubs")),
        ({"DEPLOYMENTS_BRANCH": "main"}, DeploymentsLocation(branch="main")),
        ({"DEPLOYMENTS_PATHS": " hubs  more\n"}, DeploymentsLocation(paths=("hubs", "more"))),
        (
            dict.fromkeys(
                ("DEPLOYMENTS_OWNER", "DEPLOYMENTS_REPOSITORY", "DEPLOYMENTS_BRANCH", "DEPLOYMENTS_PATHS"), ""
            ),
            DeploymentsLocation(),
        ),
    ],
)
def test_what_is_not_set_or_empty_is_as_the_template_has_it(
    given: dict[str, str], location: DeploymentsLocation
) -> None:
    assert DeploymentsLocation.of(given) == location


@pytest.mark.parametrize(
    ("given", "image"),
    [
        ({"IMAGE": "p/images/a"}, f"{DEFAULT_REGISTRY}/p/images/a"),
        ({"IMAGE": "p/a", "REGISTRY": "quay.io"}, "quay.io/p/a"),
        ({"IMAGE": "p/a", "REGISTRY": ""}, f"{DEFAULT_REGISTRY}/p/a"),
        ({"IMAGE": "ghcr.io/p/a", "REGISTRY": "quay.io"}, "ghcr.io/p/a"),
        ({"IMAGE": "p/a", "REGISTRY": "localhost:5000"}, "localhost:5000/p/a"),
    ],
)
def test_an_image_without_a_host_is_on_the_registry(given: dict[str, str], image: str) -> None:
    assert str(image_of(given)) == image


@pytest.mark.parametrize("image", ["", "p/a:tag", "P A", "https://quay.io/p/a"])
def test_a_text_that_names_no_image_is_none(image: str) -> None:
    assert image_of({"IMAGE": image}) is None


def test_a_registry_that_is_none_leaves_the_image_as_it_is() -> None:
    named = image_of({"IMAGE": "p/a", "REGISTRY": "https://quay.io/"})
    assert named is not None
    assert (named.repository, "https" in str(named)) == ("p/a", False)


def test_every_variable_and_secret_is_one_that_the_template_reads(root: Path) -> None:
    workflows = root.glob("template/.github/workflows/*.yaml")
    text = "".join(path.read_text(encoding="utf-8") for path in workflows)
    secrets = (variables.REGISTRY_KEY, variables.APP_KEY, variables.CANDIDATES_KEY, *variables.TOKENS)
    contexts = {"secrets": "secrets", "variables": "vars"}
    apps = [f"{contexts[kind]}.{name}" for kind, name in variables.APP_IDS]
    assert [name for name in secrets if f"secrets.{name}" not in text] == []
    assert f"vars.{variables.CANDIDATES}" in text
    assert f"APP: ${{{{ {' || '.join(apps)} }}}}" in text
    assert f"vars.REGISTRY == '{variables.GITHUBS_REGISTRY}'" in text
