"""The table of all hubs: what follows from the answers, and how it is put into words."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TypeVar

import pytest

from hub_image_actions.entry.at_once import AtOnce
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.status.table import (
    FLAGS,
    Deployment,
    Distance,
    OpenBump,
    Presence,
    Row,
    Status,
    age_text,
    behind_text,
)
from hub_image_actions.fleet.workflows.pipelines import Pipeline, pipeline_of, workflows_in
from hub_image_actions.references import ImageName

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)
K = TypeVar("K")
T = TypeVar("T")
CURRENT = Deployment("1", "", (), distance=Distance(NOW, 0), presence=Presence(True))
ROW = Row(
    "data100",
    ImageName("a.org", "user-images/data100"),
    "o/data100",
    "https://x/o/data100",
    {"staging": (CURRENT,), "prod": (CURRENT,)},
    pipeline=Pipeline(("v1",)),
)


def status(*rows: Row) -> Status:
    return Status("o/datahub", "https://x/o/datahub", ("staging", "prod"), rows, NOW)


def on_staging(one: Deployment) -> Row:
    return replace(ROW, on={"staging": (one,)})


FLAGGED = {
    "missing": on_staging(replace(CURRENT, presence=Presence(False))),
    "behind": on_staging(replace(CURRENT, distance=Distance(NOW, 2))),
    "differs": replace(ROW, on={"staging": (CURRENT,), "prod": (replace(CURRENT, tag="2"),)}),
    "held": on_staging(replace(CURRENT, holds=("held until 2026-12-18",))),
    "bump": replace(ROW, bumps=(OpenBump(1, "t", "https://x"),)),
    "foreign": replace(ROW, pipeline=Pipeline()),
    "idle": replace(ROW, hub=""),
    "problem": on_staging(replace(CURRENT, presence=Presence(None, "the registry is down"))),
}


@pytest.mark.parametrize("flag", FLAGGED)
def test_a_row_is_marked_for_what_is_the_matter_with_it(flag: str) -> None:
    assert FLAGGED[flag].flags == (flag,)


def test_every_mark_is_tried() -> None:
    assert set(FLAGGED) == set(FLAGS)


def test_a_row_with_which_nothing_is_the_matter_has_no_mark() -> None:
    assert ROW.flags == ()
    assert status(ROW).summary() == "1 hub, 1 row: all up to date."


def test_a_repository_that_nobody_knows_is_not_said_to_lack_our_actions() -> None:
    assert replace(ROW, repository="", pipeline=Pipeline()).flags == ()


def test_each_of_several_tags_has_a_line_for_people() -> None:
    on = {"staging": (CURRENT, replace(CURRENT, tag="2")), "prod": (CURRENT,)}
    first, second = status(replace(ROW, on=on)).lines()
    assert first == ("data100", "data100", "1", "today", "no", "1", "today", "no", "yes", "-", "-", "v1")
    assert second == ("", "", "2", "today", "no", "", "", "", "", "", "", "")


def test_a_branch_that_could_not_be_read_shows_question_marks() -> None:
    table = status(on_staging(CURRENT))
    assert table.lines()[0][5:8] == ("?", "?", "?")
    assert table.as_json()["rows"][0]["on"]["prod"] is None  # type: ignore[index]  # JSON


@pytest.mark.parametrize(
    ("far", "text"),
    [
        (Distance(), "?"),
        (Distance(NOW, 0), "no"),
        (Distance(NOW, 1), "1 commit"),
        (Distance(NOW, 3, 1), "3 commits, 1 PR"),
        (Distance(NOW, 300, 40, counted_all=False), "300 commits, 40+ PRs"),
        (Distance(NOW, 0, undone=2), "2 not on main"),
        (Distance(NOW, 3, 2, undone=1), "3 commits, 2 PRs; 1 not on main"),
    ],
)
def test_a_distance_is_told_in_few_words(far: Distance, text: str) -> None:
    assert behind_text(far) == text


@pytest.mark.parametrize(
    ("committed", "text"),
    [
        (None, "?"),
        (NOW - timedelta(hours=23), "today"),
        (NOW - timedelta(days=40, hours=1), "40 d"),
        (NOW + timedelta(days=1), "today"),
    ],
)
def test_an_age_is_counted_in_whole_days(committed: datetime | None, text: str) -> None:
    one = replace(CURRENT, distance=Distance(committed))
    assert age_text(one.age(NOW)) == text


@pytest.mark.parametrize(
    ("tag", "digest", "name"),
    [("1", "sha256:ab", "1"), ("", f"sha256:{'a' * 64}", f"sha256:{'a' * 12}"), ("", "", "no tag")],
)
def test_a_tag_is_named_or_else_what_stands_for_it(tag: str, digest: str, name: str) -> None:
    assert Deployment(tag, digest, ()).name == name


@pytest.mark.parametrize(
    ("uses", "pipeline"),
    [
        ("berkeley-dsep-infra/hub-image-actions/build@v1", Pipeline(("v1",))),
        ("berkeley-dsep-infra/hub-image-actions@v1.2.0", Pipeline(("v1.2.0",))),
        ("a-fork/hub-image-actions/build@main", Pipeline(("main",))),
        (f"berkeley-dsep-infra/hub-image-actions/build@{'ab12' * 10} # v1.3.2", Pipeline(("v1.3.2",))),
        (f"berkeley-dsep-infra/hub-image-actions/build@{'ab12' * 10}", Pipeline(("ab12ab1",))),
        (
            "cal-icor/shared-workflows/.github/workflows/b.yaml@0.5.0",
            Pipeline((), ("shared-workflows@0.5.0",)),
        ),
        ("someone/hub-image-actions-2/build@v1", Pipeline()),
        ("actions/checkout@v7", Pipeline()),
    ],
)
def test_the_version_of_what_workflows_call_is_found(uses: str, pipeline: Pipeline) -> None:
    text = f"jobs:\n  a:\n    steps:\n      - uses: {uses}\n      # - uses: x/hub-image-actions/build@v0\n"
    assert pipeline_of({".github/workflows/a.yaml": text.encode()}) == pipeline


def test_a_workflow_that_cannot_be_read_is_told_and_the_others_count() -> None:
    good = b"jobs:\n  a:\n    steps:\n      - uses: o/hub-image-actions/build@v1\n"
    found = pipeline_of({"a.yaml": b"hub-image-actions: [\n", "b.yaml": good})
    assert found.actions == ("v1",)
    assert "a.yaml" in found.problem


def test_only_files_in_the_folder_of_workflows_are_workflows() -> None:
    names = [".github/workflows/a.yaml", ".github/workflows/b.yml", ".github/workflows/x/c.yaml", "d.yaml"]
    assert list(workflows_in(dict.fromkeys(names, b""))) == names[:2]


class Silent(Console):
    """A console that shows nothing."""

    def __init__(self) -> None:
        import io

        super().__init__(io.StringIO(), io.StringIO())


def at_once(calls: Mapping[K, Callable[[], T]]) -> Mapping[K, T | ActionError]:
    return AtOnce(Silent())("asking", calls)


def test_a_call_that_fails_takes_no_other_with_it() -> None:
    def fail() -> int:
        raise ActionError("no")

    answers = at_once({"a": lambda: 1, "b": fail, "c": lambda: 3})
    assert (answers["a"], str(answers["b"]), answers["c"]) == (1, "no", 3)


def test_a_bug_is_no_answer() -> None:
    def fail() -> int:
        raise ZeroDivisionError

    answer = at_once({"a": fail})["a"]
    assert isinstance(answer, ActionError)
    assert answer.problem.startswith("A bug of hub-image-actions, at test_table.py:")


def test_an_interruption_begins_no_further_calls() -> None:
    import time

    class Interrupted(Silent):
        def _draw(self, text: str) -> None:
            raise KeyboardInterrupt

    made: list[int] = []

    def call() -> None:
        made.append(1)
        time.sleep(0.05)

    with pytest.raises(KeyboardInterrupt):
        AtOnce(Interrupted())("asking", dict.fromkeys(range(100), call))
    assert len(made) < 50


@pytest.mark.parametrize(
    ("staging", "prod", "text"),
    [
        ((True,), (True,), "yes"),
        ((False,), (True,), "no (staging)"),
        ((True, False), (False,), "no"),
        ((False,), (), "no"),
        ((None,), (False,), "no (prod)"),
        ((None,), (True,), "?"),
        ((), (), ""),
    ],
)
def test_the_registry_is_told_once_for_all_branches(
    staging: tuple[bool | None, ...], prod: tuple[bool | None, ...], text: str
) -> None:
    on = {
        branch: tuple(replace(CURRENT, presence=Presence(there)) for there in found)
        for branch, found in (("staging", staging), ("prod", prod))
    }
    assert replace(ROW, on=on).registry == text


def test_no_more_than_eight_calls_are_under_way() -> None:
    import threading
    import time

    under_way: list[int] = []
    now = 0
    lock = threading.Lock()

    def call() -> None:
        nonlocal now
        with lock:
            now += 1
            under_way.append(now)
        time.sleep(0.01)
        with lock:
            now -= 1

    at_once(dict.fromkeys(range(40), call))
    assert 1 < max(under_way) <= 8
