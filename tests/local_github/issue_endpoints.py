"""Endpoints for issues, and for comments and labels, which pull requests share with them."""

import re
from typing import Any

from . import issue_objects
from .issues import Issue
from .pulls import BODY_LIMIT, TITLE_LIMIT, Comment, Label, Pull
from .repository import Repository, now
from .rest import Answer, Refused, Request, endpoint, invalid
from .tokens import User

READ = (("issues", "read"), ("pull_requests", "read"))
WRITE = (("issues", "write"), ("pull_requests", "write"))
COLOR = re.compile(r"[0-9a-f]{6}")


@endpoint("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", *READ)
def get_comments(request: Request) -> Answer:
    """List comments, oldest first."""
    page, headers = request.page(request.issue().comments)
    return Answer(200, [request.objects.comment(request.repository, comment) for comment in page], headers)


@endpoint("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", *WRITE)
def create_comment(request: Request) -> Answer:
    """Write a comment."""
    issue, repository = request.issue(), request.repository
    _check_body(request.body["body"])
    comment = Comment(request.github.next_id(), issue.number, request.caller.user, request.body["body"])
    repository.comments.append(comment)
    issue.touch()
    made = request.objects.comment(repository, comment)
    return Answer(201, made, {"Location": made["url"]})


@endpoint("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", *READ)
def get_comment(request: Request) -> Answer:
    """Give a comment."""
    return Answer(200, request.objects.comment(request.repository, _comment(request)))


@endpoint("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", *WRITE)
def update_comment(request: Request) -> Answer:
    """Change a comment's text."""
    comment = _comment(request)
    _check_body(request.body["body"])
    comment.body, comment.updated_at = request.body["body"], now()
    return Answer(200, request.objects.comment(request.repository, comment))


@endpoint("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", *WRITE)
def delete_comment(request: Request) -> Answer:
    """Delete a comment."""
    request.repository.comments.remove(_comment(request))
    return Answer(204)


@endpoint("GET", "/repos/{owner}/{repo}/labels", *READ)
def get_repository_labels(request: Request) -> Answer:
    """List a repository's labels."""
    page, headers = request.page(list(request.repository.labels.values()))
    return Answer(200, [request.objects.label(request.repository, label) for label in page], headers)


@endpoint("GET", "/repos/{owner}/{repo}/issues/{issue_number}/labels", *READ)
def get_labels(request: Request) -> Answer:
    """List the labels of an issue or pull request."""
    page, headers = request.page(request.issue().labels)
    return Answer(200, [request.objects.label(request.repository, label) for label in page], headers)


@endpoint("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", *WRITE)
def add_labels(request: Request) -> Answer:
    """Add labels; those that the repository has not yet are made, as GitHub does."""
    issue, given = request.issue(), (request.body or {}).get("labels", [])
    issue.labels += [label for label in _labels(request, given) if label not in issue.labels]
    issue.touch()
    return Answer(200, [request.objects.label(request.repository, label) for label in issue.labels])


@endpoint("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", *WRITE)
def remove_label(request: Request) -> Answer:
    """Take a label off an issue or pull request."""
    issue, name = request.issue(), request.parameters["name"].lower()
    left = [label for label in issue.labels if label.name.lower() != name]
    if len(left) == len(issue.labels):
        raise Refused(404, "Label does not exist")
    issue.labels = left
    return Answer(200, [request.objects.label(request.repository, label) for label in left])


@endpoint("POST", "/repos/{owner}/{repo}/labels", *WRITE)
def create_label(request: Request) -> Answer:
    """Make a label."""
    repository, body = request.repository, request.body
    if body["name"].lower() in repository.labels:
        raise invalid("Label", "already_exists", "name")
    color = body.get("color", "ededed").lower()
    if not COLOR.fullmatch(color):
        raise invalid("Label", "invalid", "color")
    label = Label(request.github.next_id(), body["name"], color, body.get("description"))
    repository.labels[label.name.lower()] = label
    made = request.objects.label(repository, label)
    return Answer(201, made, {"Location": made["url"]})


