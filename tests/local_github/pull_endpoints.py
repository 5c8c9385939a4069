"""Endpoints for pull requests."""

from collections.abc import Sequence
from typing import Any

from .pulls import BODY_LIMIT, TITLE_LIMIT, Pull, merge, store_head
from .repository import Repository
from .rest import Answer, Refused, Request, endpoint, invalid
from .tokens import User

READ = ("pull_requests", "read")
WRITE = ("pull_requests", "write")
ORDERS = {
    "created": "created_at",
    "updated": "updated_at",
    "popularity": "number",
    "long-running": "created_at",
}


@endpoint("GET", "/repos/{owner}/{repo}/pulls", READ)
def get_pulls(request: Request) -> Answer:
    """List pull requests, filtered and sorted."""
    found = [pull for pull in request.repository.pulls if _wanted(pull, request.query)]
    order = request.query.get("sort", "created")
    direction = request.query.get("direction", "desc" if order == "created" else "asc")
    found.sort(key=lambda pull: (getattr(pull, ORDERS[order]), pull.number), reverse=direction == "desc")
    page, headers = request.page(found)
    return Answer(200, [request.objects.pull(pull, request.token) for pull in page], headers)


@endpoint("POST", "/repos/{owner}/{repo}/pulls", WRITE)
def create_pull(request: Request) -> Answer:
    """Open a pull request."""
    repository, body = request.repository, request.body
    _check_texts(body)
    if not body.get("title"):
        raise invalid("PullRequest", "missing_field", "title")
    owner, source, branch = _head(request, body["head"])
    base_sha = repository.sha(f"refs/heads/{body['base']}")
    if base_sha is None:
        raise invalid("PullRequest", "invalid", "base")
    head_sha = source.sha(f"refs/heads/{branch}")
    if head_sha is None:
        raise invalid("PullRequest", "invalid", "head")
    pull = Pull(
        id=request.github.next_id(),
        number=repository.next_number,
        user=request.caller.user,
        repository=repository,
        head_repository=source,
        head_owner=owner,
        head=branch,
        head_sha=head_sha,
        base=body["base"],
        base_sha=base_sha,
        title=body["title"],
        body=body.get("body"),
        draft=body.get("draft", False),
        maintainer_can_modify=body.get("maintainer_can_modify", source is not repository),
    )
    _check_new(pull)
    repository.pulls.append(pull)
    made = request.objects.full_pull(pull, request.token, None)
    return Answer(201, made, {"Location": made["url"]})


@endpoint("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", READ)
def get_pull(request: Request) -> Answer:
    """Give a pull request."""
    return _full(request, request.pull())


@endpoint("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", WRITE)
def update_pull(request: Request) -> Answer:
    """Change title, body, base or state."""
    pull, body = request.pull(), request.body or {}
    _check_texts(body)
    if "title" in body and not body["title"]:
        raise invalid("PullRequest", "missing_field", "title")
    if "base" in body:
        _move_base(pull, body["base"])
    pull.title = body.get("title", pull.title)
    pull.body = body.get("body", pull.body)
    _change_state(pull, body.get("state", pull.state))
    pull.touch()
    return _full(request, pull)


@endpoint("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/commits", READ)
def get_pull_commits(request: Request) -> Answer:
    """List a pull request's commits, oldest first."""
    page, headers = request.page(request.pull().commits())
    return Answer(200, [request.objects.commit(request.repository, commit) for commit in page], headers)


@endpoint("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/files", READ)
def get_pull_files(request: Request) -> Answer:
    """List the files that a pull request changes."""
    pull = request.pull()
    page, headers = request.page(pull.files())
    return Answer(
        200, [request.objects.file(request.repository, pull.head_sha, file) for file in page], headers
    )


@endpoint("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", READ)
def is_merged(request: Request) -> Answer:
    """Say by the status whether a pull request was merged."""
    if not request.pull().merged:
        raise Refused(404, "Not Found")
    return Answer(204)


