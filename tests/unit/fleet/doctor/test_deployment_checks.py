"""What the doctor says of an image's way to the hubs: base images, other owners, silent registries."""

from dataclasses import replace

import pytest

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.fleet.doctor.case import Case, Deployment
from hub_image_actions.fleet.doctor.doctor import examined
from hub_image_actions.fleet.doctor.findings import Finding
from hub_image_actions.fleet.workflows.variables import DeploymentsLocation
from hub_image_actions.references import parse_image_name
from unit import fleet_variants as field
from unit.fleet.doctor.cases import (
    BUILD,
    FULL,
    Change,
    both,
    deployed,
    deployment_of,
    file,
    files,
    settings,
    variables,
)

NOWHERE = deployed(Deployment(place=DeploymentsLocation()))
TELLS = "on: push\npermissions: {}\njobs:\n  j:\n    runs-on: x\n    steps:\n"
CALL = "      - uses: berkeley-dsep-infra/hub-image-actions/"
BUMPS = f"{TELLS}{CALL}bump-base-image@v1\n        with: {{owner: o, token: t}}\n"
SENDS = TELLS + "      - run: gh api repos/o/x/dispatches -f event_type=base-image-updated\n"
ROLLBACK = ".github/workflows/rollback.yaml"


def named(name: str) -> Change:
    """Return the change of a repository's name."""
    return lambda case: replace(case, snapshot=replace(case.snapshot, full_name=name))


def told(case: Case) -> dict[str, Finding]:
    """Return the findings by their names."""
    return {one.name: one for one in examined(case)}


@pytest.mark.parametrize(
    "change",
    [
        named("berkeley-dsep-infra/base-python-image"),
        named("cal-icor/base-user-image"),
        files({".github/workflows/x.yaml": BUMPS}),
        files({".github/workflows/x.yaml": SENDS}),
    ],
)
def test_a_base_image_is_on_no_hub_and_needs_no_rollback(case: Case, change: Change) -> None:
    base = both(both(change, NOWHERE), files({ROLLBACK: None}))(case)
    assert "not-deployed" not in told(base)
    assert "missing-workflow" not in told(base)


def test_a_base_image_that_a_hub_runs_is_looked_after_like_any_other(case: Case) -> None:
    base = both(named("cal-icor/base-user-image"), files({ROLLBACK: None}))(case)
    assert told(base)["missing-workflow"].where == ROLLBACK


def test_who_is_told_of_base_images_is_none(case: Case) -> None:
    listens = SENDS.replace("on: push", "on: {repository_dispatch: {types: [base-image-updated]}}")
    assert "not-deployed" in told(both(files({".github/workflows/x.yaml": listens}), NOWHERE)(case))


def test_a_repository_that_moves_no_hub_is_not_missed_there(case: Case) -> None:
    builds = (
        TELLS + "      - uses: berkeley-dsep-infra/hub-image-actions/build@v1\n        with: {image: p/x}\n"
    )
    alone = both(both(files({BUILD: builds, ROLLBACK: None}), NOWHERE), variables(IMAGE="p/x"))(case)
    assert {"not-deployed", "missing-workflow"} & told(alone).keys() == set()


def test_the_deployments_and_the_image_are_those_that_the_workflow_names(case: Case) -> None:
    edited = both(
        file(BUILD, "registry: ${{ vars.REGISTRY }}", "registry: quay.io"),
        file(
            BUILD, "repository: ${{ env.OWNER }}/${{ env.REPOSITORY }}", "repository: cal-icor/cal-icor-hubs"
        ),
    )(case)
    assert str(edited.image).startswith("quay.io/")
    assert edited.place == DeploymentsLocation("cal-icor/cal-icor-hubs")