@endpoint("GET", "/repos/{owner}/{repo}/issues", *READ)
def get_issues(request: Request) -> Answer:
    """List issues, and pull requests among them, filtered and sorted."""
    repository, query = request.repository, request.query
    every: list[Issue | Pull] = [*repository.issues, *repository.pulls]
    found = [one for one in every if _wanted(one, query)]
    order = query.get("sort", "created")
    found.sort(
        key=lambda one: (
            len(one.comments) if order == "comments" else getattr(one, f"{order}_at"),
            one.number,
        ),
        reverse=query.get("direction", "desc") == "desc",
    )
    page, headers = request.page(found)
    return Answer(200, [issue_objects.issue(request.objects, one) for one in page], headers)


@endpoint("POST", "/repos/{owner}/{repo}/issues", ("issues", "write"))
def create_issue(request: Request) -> Answer:
    """Open an issue."""
    repository, body = request.repository, request.body
    _check_enabled(repository)
    _check_issue(body)
    issue = Issue(
        id=request.github.next_id(),
        number=repository.next_number,
        user=request.caller.user,
        repository=repository,
        title=str(body["title"]),
        body=body.get("body"),
        labels=_labels(request, body.get("labels", [])),
        assignees=_assignees(request, body.get("assignees", [])),
    )
    repository.issues.append(issue)
    made = issue_objects.issue(request.objects, issue)
    return Answer(201, made, {"Location": made["url"]})


@endpoint("GET", "/repos/{owner}/{repo}/issues/{issue_number}", *READ)
def get_issue(request: Request) -> Answer:
    """Give an issue or pull request."""
    return Answer(200, issue_objects.issue(request.objects, request.issue()))


@endpoint("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", *WRITE)
def update_issue(request: Request) -> Answer:
    """Change an issue or pull request."""
    issue, body = request.issue(), request.body or {}
    _check_issue({"title": issue.title, **body})
    issue.title, issue.body = str(body.get("title", issue.title)), body.get("body", issue.body)
    if "labels" in body:
        issue.labels = _labels(request, body["labels"])
    if isinstance(issue, Issue):
        issue.state_reason = body.get("state_reason", issue.state_reason)
        if "assignees" in body:
            issue.assignees = _assignees(request, body["assignees"])
    if body.get("state", issue.state) != issue.state:
        (issue.close if body["state"] == "closed" else issue.reopen)()
    issue.touch()
    return Answer(200, issue_objects.issue(request.objects, issue))


def _wanted(one: Issue | Pull, query: Any) -> bool:
    labels = {label.name.lower() for label in one.labels}
    asked = {name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()}
    creator = query.get("creator", one.user.login)
    return (
        query.get("state", "open") in ("all", one.state)
        and asked <= labels
        and creator.lower() == one.user.login.lower()
        and one.updated_at >= query.get("since", "")
    )


def _check_enabled(repository: Repository) -> None:
    if not repository.settings.get("has_issues", True):
        raise Refused(410, "Issues has been disabled in this repository.")


def _check_issue(body: dict[str, Any]) -> None:
    if not str(body["title"]).strip():
        raise invalid("Issue", "missing_field", "title")
    for name, limit in (("title", TITLE_LIMIT), ("body", BODY_LIMIT)):
        if len(str(body.get(name) or "")) > limit:
            message = f"{name} is too long (maximum is {limit} characters)"
            raise invalid("Issue", "custom", name, message)


def _labels(request: Request, given: Any) -> list[Label]:
    labels = []
    for name in (one if isinstance(one, str) else one["name"] for one in given):
        if not name.strip():
            raise invalid("Label", "missing_field", "name")
        known = request.repository.labels
        label = known.setdefault(name.lower(), Label(request.github.next_id(), name))
        labels += [label] if label not in labels else []
    return labels


def _assignees(request: Request, logins: list[str]) -> list[User]:
    # GitHub leaves out those who cannot be assigned, without a word.
    found = (request.github.users.get(login.lower()) for login in logins)
    return [user for user in found if user]


def _comment(request: Request) -> Comment:
    wanted = request.parameters["comment_id"]
    found = next((one for one in request.repository.comments if str(one.id) == wanted), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _check_body(body: str) -> None:
    message = f"Body is too long (maximum is {BODY_LIMIT} characters)"
    if len(body) > BODY_LIMIT:
        raise invalid("IssueComment", "unprocessable", "data", message)
    if not body.strip():
        raise invalid("IssueComment", "unprocessable", "data", "Body cannot be blank")
