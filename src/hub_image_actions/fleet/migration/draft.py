"""A draft: one of the template's files while it is being adapted to a repository."""

from dataclasses import dataclass, field

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.migration.configuration import LeftOut
from hub_image_actions.fleet.workflows import yaml_splice as splice
from hub_image_actions.fleet.workflows.workflow_file import Job, Step


class TemplateUnknown(ActionError):
    """The template lacks what an edit needs: it is of another make than this program."""


@dataclass(frozen=True)
class Edited:
    """An edit that carries a setting over.

    Args:
        setting: the setting's name in the configuration.
        file: the new file.
        after: what stands there now.
    """

    setting: str
    file: str
    after: str


@dataclass
class Draft:
    """A file of the template on its way to a repository's."""

    path: str
    text: str
    edits: list[Edited] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs as they are now."""
        return splice.parsed(self.text).jobs

    def job(self, name: str) -> Job:
        """Return a job by its name."""
        return next(job for job in self.jobs if job.name == name)

    def jobs_using(self, action: str) -> tuple[str, ...]:
        """Return the names of the jobs that use an action of ours, or another's."""
        return tuple(job.name for job in self.jobs if _step_of(job, action))

    def job_using(self, action: str) -> str:
        """Return the name of the job that uses an action.

        Raises:
            TemplateUnknown: none does.
        """
        found = self.jobs_using(action)
        if not found:
            raise TemplateUnknown(
                f"No job of the template's {self.path} uses `{action}`.",
                "Use the program and the template of the same release.",
            )
        return found[-1]

    def step(self, job: str, action: str) -> Step | None:
        """Return the step of a job that uses an action."""
        return _step_of(self.job(job), action)

    def way(self, job: str, action: str, *keys: str) -> tuple[str | int, ...]:
        """Return the way to something in the step that uses an action.

        Raises:
            TemplateUnknown: no step of the job does.
        """
        step = self.step(job, action)
        if step is None:
            raise TemplateUnknown(f"The template's {self.path} has no step with `{action}` in {job}.")
        return ("jobs", job, "steps", step.index, *keys)

    def set(self, setting: str, way: tuple[str | int, ...], value: str, *, before: str = "") -> None:
        """Give an entry a value, as YAML, and remember for which setting."""
        self.text = splice.set_entry(self.text, way, value, before=before)
        self.note(setting, f"{way[-1]}: {value}")

    def set_text(self, setting: str, way: tuple[str | int, ...], value: str) -> None:
        """Give an entry a text, quoted where YAML wants it."""
        plain = value if value in {"true", "false"} else splice.quoted(value)
        self.set(setting, way, _block(value) if "\n" in value else plain)

    def remove(self, way: tuple[str | int, ...]) -> None:
        """Take an entry out."""
        self.text = splice.remove_entry(self.text, way)

    def note(self, setting: str, after: str) -> None:
        """Remember where a setting went."""
        self.edits.append(Edited(setting, self.path, after))


def _step_of(job: Job, action: str) -> Step | None:
    """Return the step that uses `owner/name`, or an action of ours by its short name."""
    ending = action if "/" in action else f"hub-image-actions/{action}"
    return next((step for step in job.steps if step.action.endswith(ending)), None)


def _block(value: str) -> str:
    return "|\n" + "\n".join(value.splitlines())
