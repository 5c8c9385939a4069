"""The comment with the result of a run whose own token may not comment: a fork's, or Dependabot's."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub_image_actions import guide, markdown
from hub_image_actions.build.report import READY, WHEN_WRONG, BuildReport
from hub_image_actions.github.finished_run import FinishedRun
from hub_image_actions.github.repository import MOST_LISTED

_COMMIT = 12
_MOST_NAMED = 3
# How a run ends that says nothing of the change; those that were never begun say nothing at all.
_WITHOUT_REPORT = {
    "success": "passed, and left no report",
    "failure": "failed before it could leave a report",
    "cancelled": "was canceled",
    "timed_out": "ran out of time",
    "startup_failure": "could not begin",
}
_WAITING = "action_required"


@dataclass(frozen=True)
class Fork:
    """What is known of the fork that a run is of.

    Args:
        workflows: the files below `.github/` that its pull request changes.
        has_more: whether it changes more files than GitHub lists.
    """

    workflows: Sequence[str] = ()
    has_more: bool = False

    @classmethod
    def of_changes(cls, paths: Sequence[str]) -> "Fork":
        """Return what is known of a fork by the paths that its pull requests change."""
        workflows = (path for path in paths if path.startswith(".github/"))
        return cls(tuple(dict.fromkeys(workflows)), len(paths) >= MOST_LISTED)


def has_result(run: FinishedRun) -> bool:
    """Say whether there is something to tell of how a run ended: it may have been skipped."""
    return run.conclusion in {*_WITHOUT_REPORT, _WAITING}


def with_report(report: BuildReport, run: FinishedRun, pulls: Sequence[int], *, fork: Fork | None) -> str:
    """Return the comment for a run that left a report.

    Args:
        report: the report, which is the run's word.
        run: the run, which is GitHub's word.
        pulls: the pull requests that the comment is for.
        fork: the fork that it is of; None for a branch of the repository itself.
    """
    report.is_for_review, report.run_url, report.conclusion = True, run.url, run.conclusion
    report.source = "\n\n".join(filter(None, (_source(run, fork=fork), _several(pulls))))
    text = report.markdown()
    # Only what was made to be too long is cut off, and then anywhere.
    too_long = len(text) >= markdown.MOST_CHARACTERS
    problem = "Its report is too long to be shown."
    return without_report(report.title, run, pulls, problem, fork=fork) if too_long else text


def without_report(
    title: str, run: FinishedRun, pulls: Sequence[int], problem: str = "", *, fork: Fork | None
) -> str:
    """Return the comment for a run that left no report, or none that can be shown.

    Args:
        title: the heading.
        run: the run.
        pulls: the pull requests that the comment is for.
        problem: why its report cannot be shown; empty where there is none.
        fork: the fork that it is of; None for a branch of the repository itself.
    """
    if run.conclusion == _WAITING:
        heading = f"### ⏳ {markdown.escape(title)}"
        return _joined(heading, _warning(fork), _several(pulls), _waiting(run))
    head, log = _head(run, fork=fork), markdown.link("log", run.url)
    if problem:
        told = f"The report of {head} is not shown: {markdown.prose(problem)} What is known is in the {log}."
    else:
        told = f"The run of {head} {_WITHOUT_REPORT[run.conclusion]}. What is known is in its {log}."
    mark = "✅" if run.passed else "❌"
    heading = f"### {mark} {markdown.escape(title)}"
    return _joined(heading, told, _warning(fork), _several(pulls), _next(run))


def _joined(*paragraphs: str) -> str:
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _source(run: FinishedRun, *, fork: Fork | None) -> str:
    if not fork:
        return f"The report of {_head(run, fork=None)}, whose token may not comment itself."
    page = markdown.link("what can be forged", f"{guide.SECURITY}#a-forks-report")
    head, link = _head(run, fork=fork), markdown.link("run", run.url)
    said = (
        f"> **From a fork:** this is what the run of {head} says of itself, and whoever may change the fork "
        f"can make it say anything. Only the commit, the {link} and how it ended are GitHub's word: {page}."
    )
    return "\n>\n".join(filter(None, (said, _warning(fork))))


def _warning(fork: Fork | None) -> str:
    """Return what whoever reviews, or allows a run, should look at first."""
    if fork is None or not (fork.workflows or fork.has_more):
        return ""
    named = [*map(markdown.code, fork.workflows[:_MOST_NAMED])]
    named += ["…"] if len(fork.workflows) > _MOST_NAMED else []
    named = named or ["with more files than GitHub lists, it may"]
    return (
        f"> ⚠️ **It changes what is run:** {', '.join(named)}. Such a run can pass and have built and tested "
        "nothing: read that change first."
    )


def _head(run: FinishedRun, *, fork: Fork | None) -> str:
    commit = markdown.code(run.commit[:_COMMIT])
    if fork:
        return f"{markdown.code(run.repository)} at {commit}"
    return f"{'Dependabot' if run.is_dependabots else markdown.code(run.branch)} at {commit}"


def _several(pulls: Sequence[int]) -> str:
    if len(pulls) == 1:
        return ""
    numbers = " and ".join(f"#{number}" for number in pulls)
    return f"This branch has several pull requests, {numbers}: this is the result of the run that began last."


def _waiting(run: FinishedRun) -> str:
    page = markdown.link("the run", run.url)
    return (
        "Nothing was built yet: the first time, somebody who may write to this repository has to allow the "
        "workflows of a fork.\n\n**Next:** nothing for you to do. Whoever looks after this image reads the "
        f"change and presses *Approve and run* on {page}; then the result stands here."
    )


def _next(run: FinishedRun) -> str:
    if run.passed:
        return READY
    return f"**Next:** push to the same branch, or ask for the run to be started again. See {WHEN_WRONG}."
