"""The JSON object of an issue; that of a pull request seen as one as well."""

from typing import Any

from .issues import Issue
from .objects import Objects, node_id
from .pulls import Pull

Json = dict[str, Any]


def issue(build: Objects, one: Issue | Pull) -> Json:
    """Build an `issue`."""
    repository = one.repository
    start = f"{build.api_url}/repos/{repository.full_name}"
    url = f"{start}/issues/{one.number}"
    kind = "pull" if isinstance(one, Pull) else "issues"
    page = f"{build.server_url}/{repository.full_name}/{kind}/{one.number}"
    people = [build.user(user) for user in one.assignees] if isinstance(one, Issue) else []
    return {
        "id": one.id,
        "node_id": node_id("Issue", one.id),
        "url": url,
        "repository_url": start,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": page,
        "number": one.number,
        "state": one.state,
        "state_reason": one.state_reason if isinstance(one, Issue) else None,
        "title": one.title,
        "body": one.body,
        "user": build.user(one.user),
        "labels": [build.label(repository, label) for label in one.labels],
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": len(one.comments),
        "closed_at": one.closed_at,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "author_association": "CONTRIBUTOR",
        "performed_via_github_app": None,
        **(_as_pull(one, page, start) if isinstance(one, Pull) else {}),
    }


def _as_pull(pull: Pull, page: str, start: str) -> Json:
    links = {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    about = {"url": f"{start}/pulls/{pull.number}", **links, "merged_at": pull.merged_at}
    return {"draft": pull.draft, "pull_request": about}
