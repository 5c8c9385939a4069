"""The migration of a repository, given workflows that nearly are what the field has."""

from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.limits import EXAMPLES, LIMITS, mutated
from fuzz.test_workflows import PIECES
from hostile import assert_harmless
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.upgrade.explanation import explain, explain_markdown
from hub_image_actions.fleet.upgrade.plan import plan_migration
from hub_image_actions.fleet.workflows.pins import Target
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS, WorkflowFile
from unit.fleet_variants import BUILDERS

TEMPLATE = Path(__file__).parents[2] / "template"
FILES = {
    path.relative_to(TEMPLATE).as_posix(): path.read_bytes() for path in TEMPLATE.rglob("*") if path.is_file()
}
# A plan takes a second.
FEW = settings(LIMITS, max_examples=EXAMPLES // 20 or 4)


@FEW
@given(st.sampled_from(sorted(BUILDERS)), st.data())
def test_a_plan_is_made_or_refused_and_holds_workflows(kind: str, data: st.DataObject) -> None:
    one = BUILDERS[kind]()
    path = data.draw(st.sampled_from(sorted(name for name in one.files if name.startswith(WORKFLOWS))))
    text = data.draw(mutated(st.just(one.files[path].decode()), PIECES))
    files = {**one.files, path: text.encode(errors="replace")}
    with suppress(ActionError):
        plan = plan_migration(files, Target("1.3.2", "e" * 40), FILES, repository=one.repository)
        assert explain(plan)
        assert_harmless(explain_markdown(plan))
        written = {name: content for name, content in plan.files.items() if content is not None}
        for name, content in written.items():
            if name.startswith(WORKFLOWS):
                assert WorkflowFile(name, content).jobs
