"""What is known of a repository while it is examined."""

from collections.abc import Mapping

import pytest

from hub_image_actions.fleet.doctor.case import Case, Standard
from hub_image_actions.fleet.doctor.findings import Finding
from hub_image_actions.github.settings import Hidden, RepositorySettings
from hub_image_actions.github.snapshot import Snapshot

NAME, FOLDER = "hubs/data100-user-image", ".github/workflows/"
USES = b"""\
on: push
jobs:
  a:
    runs-on: x
    env:
      A: ${{ secrets.key }} ${{ vars.HUB }}
    steps:
      - run: echo ${{ secrets.KEY }}
"""


def case_of(files: Mapping[str, bytes] | None = None, variables: object = None) -> Case:
    snapshot = Snapshot(NAME, "main", "c" * 40, private=False, archived=False, files=files or {})
    settings = RepositorySettings(variables=variables or {})  # type: ignore[arg-type]  # or what hides them
    return Case(snapshot, settings, Standard(), "https://github.com")


def test_a_finding_is_about_the_repository() -> None:
    made = case_of().finding("hint", "kept-branches", "where", "Problem.", "Fix.")
    assert made == Finding(NAME, "hint", "kept-branches", "where", "Problem.", "Fix.")


def test_a_page_is_one_of_the_repositorys() -> None:
    assert case_of().page("settings/rules") == f"https://github.com/{NAME}/settings/rules"


def test_workflows_are_those_that_can_be_read_and_why_others_cannot_is_kept() -> None:
    case = case_of({f"{FOLDER}a.yaml": USES, f"{FOLDER}b.yml": b"- [", "c.yaml": b"- ["})
    assert [file.path for file in case.workflows] == [f"{FOLDER}a.yaml"]
    assert [error.file for error in case.unreadable] == [f"{FOLDER}b.yml"]


@pytest.mark.parametrize(
    ("context", "named"),
    [("secrets", {"KEY": f"{FOLDER}a.yaml:6"}), ("vars", {"HUB": f"{FOLDER}a.yaml:6"}), ("env", {})],
)
def test_a_secret_or_variable_is_named_at_its_first_place_in_any_case(
    context: str, named: dict[str, str]
) -> None:
    assert case_of({f"{FOLDER}a.yaml": USES, f"{FOLDER}b.yaml": USES}).named(context) == named


@pytest.mark.parametrize(
    ("given", "variables"),
    [({"HUB": "data100"}, {"HUB": "data100"}), (Hidden("the variables", "Variables: read", "no"), {})],
)
def test_variables_that_the_token_may_not_see_count_as_none(given: object, variables: dict[str, str]) -> None:
    assert case_of(variables=given).variables == variables


def test_without_a_variable_the_image_is_not_known_and_one_is_suggested() -> None:
    assert case_of().image is None
    assert case_of().suggested_image == "PROJECT/user-images/data100-user-image"
