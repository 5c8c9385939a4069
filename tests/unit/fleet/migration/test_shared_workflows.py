"""Callers of the shared workflows: which are known, and what each is taken to configure."""

import pytest

from hub_image_actions.fleet.migration.configuration import Reading
from hub_image_actions.fleet.migration.shared_workflows import Call, calls, read_push, read_test
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile
from hub_image_actions.references import DEFAULT_REGISTRY

UPDATE = "berkeley-dsep-infra/update-deployment/.github/workflows"
ICOR = "cal-icor/shared-workflows/.github/workflows"
KEY, APP_KEY = "${{ secrets.GAR_SECRET_KEY }}", "${{ secrets.PRIVATE_KEY_SECRET }}"
PUSH, TEST = f"{UPDATE}/build-push-create-pr.yaml@main", f"{UPDATE}/build-test-image.yaml@main"
ICOR_PUSH = f"{ICOR}/shared-build-push-create-pr.yaml@v1"


def workflow(uses: str, *lines: str) -> WorkflowFile:
    body = "".join(f"    {line}\n" for line in lines)
    return WorkflowFile("a.yaml", f"on: push\njobs:\n  a:\n    uses: {uses}\n{body}".encode())


def push(uses: str, *lines: str, repository: str = "o/r-image") -> Reading:
    file = workflow(uses, *lines)
    reading = Reading(repository, {})
    (call,) = calls(file)
    read_push(reading, file, call)
    return reading


def built_for_pulls(*lines: str, repository: str = "o/r-image") -> Reading:
    file = workflow(TEST, *lines)
    reading = Reading(repository, {})
    (call,) = calls(file)
    read_test(reading, file, call)
    return reading


@pytest.mark.parametrize(
    ("uses", "role", "ref"),
    [
        (PUSH, "push", "main"),
        (TEST, "test", "main"),
        (f"{UPDATE}/yaml-lint.yml@v1", "lint", "v1"),
        (f"{UPDATE}/action-lint-prs.yaml@v1", "lint", "v1"),
        (f"{UPDATE.upper()}/binder.yaml@{'a' * 40}", "binder", "a" * 40),
        (ICOR_PUSH, "push", "v1"),
    ],
)
def test_a_shared_workflow_is_known_by_its_name(uses: str, role: str, ref: str) -> None:
    (call,) = calls(workflow(uses.replace("/.GITHUB/WORKFLOWS", "/.github/workflows")))
    assert isinstance(call, Call)
    assert (call.role, call.ref) == (role, ref)


@pytest.mark.parametrize(
    "uses",
    [
        "./.github/workflows/build-push-create-pr.yaml",
        f"{UPDATE}/release.yaml@main",
        "somebody/update-deployment/.github/workflows/build-push-create-pr.yaml@main",
        "berkeley-dsep-infra/update-deployment@main",
    ],
)
def test_others_are_no_calls_that_are_known(uses: str) -> None:
    assert calls(workflow(uses)) == ()


def test_a_push_is_configured_by_its_inputs_and_by_what_is_written_there() -> None:
    reading = push(PUSH, "with:", "  image: ${{vars.IMAGE}}", "  hub: data100", "secrets: inherit")
    found = reading.configuration()
    assert (found.image, found.hub, found.bump) == ("${{ vars.IMAGE }}", "data100", "always")
    assert (found.registry, found.deployments) == (DEFAULT_REGISTRY, "berkeley-dsep-infra/datahub")
    assert (found.base_branch, found.build) == ("staging", {"repo2docker-version": "2024.07.0"})
    assert (found.registry_password, found.private_key, found.tokens) == (KEY, APP_KEY, ())
    assert found.variant == "caller of berkeley-dsep-infra/update-deployment@main"


