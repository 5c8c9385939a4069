"""What old jobs say beside their steps, put into the template's jobs that do the same."""

from textwrap import dedent

from hub_image_actions.fleet.migration.configuration import PipelineConfiguration
from hub_image_actions.fleet.migration.draft import Draft
from hub_image_actions.fleet.workflows import yaml_splice as splice

_CHECKOUT = "actions/checkout"


def adapt_job(draft: Draft, configuration: PipelineConfiguration, place: str, job: str) -> None:
    """Edit a job of the template so that it has what the old one had.

    Args:
        draft: the workflow.
        configuration: what the old jobs are configured to do.
        place: what the job is for: `build`, `bump`, `test` or `check`.
        job: its name.
    """
    for key, lines in configuration.job_keys.get(place, {}).items():
        _put(draft, job, key, _both(draft, job, lines) if key == "if" else lines)
        draft.note(f"job.{place}.{key}", lines.strip().splitlines()[0])
    needs = configuration.needs.get(place, ())
    if needs:
        listed = (*draft.job(job).needs, *needs)
        _put(draft, job, "needs", f"needs: {splice.flow(listed)}\n")
        draft.note(f"job.{place}.needs", f"needs: {splice.flow(listed)}")
    for scope, level in configuration.rights.get(place, {}).items():
        way = ("jobs", job, "permissions", scope)
        draft.text = splice.set_entry(draft.text, way, f"{level} # a step of the repository's own needs it")
        draft.note(f"job.{place}.{scope}", f"{scope}: {level}")
    inputs = configuration.checkout.get(place, {})
    if inputs and draft.step(job, _CHECKOUT):
        for name, value in inputs.items():
            setting = f"checkout.{place}.{name}"
            draft.set_text(setting, draft.way(job, _CHECKOUT, "with", name), value)


def _both(draft: Draft, job: str, condition: str) -> str:
    """Return a condition and the one that the template's job has."""
    own = draft.job(job).value("if")
    if not own:
        return f"if: {splice.quoted(condition)}\n"
    return f"if: >-\n  ({condition}) &&\n  ({own})\n"


def _put(draft: Draft, job: str, key: str, lines: str) -> None:
    """Give a job an entry, in the place of the one that it has."""
    way = ("jobs", job, key)
    if splice.find(draft.text, way) is not None:
        draft.text = splice.replace_entry(draft.text, way, lines)
        return
    first, _, rest = lines.partition("\n")
    value = first.partition(":")[2].strip()
    folded = dedent(rest).rstrip("\n")
    draft.text = splice.set_entry(draft.text, way, f"{value}\n{folded}" if folded else value, before="steps")
