"""The account of old workflows: of every entry it is said what becomes of it."""

import pytest

from hub_image_actions.fleet.migration.account import Account, Entry, Settled
from hub_image_actions.fleet.migration.reading import Legacy, read
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS, WorkflowFile
from unit.fleet_variants import BUILDERS, Variant
from unit.pipeline_variants import MIGRATED, STAYING

EVERY = {**BUILDERS, **MIGRATED}
FILE = WorkflowFile(
    "a.yaml",
    b"name: A\non: [push, workflow_dispatch]\nenv: &e {A: b}\njobs:\n  a:\n    env: *e\n    steps:\n"
    b"      - name: Mine\n        with: {x: 1, y: 2}\n      - run: x\n",
)


def workflows(of: Variant) -> dict[str, WorkflowFile]:
    """Returns the workflows of a repository."""
    return {path: WorkflowFile(path, text) for path, text in of.files.items() if path.startswith(WORKFLOWS)}


def legacy(of: Variant) -> Legacy:
    return read(workflows(of), of.repository)


def named(account: Account, *paths: str) -> list[str]:
    return [".".join(map(str, entry.way)) for entry in account.open(paths)]


def test_every_key_of_a_workflow_a_job_and_a_step_is_an_entry() -> None:
    assert named(Account([FILE]), "a.yaml") == [
        *("name", "on.push", "on.workflow_dispatch", "env.A", "jobs.a.env.A"),
        *("jobs.a.steps.0.name", "jobs.a.steps.0.with.x", "jobs.a.steps.0.with.y", "jobs.a.steps.1.run"),
    ]
    assert named(Account([FILE]), "b.yaml") == []


def test_what_is_said_of_a_step_holds_for_its_entries_of_which_nothing_was_said() -> None:
    account = Account([FILE])
    account.settle("a.yaml", ("jobs", "a", "steps", 0, "with", "x"), "carried", "x")
    account.settle("a.yaml", ("jobs", "a", "steps", 0), "left out", "gone")
    fates = [account.fate(entry) for entry in account.entries if entry.way[:4] == ("jobs", "a", "steps", 0)]
    assert fates == [Settled("left out", "gone"), Settled("carried", "x"), Settled("left out", "gone")]
    assert named(account, "a.yaml")[-1] == "jobs.a.steps.1.run"


def test_an_alias_is_settled_with_what_it_stands_for() -> None:
    account = Account([FILE])
    (start,) = {entry.start for entry in account.entries if entry.way[-1] == "A"}
    account.settle_at("a.yaml", start, "carried", "env")
    assert not {"env.A", "jobs.a.env.A"} & set(named(account, "a.yaml"))


@pytest.mark.parametrize(
    ("way", "what"),
    [
        (("env", "A"), "`env.A`"),
        (("jobs", "a", "env", "A"), "`env.A` of the job `a`"),
        (("jobs", "a", "steps", 0, "with", "x"), "`with.x` of the step 'Mine'"),
        (("jobs", "a", "steps", 1, "run"), "`run` of the step 'x'"),
    ],
)
def test_an_entry_is_named_by_what_has_it(way: tuple[str | int, ...], what: str) -> None:
    assert [entry.what for entry in Account([FILE]).entries if entry.way == way] == [what]


@pytest.mark.parametrize("name", EVERY)
def test_every_entry_is_carried_over_replaced_or_left_out(name: str) -> None:
    found = legacy(EVERY[name]())
    assert found.reading.obstacles == []
    assert [entry.what for entry in found.rest] == []
    settled = [found.reading.account.fate(entry) for entry in read_entries(found)]
    assert settled
    assert all(fate and fate.reason for fate in settled)


def read_entries(found: Legacy) -> list[Entry]:
    return [entry for entry in found.reading.account.entries if entry.file in found.roles]


@pytest.mark.parametrize("name", EVERY)
def test_a_key_that_nobody_knows_never_goes_without_a_word(name: str) -> None:
    of = EVERY[name]()
    roles = legacy(of).roles
    for path in (path for path, role in roles.items() if role in {"push", "test"}):
        text, keys = with_unheard_of(WorkflowFile(path, of.files[path]))
        found = read(workflows(Variant(of.repository, {**of.files, path: text})), of.repository)
        assert [key for key in keys if not is_told(found, key)] == [], text.decode()
        assert found.roles[path] == roles[path]


def with_unheard_of(file: WorkflowFile) -> tuple[bytes, list[str]]:
    """Returns a workflow with one more key in itself, each job and each step, and these keys."""
    nodes = [file.root, *(job.node for job in file.jobs), *(step.node for step in file.steps)]
    starts = sorted((node.value[0][0].start_mark.index for node in nodes), reverse=True)
    text, keys = file.text, []
    for start in starts:
        column = start - text.rfind("\n", 0, start) - 1
        keys.append(f"unheard-of-{start}")
        text = f"{text[:start]}{keys[-1]}: 1\n{' ' * column}{text[start:]}"
    return text.encode(), keys


def is_told(found: Legacy, key: str) -> bool:
    """Says whether a key is told as left out, or carried over as it is written."""
    own = (*found.configuration.steps, *found.configuration.jobs)
    return any(f"`{key}`" in left.what for left in found.reading.left_out) or any(
        f"{key}: 1\n" in each.source for each in own
    )


@pytest.mark.parametrize("name", STAYING)
def test_what_cannot_be_read_with_certainty_stays_as_it_is_and_says_why(name: str) -> None:
    found = legacy(STAYING[name]())
    assert not {"push", "test", "unsafe"} & set(found.roles.values())
    assert any(name in left.what for left in found.reading.left_out), found.reading.left_out