@endpoint("PUT", "/repos/{owner}/{repo}/pulls/{pull_number}/merge", ("contents", "write"))
def merge_pull(request: Request) -> Answer:
    """Merge a pull request with a real merge commit."""
    pull, body = request.pull(), request.body or {}
    if pull.state == "closed" or pull.draft:
        raise Refused(405, "Pull Request is not mergeable")
    if body.get("sha", pull.head_sha) != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    texts = body.get("commit_title"), body.get("commit_message")
    sha = merge(pull, request.caller.user, *texts, body.get("merge_method", "merge"))
    if sha is None:
        raise Refused(405, "Pull Request has merge conflicts")
    return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@endpoint("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers", WRITE)
def request_reviewers(request: Request) -> Answer:
    """Ask users for a review."""
    pull, body = request.pull(), request.body or {}
    repository, names = request.repository, body.get("reviewers", [])
    users = [_collaborator(request, name) for name in names]
    known = [user for user in users if user]
    if len(known) < len(names) or body.get("team_reviewers"):
        reason = "One or more of the users or teams you specified is not a collaborator of the"
        message = (
            f"Reviews may only be requested from collaborators. {reason} {repository.full_name} repository."
        )
        raise Refused(422, message)
    if pull.user in known:
        raise Refused(422, "Review cannot be requested from pull request author.")
    pull.reviewers += [user for user in known if user not in pull.reviewers]
    pull.touch()
    return Answer(201, request.objects.pull(pull, request.token))


def _wanted(pull: Pull, query: Any) -> bool:
    state, base, head = query.get("state", "open"), query.get("base"), query.get("head", "")
    # GitHub ignores a head that does not name its owner, and then lists every pull request.
    return (
        state in ("all", pull.state)
        and base in (None, pull.base)
        and (":" not in head or head.lower() == pull.label.lower() or head == pull.label)
    )


def _check_texts(body: dict[str, Any]) -> None:
    if len(body.get("title") or "") > TITLE_LIMIT:
        raise invalid(
            "PullRequest", "custom", "title", f"title is too long (maximum is {TITLE_LIMIT} characters)"
        )
    if len(body.get("body") or "") > BODY_LIMIT:
        raise invalid(
            "PullRequest", "custom", "body", f"body is too long (maximum is {BODY_LIMIT} characters)"
        )


def _head(request: Request, head: str) -> tuple[User, Repository, str]:
    """Return owner, repository and branch of BRANCH or OWNER:BRANCH."""
    repository = request.repository
    login, colon, branch = head.rpartition(":")
    if not colon or login.lower() == repository.owner.login.lower():
        return repository.owner, repository, branch
    forks = (one for one in request.github.repositories.values() if one.parent is repository)
    fork = next((one for one in forks if one.owner.login.lower() == login.lower()), None)
    if fork is None:
        raise invalid("PullRequest", "invalid", "head")
    return fork.owner, fork, branch


def _check_new(pull: Pull) -> None:
    """Check what GitHub checks of a new pull request after its fields."""
    ends = (pull.head_repository, pull.head, pull.base)
    others: Sequence[Pull] = pull.repository.pulls
    if any((one.head_repository, one.head, one.base) == ends and one.state == "open" for one in others):
        raise invalid("PullRequest", "custom", None, f"A pull request already exists for {pull.label}.")
    store_head(pull)
    if not pull.repository.count(pull.base_sha, pull.head_sha)[0]:
        raise invalid("PullRequest", "custom", None, f"No commits between {pull.base} and {pull.head}")


def _move_base(pull: Pull, base: str) -> None:
    sha = pull.repository.sha(f"refs/heads/{base}")
    if sha is None:
        raise invalid("PullRequest", "invalid", "base")
    pull.base, pull.base_sha = base, sha


def _change_state(pull: Pull, state: str) -> None:
    if state == pull.state:
        return
    if state == "closed":
        pull.close()
        return
    source = pull.head_repository
    if pull.merged or source is None or source.sha(f"refs/heads/{pull.head}") is None:
        raise invalid(
            "PullRequest", "invalid", "state", "state cannot be changed. The head branch was deleted."
        )
    pull.reopen()
    pull.repository.changed(source)


def _full(request: Request, pull: Pull) -> Answer:
    mergeable = None if pull.merged else pull.repository.merged_tree(pull.base_sha, pull.head_sha) is not None
    return Answer(200, request.objects.full_pull(pull, request.token, mergeable))


def _collaborator(request: Request, login: str) -> User | None:
    allowed = request.repository.collaborators
    user = request.github.users.get(login.lower())
    return user if user and (not allowed or login.lower() in allowed) else None
