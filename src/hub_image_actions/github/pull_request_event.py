"""The pull request that a workflow runs for, from the event that started it.

Source: "Events that trigger workflows" and "Webhook events and payloads" in GitHub's documentation.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub_image_actions.errors import ActionError
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import PullRequest
from hub_image_actions.untrusted_json import InvalidJson, parse_json


def read_event(path: str) -> Mapping[str, Any]:
    """Return the event's payload; an empty one where there is no event, as on a laptop.

    Raises:
        ActionError: the file is not an event.
    """
    if not path or not Path(path).is_file():
        return {}
    try:
        event: object = parse_json(Path(path).read_bytes())
    except InvalidJson as error:
        raise _not_an_event(path, error.reason) from error
    if not isinstance(event, dict):
        raise _not_an_event(path, "it is not an object")
    return event


def _not_an_event(path: str, reason: str) -> ActionError:
    return ActionError(f"{path} is not an event of GitHub's: {reason}.", "Check GITHUB_EVENT_PATH.")


def pull_request_number(event: Mapping[str, Any]) -> int:
    """Return the number of the pull request that an event is about; 0 where it does not tell."""
    listed: list[Mapping[str, Any]] = (event.get("workflow_run") or {}).get("pull_requests") or [{}]
    about: Mapping[str, Any] = event.get("pull_request") or listed[0]
    return int(about.get("number") or 0)


def is_from_fork(event: Mapping[str, Any], repository: str) -> bool:
    """Say whether an event is about a pull request whose branch is not the repository's own."""
    run: Mapping[str, Any] = event.get("workflow_run") or {}
    about: Mapping[str, Any] = event.get("pull_request") or {}
    head = (about.get("head") or {}).get("repo") if about else run.get("head_repository", {})
    # The repository of a fork that was deleted is null.
    return bool(about or run) and (head or {}).get("full_name") != repository


def find_pull_request(event: Mapping[str, Any], repository: Repository, number: int = 0) -> PullRequest:
    """Return the pull request that a workflow runs for.

    Args:
        event: the event's payload.
        repository: the repository that the workflow runs in.
        number: the pull request, where it is known otherwise.

    Raises:
        ActionError: the event is about none.
        GitHubError: GitHub does not tell.
    """
    if not number and "pull_request" in event:
        return PullRequest.from_json(event["pull_request"])
    if asked := number or pull_request_number(event):
        return repository.pull_request(asked)
    run = event.get("workflow_run") or {}
    owner = ((run.get("head_repository") or {}).get("owner") or {}).get("login", "")
    # For a fork's run, GitHub leaves the list of pull requests empty.
    pulls = repository.open_pull_requests(head=f"{owner}:{run.get('head_branch')}") if owner else []
    if not pulls:
        raise ActionError(
            "This run is about no pull request.",
            "Run it on `pull_request_target` or `workflow_run`, or pass `pull-request`.",
        )
    return pulls[0]
