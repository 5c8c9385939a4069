"""The rows of the status table: what of the answers comes into which row."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timezone

import pytest

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.status.answers import (
    Question,
    StatusAnswers,
    StatusBranch,
    StatusHome,
    StatusOwner,
)
from hub_image_actions.fleet.status.rows import StatusRows, pulled_image
from hub_image_actions.fleet.status.table import Distance, OpenBump, Presence, Row
from hub_image_actions.references import ImageName

IMAGE = ImageName("a.org", "user-images/data100")
OTHER = ImageName("a.org", "user-images/other")
OWNER = StatusOwner("o/data100", IMAGE)
FILE = "deployments/data100/a.yaml"
ONE = Deployed(FILE, 3, "data100", IMAGE, "1", "")
DIGEST = "sha256:" + "0" * 64
QUESTION = Question(
    "o/datahub", ("staging",), ("o/data100",), date(2026, 11, 23), datetime(2026, 11, 23, tzinfo=timezone.utc)
)
EMPTY = StatusAnswers(
    branches={},
    owners={IMAGE: OWNER},
    homes={"o/data100": StatusHome("o/data100", "main", {})},
    distances={},
    presences={},
    bumps=(),
)


def rows(
    *references: Deployed, answers: StatusAnswers = EMPTY, question: Question = QUESTION
) -> tuple[Row, ...]:
    found = replace(answers, branches={"staging": StatusBranch("c0ffee1", references)})
    return StatusRows(question, "https://x", found).rows(())


def test_rows_are_in_the_order_of_the_hubs() -> None:
    found = rows(replace(ONE, hub="z"), replace(ONE, hub="a"), replace(ONE, hub="z", line=4))
    assert [row.hub for row in found] == ["a", "z"]


def test_references_with_the_same_tag_are_one_deployment_with_several_places() -> None:
    (row,) = rows(
        replace(ONE, hold="held"), replace(ONE, line=9, hold="held"), replace(ONE, tag="2", problem="Odd.")
    )
    first, second = row.on["staging"]
    assert [(place.line, place.url) for place in first.places] == [
        (line, f"https://x/o/datahub/blob/c0ffee1/{FILE}#L{line}") for line in (3, 9)
    ]
    assert first.holds == ("held",)
    assert (second.tag, second.problems) == ("2", ("Odd.",))


def test_a_tag_has_the_distance_and_the_presence_that_were_found_for_it() -> None:
    distance, presence = Distance(commits=4), Presence(True)
    answers = replace(
        EMPTY,
        distances={("o/data100", "1"): distance},
        presences={"a.org/user-images/data100:1": presence},
    )
    (row,) = rows(ONE, replace(ONE, tag="2"), answers=answers)
    assert [(one.distance, one.presence) for one in row.on["staging"]] == [
        (distance, presence),
        (Distance(), Presence()),
    ]


def test_a_reference_without_tag_and_digest_is_a_problem_at_its_line() -> None:
    (row,) = rows(replace(ONE, tag=""))
    assert row.on["staging"][0].problems == (f"{FILE}:3 gives no tag.",)


@pytest.mark.parametrize(("only_theirs", "hubs"), [(False, ["data100", "other"]), (True, ["data100"])])
def test_images_of_no_given_repository_are_left_out_where_that_is_asked_for(
    *, only_theirs: bool, hubs: list[str]
) -> None:
    question = replace(QUESTION, only_theirs=only_theirs)
    found = rows(ONE, replace(ONE, hub="other", image=OTHER), question=question)
    assert [row.hub for row in found] == hubs


def test_an_image_of_no_given_repository_says_so() -> None:
    (row,) = rows(replace(ONE, image=OTHER))
    assert row.problems == ("None of the given repositories is that of a.org/user-images/other.",)
    assert row.repository == ""


MISSING = GitHubError("GET /repos/o/data100", 404, "Not Found")
DOWN = GitHubError("GET /repos/o/data100", 503, "Unavailable")


@pytest.mark.parametrize(
    ("home", "repository", "problems", "pipeline"),
    [
        (StatusHome("o/Data100", "main", {}), "o/Data100", (), ""),
        (MISSING, "", ("There is no repository o/data100, or it is private.",), ""),
        (DOWN, "o/data100", (), str(DOWN)),
    ],
)
def test_a_repository_that_is_not_there_differs_from_one_that_could_not_be_read(
    home: StatusHome | ActionError, repository: str, problems: tuple[str, ...], pipeline: str
) -> None:
    homes: Mapping[str, StatusHome | ActionError] = {"o/data100": home}
    (row,) = rows(ONE, answers=replace(EMPTY, homes=homes))
    assert (row.repository, row.problems, row.pipeline.problem) == (repository, problems, pipeline)


def test_pull_requests_are_told_once_and_by_number_whether_or_not_the_registry_is_written() -> None:
    bumps = [OpenBump(number, "t", f"https://x/{number}") for number in (8, 5, 6)]
    bumped = (IMAGE, ImageName("", IMAGE.path), OTHER)
    pairs = list(zip((*bumped, IMAGE), (*bumps, bumps[0]), strict=True))
    (row,) = rows(ONE, answers=replace(EMPTY, bumps=pairs))
    assert [bump.number for bump in row.bumps] == [5, 8]


def test_a_repository_whose_image_no_hub_runs_comes_last_and_is_on_no_branch() -> None:
    answers = replace(EMPTY, branches={"staging": StatusBranch("c0ffee1", (ONE,))})
    first, last = StatusRows(QUESTION, "https://x", answers).rows([OWNER])
    assert (first.hub, last.hub) == ("data100", "")
    assert (last.image, last.on, last.url) == (IMAGE, {"staging": ()}, "https://x/o/data100")


@pytest.mark.parametrize(
    ("reference", "pulled"),
    [
        (ONE, "a.org/user-images/data100:1"),
        (replace(ONE, digest=DIGEST), f"a.org/user-images/data100@{DIGEST}"),
    ],
)
def test_a_cluster_pulls_by_digest_where_there_is_one(reference: Deployed, pulled: str) -> None:
    assert pulled_image(reference) == pulled
