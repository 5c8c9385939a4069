"""A run that has ended, from the event `workflow_run`, and the pull requests that it was about.

Source: "Events that trigger workflows" and "Webhook events and payloads" in GitHub's documentation. What is
read here is GitHub's word: of a fork's run, all that its author chooses is the name of the branch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub_image_actions.errors import ActionError
from hub_image_actions.github.client import PAGE, GitHub
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import Json, PullRequest, as_described

DEPENDABOT = "dependabot[bot]"
_PULL_REQUEST = "pull_request"


@dataclass(frozen=True)
class FinishedRun:
    """A run that has ended.

    Args:
        id: its number, which is kept when it is run again.
        attempt: how often it was run.
        number: the number of the run among those of its workflow.
        workflow: the number of its workflow.
        event: what started it.
        conclusion: how it ended.
        url: its page.
        commit: the head's commit.
        branch: the head's branch.
        repository: the head's repository, ``owner/name``; empty for a fork that is gone.
        actor: who made the event happen.
        started: when this attempt began, as GitHub writes it.
    """

    id: int
    attempt: int
    number: int
    workflow: int
    event: str
    conclusion: str
    url: str
    commit: str
    branch: str
    repository: str
    actor: str
    started: str

    @classmethod
    @as_described()
    def from_json(cls, run: Json) -> "FinishedRun":
        """Return the run that GitHub describes."""
        return cls(
            id=int(run["id"]),
            attempt=int(run.get("run_attempt") or 1),
            number=int(run["run_number"]),
            workflow=int(run["workflow_id"]),
            event=str(run["event"]),
            conclusion=str(run["conclusion"] or ""),
            url=str(run["html_url"]),
            commit=str(run["head_sha"]),
            branch=str(run["head_branch"] or ""),
            # Null stands for a fork that was deleted, and for an account that is gone.
            repository=str((run["head_repository"] or {}).get("full_name") or ""),
            actor=str((run.get("actor") or {}).get("login") or ""),
            started=str(run.get("run_started_at") or run["created_at"]),
        )

    @property
    def passed(self) -> bool:
        """Whether all went well."""
        return self.conclusion == "success"

    @property
    def is_of_pull_request(self) -> bool:
        """Whether a pull request started it, with what GitHub gives strangers."""
        return self.event == _PULL_REQUEST

    @property
    def is_dependabots(self) -> bool:
        """Whether Dependabot started it, whose token may only read, whoever runs it again."""
        return self.actor == DEPENDABOT

    def is_of_fork(self, repository: str) -> bool:
        """Say whether its head is in another repository than the one whose workflow ran."""
        return self.repository != repository

    # https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
    def pull_requests(self, repository: Repository) -> list[PullRequest]:
        """Return the open pull requests whose head is what the run was about: this branch at this commit.

        A run of a fork names none, and one of the repository's own those that merely have the same branch. No
        other source is asked: whoever runs a workflow in a fork can have it say anything.
        """
        owner = self.repository.partition("/")[0]
        if not owner or not self.branch:
            return []
        # Of several forks of one owner, and of one that is named otherwise now, the list has them all.
        found = repository.open_pull_requests(head=f"{owner}:{self.branch}")
        ours = (self.repository, self.branch, self.commit)
        return [pull for pull in found if (pull.repository, pull.branch, pull.commit) == ours]

    # https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
    @as_described()
    def is_superseded(self, github: GitHub, repository: str) -> bool:
        """Say whether the same commit of the same branch was run again since, be it a new run or an attempt.

        Raises:
            GitHubError: GitHub does not tell.
        """
        answer = github.get(
            f"/repos/{repository}/actions/runs", head_sha=self.commit, event=_PULL_REQUEST, per_page=PAGE
        )
        runs = map(FinishedRun.from_json, answer["workflow_runs"])
        return any(self._is_before(other) for other in runs)

    def _is_before(self, other: "FinishedRun") -> bool:
        about, others = (
            (run.workflow, run.commit, run.branch, run.repository.lower()) for run in (self, other)
        )
        return about == others and (self.number, self.attempt) < (other.number, other.attempt)


def read_finished_run(event: Mapping[str, Any]) -> FinishedRun:
    """Return the run whose end started the workflow.

    Raises:
        ActionError: it was started by something else.
    """
    if not isinstance(event.get("workflow_run"), dict):
        raise ActionError(
            "The event is not the end of a run.",
            "Run this action on `workflow_run`, with `types: [completed]`.",
        )
    return FinishedRun.from_json(event["workflow_run"])