@pytest.mark.parametrize(
    ("uses", "lines", "bump"),
    [
        (PUSH, (), "never"),
        (PUSH, ("with:", "  hub: ${{ vars.HUB }}"), "always"),
        (ICOR_PUSH, ("with:", "  hub: ${{ vars.HUB }}"), "with hub"),
        (ICOR_PUSH, ("with:", "  hub: data100"), "always"),
        (ICOR_PUSH, (), "never"),
    ],
)
def test_hubs_are_moved_where_the_shared_workflow_moved_them(
    uses: str, lines: tuple[str, ...], bump: str
) -> None:
    assert push(uses, *lines).configuration().bump == bump


@pytest.mark.parametrize(("uses", "by_docker"), [(PUSH, True), (ICOR_PUSH, False)])
def test_a_base_image_is_built_by_docker_where_it_was(uses: str, *, by_docker: bool) -> None:
    found = push(uses, "with:", "  hub: data100", repository="o/base-r-image").configuration()
    assert (found.build.get("builder") == "docker") is by_docker
    assert (found.publish.get("tag") == "{sha:7}") is by_docker
    assert (found.bump == "never") is by_docker
    assert ("repo2docker-version" in found.build) is not by_docker


def test_an_app_that_was_given_no_key_was_not_used() -> None:
    lines = ("with:", "  app_id: ${{ vars.APP_ID }}", "secrets:", "  IMAGE_BUILDER_CREATE_PR: ${{secrets.T}}")
    reading = push(ICOR_PUSH, *lines)
    assert (reading.configuration().app, reading.configuration().tokens) == ("", ("${{ secrets.T }}",))
    ((origin, by, reason),) = reading.replaced
    assert (origin.line, by) == (6, "")
    assert reason == "cal-icor/shared-workflows@v1 was given no key of the App and used a token."


def test_inherited_secrets_have_the_token_that_the_shared_workflow_reads() -> None:
    found = push(ICOR_PUSH, "with:", "  app_id: ${{ vars.APP_ID }}", "secrets: inherit").configuration()
    assert (found.app, found.tokens) == ("${{ vars.APP_ID }}", ("${{ secrets.IMAGE_BUILDER_CREATE_PR }}",))


def test_an_input_that_is_not_known_is_left_to_people() -> None:
    reading = push(PUSH, "with:", "  image: a/b", "  colour: red")
    (left,) = reading.left_out
    assert (left.what, left.file, left.line) == ("the input `colour` of the shared workflow", "a.yaml", 7)
    assert left.remedy.startswith("See what it does there")


@pytest.mark.parametrize(
    ("repository", "field", "settings"),
    [
        ("o/r-image", "test", {"repo2docker-version": "2024.07.0"}),
        ("o/base-r-image", "build", {"builder": "docker"}),
    ],
)
def test_a_test_builds_as_the_shared_workflow_built(
    repository: str, field: str, settings: dict[str, str]
) -> None:
    reading = built_for_pulls("with:", "  image: a/b", repository=repository)
    assert reading.configuration().image == "a/b"
    assert getattr(reading.configuration(), field) == settings


def test_a_secret_of_a_test_is_not_carried_over() -> None:
    reading = built_for_pulls("secrets:", "  GAR_SECRET_KEY: ${{ secrets.GAR_SECRET_KEY }}")
    ((origin, by, reason),) = reading.replaced
    assert (origin.line, by) == (6, "")
    assert reason == "The test names what it needs by itself; a fork's gets no `GAR_SECRET_KEY`."
    assert reading.configuration().registry_password == ""


@pytest.mark.parametrize(
    ("ref", "version", "known"),
    [
        ("0.1.2", "2025.12.0", True),
        ("v0.2.0", "2026.04.0", True),
        ("0.5.0", "2026.04.0", True),
        ("0.10.0", "2026.04.0", True),
        ("0.0.9", "2025.12.0", False),
        ("main", "2026.04.0", False),
    ],
)
def test_the_ref_says_which_repo2docker_cal_icor_builds_with_or_a_note_says_that_it_does_not(
    ref: str, version: str, *, known: bool
) -> None:
    reading = push(f"{ICOR}/build-push-create-pr.yaml@{ref}")
    assert reading.values["build"]["repo2docker-version"] == version
    assert [f"@{ref} builds with is not known" in note for note in reading.notes] == [True] * (not known)
