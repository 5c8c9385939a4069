"""What an image repository's workflows call: these actions, and at which version, or another pipeline."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub_image_actions.fleet.workflows.pins import Pin, Style, pins
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile, WorkflowUnreadable

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_OURS = "hub-image-actions"
# What image repositories call that did not come to these actions yet.
_OTHERS = frozenset({"update-deployment", "shared-workflows", "repo2docker-action"})
_SHOWN_OF_A_COMMIT = 7


@dataclass(frozen=True)
class Pipeline:
    """What a repository's workflows call.

    Args:
        actions: the versions of these actions, such as ``v1``; empty where none is called.
        others: other pipelines for images, such as ``update-deployment@main``.
        problem: why it is not known.
    """

    actions: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    problem: str = ""

    @property
    def text(self) -> str:
        """The pipeline in a few words."""
        return ", ".join(self.actions or self.others) or ("unknown" if self.problem else "none")


def workflows_in(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return those of a repository's files that are workflows."""
    return {path: content for path, content in files.items() if _WORKFLOW.fullmatch(path)}


def pipeline_of(workflows: Mapping[str, bytes]) -> Pipeline:
    """Return what workflows call, each version once.

    Args:
        workflows: the files' content by path; what cannot be read becomes the pipeline's problem.
    """
    found: list[Pin] = []
    problem = ""
    for path in sorted(workflows):
        try:
            found += _pins(path, workflows[path])
        except WorkflowUnreadable as error:
            problem = str(error)
    ours = {_version(pin) for pin in found if _name(pin) == _OURS}
    others = {f"{_name(pin)}@{_version(pin)}" for pin in found if _name(pin) in _OTHERS}
    return Pipeline(tuple(sorted(ours)), tuple(sorted(others)), problem)


def _pins(path: str, content: bytes) -> Iterator[Pin]:
    # Most workflows call none of these, and parsing is what costs time here.
    if any(name.encode() in content for name in (_OURS, *_OTHERS)):
        yield from pins(WorkflowFile(path, content))


def _name(pin: Pin) -> str:
    return pin.repository.rpartition("/")[2]


def _version(pin: Pin) -> str:
    """Return what people know the version by: beside a commit, the version in the comment."""
    if pin.style is Style.COMMIT:
        return pin.comment or pin.ref[:_SHOWN_OF_A_COMMIT]
    return pin.ref
