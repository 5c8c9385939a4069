"""Which workflows of the template the doctor misses, and which somebody chose to do without."""

import pytest

from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.doctor import examined
from unit.fleet.doctor.cases import BINDER, LINT, TEST, Change, both, files, variables

COMMENT = ".github/workflows/comment.yaml"
COMMENTING = """\
on: {workflow_run: {workflows: [Test]}}
jobs:
  comment:
    runs-on: x
    steps:
      - uses: berkeley-dsep-infra/hub-image-actions/comment-result@v1
"""


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        (files({BINDER: None}), [BINDER]),
        (files({BINDER: None, f"{BINDER}.disable": "on: push\n"}), []),
        (files({BINDER: None, f"{BINDER}.off": "on: push\n"}), []),
        (both(files({BINDER: None}), variables(BINDER="off")), []),
        (files({BINDER: None, f"{LINT}.disable": "on: push\n"}), [BINDER]),
        (files({COMMENT: None}), [COMMENT]),
        (files({COMMENT: None, ".github/workflows/own.yaml": COMMENTING}), []),
        # Without a test, there is nothing to be told.
        (files({COMMENT: None, TEST: None}), [TEST]),
    ],
)
def test_a_workflow_that_was_switched_off_is_a_choice_and_no_finding(
    case: Case, change: Change, missed: list[str]
) -> None:
    found = [one.where for one in examined(change(case)) if one.name == "missing-workflow"]
    assert found == missed
