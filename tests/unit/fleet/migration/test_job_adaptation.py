"""What old jobs say beside their steps, in the template's jobs."""

from typing import Any

import pytest
from ruamel.yaml import YAML

from hub_image_actions.fleet.migration.configuration import PipelineConfiguration
from hub_image_actions.fleet.migration.draft import Draft
from hub_image_actions.fleet.migration.job_adaptation import adapt_job

TEMPLATE = """\
jobs:
  build:
    needs: check
    if: github.ref
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
"""


def adapted(**settings: Any) -> Any:
    draft = Draft("a.yaml", TEMPLATE)
    adapt_job(draft, PipelineConfiguration(**settings), "build", "build")
    return YAML(typ="safe", pure=True).load(draft.text)["jobs"]["build"]


@pytest.mark.parametrize(
    ("key", "lines", "value"),
    [
        ("environment", "environment: live\n", "live"),
        ("runs-on", "runs-on: [a, b]\n", ["a", "b"]),
        ("services", "services:\n  db:\n    image: x\n", {"db": {"image": "x"}}),
        ("runs-on", "runs-on:\n  group: big\n", {"group": "big"}),
    ],
)
def test_an_entry_stands_in_the_job_or_takes_the_place_of_its_own(
    key: str, lines: str, value: object
) -> None:
    assert adapted(job_keys={"build": {key: lines}})[key] == value


def test_a_condition_is_asked_beside_the_one_of_the_template() -> None:
    job = adapted(job_keys={"build": {"if": "vars.A || vars.B"}})
    assert job["if"] == "(vars.A || vars.B) &&\n(github.ref)".replace("\n", " ")


def test_jobs_rights_and_the_checkout_come_to_what_is_there() -> None:
    job = adapted(
        needs={"build": ("look",)},
        rights={"build": {"issues": "write"}},
        checkout={"build": {"lfs": "true", "ref": "live"}},
    )
    assert job["needs"] == ["check", "look"]
    assert job["permissions"] == {"contents": "read", "issues": "write"}
    assert job["steps"][0]["with"] == {"persist-credentials": False, "lfs": True, "ref": "live"}


def test_what_another_job_has_stays_out() -> None:
    assert adapted(job_keys={"bump": {"environment": "live"}}) == adapted()
