"""Which credentials workflows hand on, and what for: the template's, old pipelines', and others."""

from pathlib import Path

import pytest

from hub_image_actions.fleet.workflows.credentials import Credential, credentials
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile
from hub_image_actions.fleet.workflows.workflow_values import Known
from unit import fleet_variants as field

STEPS = "on: push\njobs:\n  j:\n    steps:\n"


def of(text: str, **known: object) -> tuple[Credential, ...]:
    return credentials(WorkflowFile("x.yaml", text.encode()), Known("o/r", **known))  # type: ignore[arg-type]  # by name


def told(found: tuple[Credential, ...]) -> list[str]:
    return [f"{one.purpose} {' '.join(name.name for name in one.named)}" for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            STEPS + "      - uses: actions/create-github-app-token@v2\n        with:\n"
            "          app-id: ${{ vars.EDX_APP }}\n          private-key: ${{ secrets.EDX_KEY }}\n",
            ["app EDX_APP", "app-key EDX_KEY"],
        ),
        (
            STEPS + "      - uses: azure/login@v2\n        with:\n          client-id: ${{ vars.AZURE }}\n",
            [],
        ),
        (
            STEPS + "      - uses: docker/login-action@v3\n        with: {password: '${{ secrets.QUAY }}'}\n",
            ["registry QUAY"],
        ),
        (
            STEPS + "      - uses: jupyterhub/repo2docker-action@master\n        with:\n"
            "          DOCKER_PASSWORD: ${{ secrets.HUB }}\n",
            ["registry HUB"],
        ),
        (
            STEPS + "      - uses: o/hub-image-actions/bump-datahub-tag@v1\n        with:\n"
            "          token: ${{ steps.app.outputs.token || secrets.PUSH }}\n",
            ["deployments PUSH"],
        ),
        (STEPS + "      - run: login ${{ secrets.GAR_SECRET_KEY }}\n", ["registry GAR_SECRET_KEY"]),
        (STEPS + "      - env: {T: '${{ secrets.OTHER }}'}\n        run: x\n", ["other OTHER"]),
        (
            "on: push\nenv: {T: '${{ secrets.OTHER }}'}\njobs:\n  j:\n    steps: [{run: x}]\n",
            ["other OTHER"],
        ),
    ],
)
def test_a_credential_is_known_by_what_is_given_and_not_by_its_name(text: str, expected: list[str]) -> None:
    assert told(of(text)) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            field.berkeley_caller("main"),
            ["app APP_ID", "registry GAR_SECRET_KEY", "app-key PRIVATE_KEY_SECRET"],
        ),
        (field.cal_icor_caller("0.5.0", keyless=True), ["app APP_ID", "app-key PRIVATE_KEY_SECRET"]),
        (
            field.cal_icor_caller("0.1.2", keyless=False),
            ["registry GAR_SECRET_KEY", "deployments IMAGE_BUILDER_CREATE_PR"],
        ),
    ],
)
def test_a_called_workflow_gets_credentials_too(files: field.Files, expected: list[str]) -> None:
    assert told(of(files[field.PUSH].decode())) == expected


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ({"variables": {"APP_ID": "1"}, "secrets": frozenset({"GAR_SECRET_KEY", "PRIVATE_KEY_SECRET"})}, []),
        ({"variables": {"CLIENT_ID": "1"}, "secrets": frozenset({"GAR_SECRET_KEY"})}, ["app-key"]),
        ({"secrets": frozenset({"DATAHUB_CREATE_PR", "GAR_SECRET_KEY"})}, []),
        ({"secrets": frozenset({"GAR_SECRET_KEY"})}, ["deployments"]),
        ({"secrets": frozenset({"DATAHUB_CREATE_PR"})}, ["registry"]),
        ({"variables": {"REGISTRY": "ghcr.io"}, "secrets": frozenset({"DATAHUB_CREATE_PR"})}, []),
        (
            {
                "variables": {"CANDIDATES": "p/x"},
                "secrets": frozenset({"DATAHUB_CREATE_PR", "GAR_SECRET_KEY"}),
            },
            ["candidates"],
        ),
        ({"variables": None, "secrets": None}, []),
    ],
)
def test_the_template_misses_what_no_variable_or_secret_gives(
    root: Path, known: dict[str, object], missing: list[str]
) -> None:
    text = (root / "template/.github/workflows/build-push-open-pr.yaml").read_text()
    assert sorted({one.purpose for one in of(text, **known) if one.is_missing}) == missing
