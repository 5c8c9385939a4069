"""What jobs say beside their steps: kept for the new job, or told."""

from typing import Any

import pytest

from hub_image_actions.fleet.migration.configuration import Reading
from hub_image_actions.fleet.migration.job_reading import (
    Where,
    read_checkout,
    read_condition,
    read_job,
    source_of,
    stands_alone,
)
from hub_image_actions.fleet.migration.steps import places
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile

STEPS = "    steps:\n      - uses: jupyterhub/repo2docker-action@master\n"
OTHER = "  look:\n    runs-on: x\n    steps:\n      - run: ls\n"


def workflow(job: str, *, steps: str = STEPS, other: str = "", top: str = "") -> WorkflowFile:
    text = f"{top}on: push\njobs:\n{other}  a:\n    runs-on: ubuntu-latest\n{job}{steps}"
    return WorkflowFile("a.yaml", text.encode())


def read(job: str, where: Where = "build", *, own_steps: bool = False, **kinds: str) -> Reading:
    file = workflow(job, **kinds)
    reading = Reading("o/r", {file.path: file})
    read_job(reading, file, file.jobs[-1], where, own_steps=own_steps)
    return reading


@pytest.mark.parametrize("where", ["build", "test"])
@pytest.mark.parametrize(
    ("job", "lines"),
    [
        ("    environment: live\n", "environment: live\n"),
        ("    services: {db: {image: x}}\n", "services: {db: {image: x}}\n"),
        ("    concurrency:\n      group: a # why\n", "concurrency:\n  group: a # why\n"),
    ],
)
def test_an_entry_of_a_job_is_kept_as_it_is_written(job: str, lines: str, where: Where) -> None:
    (kept,) = read(job, where).values["job_keys"][where].values()
    assert kept == lines


def test_the_environment_of_the_job_that_moves_hubs_is_also_that_of_the_check() -> None:
    assert set(read("    environment: live\n", "bump").values["job_keys"]) == {"bump", "check"}


@pytest.mark.parametrize("job", ["    strategy: {matrix: {a: [b]}}\n", "    container: x\n"])
def test_a_job_that_runs_elsewhere_or_several_times_is_not_replaced(job: str) -> None:
    assert len(read(job).obstacles) == 1


@pytest.mark.parametrize(
    ("permissions", "own_steps", "rights"),
    [
        ("{contents: read, issues: write}", True, {"issues": "write"}),
        ("{contents: write, id-token: write}", True, {"contents": "write"}),
        ("{issues: write}", False, {}),
    ],
)
def test_rights_go_with_the_steps_that_need_them(
    permissions: str, rights: dict[str, str], *, own_steps: bool
) -> None:
    reading = read(f"    permissions: {permissions}\n", own_steps=own_steps)
    assert reading.values.get("rights", {}).get("build", {}) == rights
    assert not [entry for entry in reading.account.open(["a.yaml"]) if "permissions" in entry.way]


def test_a_job_of_the_repositorys_own_is_still_waited_for() -> None:
    assert read("    needs: [look]\n", other=OTHER).values["needs"] == {"build": ("look",)}


@pytest.mark.parametrize(
    ("env", "kept"),
    [
        ("{MODE: fast}", {"MODE": "fast"}),
        ("{DOCKER_CONFIG: $HOME/.docker}", {}),
    ],
)
def test_a_variable_that_nobody_names_is_read_by_a_program(env: str, kept: dict[str, str]) -> None:
    assert read(f"    env: {env}\n").values.get("environment", {}).get("build", {}) == kept


def test_a_variable_of_a_script_that_is_gone_goes_with_it() -> None:
    steps = f"{STEPS}      - run: df $PLACE\n"
    assert "environment" not in read("    env: {PLACE: x}\n", steps=steps).values


def test_defaults_stay_where_a_step_is_left_that_has_use_for_them() -> None:
    job = "    defaults: {run: {shell: bash}}\n"
    assert read(job, own_steps=True).values["job_keys"]["build"]["defaults"].startswith("defaults:")
    assert "job_keys" not in read(job).values


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("${{ github.actor != 'a' }}", "github.actor != 'a'"),
        ("needs.a.outputs.b != '' && github.actor != 'a'", "github.actor != 'a'"),
        ("needs.a.outputs.b != ''", None),
        ("always() && inputs.a", None),
    ],
)
def test_a_condition_keeps_what_the_new_job_does_not_ask_by_itself(condition: str, kept: str | None) -> None:
    file = workflow(f'    if: "{condition}"\n')
    reading = Reading("o/r", {file.path: file})
    read_condition(reading, file, file.jobs[0], "bump")
    assert reading.values.get("job_keys", {}).get("bump", {}).get("if") == kept
    assert not [entry for entry in reading.account.open(["a.yaml"]) if entry.way[-1] == "if"]


def checked_out(inputs: str, more: str = "") -> Reading:
    file = workflow("", steps=f"    steps:\n      - {{uses: actions/checkout@v4, with: {inputs}}}\n{more}")
    reading = Reading("o/r", {file.path: file})
    read_checkout(reading, places(file, file.jobs[0], reading)[0], "build")
    return reading


@pytest.mark.parametrize(
    ("inputs", "kept"),
    [
        ("{submodules: true, lfs: true}", {"submodules": "true", "lfs": "true"}),
        ("{fetch-depth: 0, ref: live}", {"fetch-depth": "0", "ref": "live"}),
        ("{persist-credentials: false}", None),
    ],
)
def test_a_repository_is_checked_out_as_it_was(inputs: str, kept: Any) -> None:
    assert checked_out(inputs).values.get("checkout", {}).get("build") == kept


def test_the_history_that_a_replaced_step_looked_at_is_not_fetched() -> None:
    changes = "      - uses: tj-actions/changed-files@v44\n"
    assert checked_out("{fetch-depth: 0}", changes).values.get("checkout", {}).get("build", {}) == {}


def test_a_checkout_to_another_folder_is_not_replaced() -> None:
    assert len(checked_out("{path: here}").obstacles) == 1


def test_an_entry_between_brackets_is_taken_without_its_neighbors() -> None:
    file = WorkflowFile("a.yaml", b"on: push\njobs:\n  a: {services: {b: {image: c}}, runs-on: x}\n")
    assert source_of(file, file.jobs[0], "services") == "services: {b: {image: c}}\n"


@pytest.mark.parametrize(("source", "alone"), [("a: &b 1\nc: *b\n", True), ("c: *b\n", False)])
def test_lines_with_an_alias_of_the_rest_of_their_file_do_not_stand_alone(
    source: str, *, alone: bool
) -> None:
    assert stands_alone(source) is alone
