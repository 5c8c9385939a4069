"""Endpoints for comments and labels, which pull requests share with issues."""

from .pulls import BODY_LIMIT, Comment, Label
from .repository import now
from .rest import Answer, Refused, Request, endpoint, invalid

READ = (("issues", "read"), ("pull_requests", "read"))
WRITE = (("issues", "write"), ("pull_requests", "write"))


@endpoint("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", *READ)
def get_comments(request: Request) -> Answer:
    """List comments, oldest first."""
    page, headers = request.page(request.pull("issue_number").comments)
    return Answer(200, [request.objects.comment(request.repository, comment) for comment in page], headers)


@endpoint("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", *WRITE)
def create_comment(request: Request) -> Answer:
    """Write a comment."""
    pull, repository = request.pull("issue_number"), request.repository
    _check_body(request.body["body"])
    comment = Comment(request.github.next_id(), pull.number, request.caller.user, request.body["body"])
    repository.comments.append(comment)
    pull.touch()
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
    """List the labels of a pull request."""
    page, headers = request.page(request.pull("issue_number").labels)
    return Answer(200, [request.objects.label(request.repository, label) for label in page], headers)


@endpoint("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", *WRITE)
def add_labels(request: Request) -> Answer:
    """Add labels; those that the repository has not yet are made, as GitHub does."""
    pull, repository = request.pull("issue_number"), request.repository
    given = (request.body or {}).get("labels", [])
    for name in (one if isinstance(one, str) else one["name"] for one in given):
        if not name.strip():
            raise invalid("Label", "missing_field", "name")
        label = repository.labels.setdefault(name.lower(), Label(request.github.next_id(), name))
        if label not in pull.labels:
            pull.labels.append(label)
    pull.touch()
    return Answer(200, [request.objects.label(repository, label) for label in pull.labels])


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
