"""Which credentials the doctor misses, whatever they are called, and which it finds in the wrong place."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.doctor import examined
from hub_image_actions.fleet.doctor.findings import Finding
from unit import fleet_variants as field
from unit.fleet.doctor.cases import BUILD, IMAGE, NAME, TEST, both, file, files, settings, variables

GAR, KEY = "GAR_SECRET_KEY", "PRIVATE_KEY_SECRET"
ON_PULL_REQUEST = "on: {event}\npermissions: {{}}\njobs:\n  j:\n    runs-on: x\n{job}    steps:\n{step}"
LOGIN = "      - uses: docker/login-action@v3\n        with: {password: '${{ secrets.GAR_SECRET_KEY }}'}\n"
CALL = """\
on: pull_request
jobs:
  j:
    uses: o/r/.github/workflows/x.yaml@v1
    secrets: inherit
"""
PRIVATE_APP = """\
on: push
permissions: {}
jobs:
  j:
    runs-on: x
    steps:
      - uses: actions/create-github-app-token@v2
        with:
          app-id: ${{ vars.EDX_APP || secrets.EDX_APP_ID }}
          private-key: ${{ secrets.EDX_KEY }}
"""


def old_pipeline(case: Case, made: Mapping[str, bytes]) -> Case:
    """Return the case with the workflows of another pipeline."""
    there = {path: None for path in case.snapshot.files if path.startswith(field.WORKFLOWS)}
    return files({**there, **{path: content.decode() for path, content in made.items()}})(case)


def found(case: Case, name: str) -> list[Finding]:
    """Return the findings of a kind."""
    return [one for one in examined(case) if one.name == name]


def settled(case: Case, secrets: set[str], **values: str) -> Case:
    """Return the case with these secrets, and these variables beside HUB and IMAGE."""
    there = {"HUB": "data100", "IMAGE": IMAGE, **values}
    return settings(variables=there, secrets=frozenset(secrets))(case)


def test_an_app_whose_id_is_a_variable_is_found_as_berkeleys_pipelines_name_it(case: Case) -> None:
    berkeley = old_pipeline(case, field.berkeley_caller("main"))
    assert found(settled(berkeley, {GAR, KEY}, APP_ID="123"), "missing-secret") == []


@pytest.mark.parametrize("given", [{"APP_ID": "123"}, {"CLIENT_ID": "Iv1"}])
def test_the_template_takes_the_apps_id_from_either_variable(case: Case, given: dict[str, str]) -> None:
    assert examined(settled(case, {GAR, KEY}, **given)) == ()


@pytest.mark.parametrize(
    ("secrets", "given", "problem"),
    [
        ({KEY, GAR}, {}, "nothing says of which: there is no variable APP_ID"),
        (
            {GAR},
            {"APP_ID": "1"},
            "APP_ID names the GitHub App, but the workflows do not see its key, PRIVATE_KEY_",
        ),
        ({GAR}, {}, "neither a GitHub App nor a token"),
        ({KEY}, {"APP_ID": "1"}, "do not see the secret GAR_SECRET_KEY, without which nothing can be pushed"),
    ],
)
def test_a_caller_of_a_shared_workflow_is_told_what_it_hands_on_and_has_not(
    case: Case, secrets: set[str], given: dict[str, str], problem: str
) -> None:
    berkeley = old_pipeline(case, field.berkeley_caller("main"))
    (one,) = found(settled(berkeley, secrets, **given), "missing-secret")
    assert problem in one.problem
    assert (one.severity, one.where.partition(":")[0]) == ("broken", field.PUSH)


def test_a_caller_that_hands_on_a_token_needs_no_app(case: Case) -> None:
    cal_icor = old_pipeline(case, field.cal_icor_caller("0.1.2", keyless=False))
    assert found(settled(cal_icor, {GAR, "IMAGE_BUILDER_CREATE_PR"}), "missing-secret") == []
    (one,) = found(settled(cal_icor, {GAR}), "missing-secret")
    assert one.fix.startswith("Let them see IMAGE_BUILDER_CREATE_PR: ")


@pytest.mark.parametrize(
    ("secrets", "given", "problems"),
    [
        ({"EDX_KEY"}, {"EDX_APP": "1"}, []),
        ({"EDX_KEY", "EDX_APP_ID"}, {}, []),
        ({"EDX_KEY"}, {}, ["there is no variable EDX_APP and no secret EDX_APP_ID"]),
        (
            {"EDX_APP_ID"},
            {},
            ["EDX_APP_ID names the GitHub App, but the workflows do not see its key, EDX_KEY."],
        ),
    ],
)
def test_names_of_ones_own_are_read_from_the_workflow(
    case: Case, secrets: set[str], given: dict[str, str], problems: list[str]
) -> None:
    made = {field.PUSH: PRIVATE_APP.encode()}
    told = [
        one.problem for one in found(settled(old_pipeline(case, made), secrets, **given), "missing-secret")
    ]
    assert len(told) == len(problems)
    assert all(part in whole for part, whole in zip(problems, told, strict=True))


def test_a_token_in_place_of_the_app_is_enough(case: Case) -> None:
    assert examined(settled(case, {GAR, "DATAHUB_USER_IMAGE_BRANCH_PUSH"})) == ()


def test_ghcr_as_documented_needs_no_key(case: Case) -> None:
    ghcr = settled(
        case, {KEY}, CLIENT_ID="Iv1", REGISTRY="ghcr.io", IMAGE="berkeley-dsep-infra/data100-user-image"
    )
    assert found(ghcr, "missing-secret") == []


def test_ghcr_without_the_variable_that_the_template_asks_for_is_told_to_set_it(case: Case) -> None:
    ghcr = settled(case, {KEY}, CLIENT_ID="Iv1", IMAGE="ghcr.io/berkeley-dsep-infra/data100-user-image")
    (one,) = found(ghcr, "missing-secret")
    assert one.fix == f"gh variable set REGISTRY --repo {NAME} --body ghcr.io, which takes the job's token."


def test_another_registry_needs_its_key(case: Case) -> None:
    (one,) = found(settled(case, {KEY}, CLIENT_ID="Iv1", REGISTRY="quay.io"), "missing-secret")
    assert "GAR_SECRET_KEY" in one.problem


def test_a_secret_that_is_named_in_brackets_or_away_from_steps_is_missed_too(case: Case) -> None:
    text = "on: push\npermissions: {}\njobs:\n  j:\n    runs-on: x\n    container: {credentials: "
    text += "{password: \"${{ secrets['PULL'] }}\"}}\n    steps: []\n"
    (one,) = found(files({".github/workflows/x.yaml": text})(case), "missing-secret")
    assert (one.severity, one.where) == ("warning", ".github/workflows/x.yaml:6")


def test_a_step_that_does_not_run_misses_nothing(case: Case) -> None:
    text = "on: push\npermissions: {}\njobs:\n  j:\n    runs-on: x\n    steps:\n"
    text += "      - if: vars.SLACK == 'on'\n        env: {T: '${{ secrets.SLACK }}'}\n        run: x\n"
    made = files({".github/workflows/x.yaml": text})(case)
    assert found(made, "missing-secret") == []
    assert len(found(variables(SLACK="on")(made), "missing-secret")) == 1


def on(event: str, *, job: str = "", step: str = LOGIN) -> str:
    """Return a workflow that logs in to the registry on an event."""
    return ON_PULL_REQUEST.format(event=event, job=job, step=step)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (on("pull_request"), "warning"),
        (on("[push, pull_request]"), "warning"),
        (on("pull_request_target"), "broken"),
        (
            on(
                "pull_request", job="    env: {P: '${{ secrets.GAR_SECRET_KEY }}'}\n", step="      - run: x\n"
            ),
            "warning",
        ),
        (
            CALL,
            "warning",
        ),
        (field.berkeley_caller("main")[field.TEST].decode(), "warning"),
    ],
)
def test_the_key_that_pushes_is_found_in_workflows_of_pull_requests(
    case: Case, text: str, severity: str
) -> None:
    (one,) = found(files({".github/workflows/x.yaml": text})(case), "key-on-pull-requests")
    assert (one.severity, one.where.partition(":")[0]) == (severity, ".github/workflows/x.yaml")
    assert GAR in one.problem
    assert "#candidates" in one.fix
    assert "#keys-in-an-environment" in one.fix


def test_the_key_is_that_which_the_workflow_of_pushes_uses_whatever_its_name(case: Case) -> None:
    renamed = both(
        file(BUILD, "secrets.GAR_SECRET_KEY", "secrets.QUAY_TOKEN"),
        files({".github/workflows/x.yaml": on("pull_request").replace(GAR, "QUAY_TOKEN")}),
    )(settings(secrets=frozenset({"QUAY_TOKEN", KEY}))(case))
    (one,) = found(renamed, "key-on-pull-requests")
    assert "is given QUAY_TOKEN," in one.problem


@pytest.mark.parametrize(
    "text",
    [
        on("push"),
        on("pull_request", job="    environment: trusted\n"),
        on("[push, pull_request]", job="    if: github.event_name == 'push'\n"),
        on(
            "[push, pull_request]",
            step=LOGIN.replace("with:", "if: github.event_name != 'pull_request'\n        with:"),
        ),
        on("pull_request", step=LOGIN.replace(GAR, "CANDIDATES_KEY")),
        on(
            "pull_request",
            job="    env: {HAS: \"${{ secrets.GAR_SECRET_KEY != '' }}\"}\n",
            step="      - run: x\n",
        ),
    ],
)
def test_a_key_that_no_pull_request_gets_is_no_finding(case: Case, text: str) -> None:
    assert found(files({".github/workflows/x.yaml": text})(case), "key-on-pull-requests") == []


def test_the_template_gives_a_pull_request_no_key_but_that_of_candidates(case: Case) -> None:
    kept = settled(case, {GAR, KEY, "CANDIDATES_KEY"}, CLIENT_ID="Iv1", CANDIDATES="p/candidates/x")
    assert "CANDIDATES_KEY" in kept.snapshot.files[TEST].decode()
    assert examined(replace(kept)) == ()