def test_the_image_may_be_named_after_the_repository(case: Case) -> None:
    ghcr = both(
        file(
            BUILD,
            "image: ${{ vars.IMAGE }}\n          registry: ${{ vars.REGISTRY }}\n          push",
            "image: ${{ github.repository }}\n          registry: ghcr.io\n          push",
        ),
        both(
            file(BUILD, "          image: ${{ vars.IMAGE }}\n          hub", "          hub"),
            variables(IMAGE=""),
        ),
    )(case)
    assert str(ghcr.image) == f"ghcr.io/{case.name}"
    assert "missing-variable" not in told(ghcr)


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (field.berkeley_caller("main"), "berkeley-dsep-infra/datahub"),
        (field.cal_icor_caller("0.5.0", keyless=True), "cal-icor/cal-icor-hubs"),
        ({}, None),
    ],
)
def test_an_old_pipeline_moves_the_deployments_that_are_written_in_it(
    case: Case, made: field.Files, place: str | None
) -> None:
    there = {path: None for path in case.snapshot.files if path.startswith(field.WORKFLOWS)}
    texts = {path: content.decode() for path, content in made.items()}
    found = both(named("cal-icor/x-user-image"), files({**there, **texts}))(case).place
    assert (found and found.repository) == place


def test_deployments_that_nothing_names_are_asked_for(case: Case) -> None:
    unknown = deployed(Deployment(problem="nothing names them."))(case)
    assert "--deployments" in told(unknown)["deployments-not-checked"].fix


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        (
            named("cal-icor/data100-user-image"),
            "gh variable set DEPLOYMENTS_OWNER --repo cal-icor/data100-user-image",
        ),
        (
            both(
                named("cal-icor/data100-user-image"),
                both(
                    variables(DEPLOYMENTS_OWNER="cal-icor", DEPLOYMENTS_REPOSITORY="hubs"),
                    deployed(Deployment(place=DeploymentsLocation("cal-icor/hubs"))),
                ),
            ),
            "scripts/new-image-repo data100 --deployments cal-icor/hubs --apply",
        ),
        (variables(HUB=""), f"Name {FULL}:PLACEHOLDER in the hub's file there."),
        (
            variables(IMAGE="p/user-images/other"),
            "Name us-central1-docker.pkg.dev/p/user-images/other:PLACEHOLDER",
        ),
    ],
)
def test_the_advice_for_an_image_on_no_hub_fits_its_owner(case: Case, change: Change, fix: str) -> None:
    assert told(both(NOWHERE, change)(case))["not-deployed"].fix.startswith(fix)


@pytest.mark.parametrize(
    ("registry", "image"),
    [
        ("", "PROJECT/user-images/data100-user-image"),
        ("quay.io", "cal-icor/data100-user-image"),
        ("ghcr.io", "cal-icor/data100-user-image"),
    ],
)
def test_an_image_is_proposed_as_its_registry_names_images(case: Case, registry: str, image: str) -> None:
    changed = both(named("cal-icor/data100-user-image"), variables(IMAGE="", REGISTRY=registry))(case)
    assert told(changed)["missing-variable"].fix.endswith(f"--body {image}")


def test_a_registry_that_is_silent_is_told_once_for_all_tags(case: Case) -> None:
    one = deployment_of("a").references[0]
    name = parse_image_name("quay.io/p/x")
    ones = tuple(
        Deployed("deployments/d/x.yaml", number, f"hub{number}", name, f"t{number}", "")
        for number in range(5)
    )
    presence = {f"quay.io/p/x:t{number}": f"quay.io/p/x:t{number} cannot be read." for number in range(5)}
    silent = deployed(
        Deployment((one, *ones), DeploymentsLocation(), presence={f"{FULL}:a": True, **presence})
    )(case)
    (found,) = examined(silent)
    assert (
        found.problem == "Whether quay.io has what hubs are to run is not known: quay.io/p/x cannot be read."
    )
    assert "`docker login quay.io`" in found.fix
    assert found.where.count("deployments/d/x.yaml:") == 5


def test_a_page_is_that_of_the_workflow_that_is_there(case: Case) -> None:
    missing = deployed(replace(deployment_of("a"), presence={f"{FULL}:a": False}))
    there = {path: None for path in case.snapshot.files if path.startswith(field.WORKFLOWS)}
    old = {path: content.decode() for path, content in field.berkeley_caller("main").items()}
    assert told(missing(case))["tag-missing"].fix.endswith("/actions/workflows/rollback.yaml")
    assert told(both(files({**there, **old}), missing)(case))["tag-missing"].fix.endswith("/actions")


def test_nothing_is_said_of_an_image_that_is_not_known(case: Case) -> None:
    assert "not-deployed" not in told(both(NOWHERE, settings(variables={}))(case))
