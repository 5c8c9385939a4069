"""The JSON objects of workflows, runs and what they left, checks and statuses."""

import hashlib
from typing import Any

from .objects import Objects, node_id
from .repository import Repository
from .runs import Artifact, Check, CommitStatus, Run, Workflow

Json = dict[str, Any]


def workflow(build: Objects, repository: Repository, one: Workflow) -> Json:
    """Build a `workflow`."""
    url = f"{build.api_url}/repos/{repository.full_name}/actions/workflows/{one.id}"
    page = f"{build.server_url}/{repository.full_name}"
    return {
        "id": one.id,
        "node_id": node_id("Workflow", one.id),
        "name": one.name,
        "path": one.path,
        "state": one.state,
        "created_at": repository.created_at,
        "updated_at": repository.pushed_at,
        "url": url,
        "html_url": f"{page}/blob/{repository.default_branch}/{one.path}",
        "badge_url": f"{page}/workflows/{one.id}/badge.svg",
    }


def run(build: Objects, repository: Repository, one: Run, known: Workflow | None) -> Json:
    """Build a `workflow-run`; the workflow's file may be gone."""
    start = f"{build.api_url}/repos/{repository.full_name}"
    url = f"{start}/actions/runs/{one.id}"
    number = known.id if known else 0
    commit = repository.commit_object(one.sha)
    actions = ("jobs", "logs", "artifacts", "cancel", "rerun")
    return {
        "id": one.id,
        "name": known.name if known else one.workflow,
        "node_id": node_id("WorkflowRun", one.id),
        "head_branch": one.branch,
        "head_sha": one.sha,
        "path": one.workflow,
        "display_title": one.title or commit.title,
        "run_number": one.number,
        "run_attempt": one.attempt,
        "event": one.event,
        "status": one.status,
        "conclusion": one.conclusion,
        "workflow_id": number,
        "check_suite_id": one.id,
        "check_suite_node_id": node_id("CheckSuite", one.id),
        "url": url,
        "html_url": f"{build.server_url}/{repository.full_name}/actions/runs/{one.id}",
        "pull_requests": [],
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "run_started_at": one.started_at,
        "actor": build.user(one.actor),
        "triggering_actor": build.user(one.actor),
        **{f"{name}_url": f"{url}/{name}" for name in actions},
        "check_suite_url": f"{start}/check-suites/{one.id}",
        "previous_attempt_url": None,
        "workflow_url": f"{start}/actions/workflows/{number}",
        "head_commit": {
            "id": commit.sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": commit.committer.date,
            "author": {"name": commit.author.name, "email": commit.author.email},
            "committer": {"name": commit.committer.name, "email": commit.committer.email},
        },
        "repository": build.repository(repository),
        # GitHub's description says that there always is one; of a fork that was deleted there is none.
        "head_repository": build.repository(one.head_repository) if one.head_repository else None,
    }


def artifact(build: Objects, repository: Repository, one: Artifact) -> Json:
    """Build an `artifact`."""
    url = f"{build.api_url}/repos/{repository.full_name}/actions/artifacts/{one.id}"
    head = one.run.head_repository
    return {
        "id": one.id,
        "node_id": node_id("Artifact", one.id),
        "name": one.name,
        "size_in_bytes": len(one.content),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": one.expired,
        "created_at": one.created_at,
        "updated_at": one.created_at,
        "expires_at": one.created_at,
        "digest": f"sha256:{hashlib.sha256(one.content).hexdigest()}",
        "workflow_run": {
            "id": one.run.id,
            "repository_id": repository.id,
            "head_repository_id": head.id if head else 0,
            "head_branch": one.run.branch or "",
            "head_sha": one.run.sha,
        },
    }


def check(build: Objects, repository: Repository, one: Check) -> Json:
    """Build a `check-run`."""
    url = f"{build.api_url}/repos/{repository.full_name}/check-runs/{one.id}"
    page = f"{build.server_url}/{repository.full_name}/runs/{one.id}"
    empty = dict.fromkeys(("title", "summary", "text"))
    return {
        "id": one.id,
        "head_sha": one.sha,
        "node_id": node_id("CheckRun", one.id),
        "external_id": "",
        "url": url,
        "html_url": page,
        "details_url": page,
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": one.at,
        "completed_at": one.at if one.status == "completed" else None,
        "output": {**empty, "annotations_count": 0, "annotations_url": f"{url}/annotations"},
        "name": one.name,
        "check_suite": {"id": one.id},
        "app": None,
        "pull_requests": [],
    }


def status(build: Objects, repository: Repository, one: CommitStatus) -> Json:
    """Build a `simple-commit-status`."""
    return {
        "url": f"{build.api_url}/repos/{repository.full_name}/statuses/{one.sha}",
        "avatar_url": None,
        "id": one.id,
        "node_id": node_id("Status", one.id),
        "state": one.state,
        "description": one.description,
        "target_url": one.target_url,
        "context": one.context,
        "created_at": one.at,
        "updated_at": one.at,
    }


def completed_event(build: Objects, repository: Repository, one: Run, known: Workflow) -> Json:
    """Build the payload of the event `workflow_run` for the end of a run."""
    return {
        "action": "completed",
        "workflow_run": run(build, repository, one, known),
        "workflow": workflow(build, repository, known),
        "repository": build.repository(repository),
        "sender": build.user(one.actor),
    }
