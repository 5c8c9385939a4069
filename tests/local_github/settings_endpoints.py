"""Endpoints for what administrators set: a repository's settings, its making, protection, Actions."""

from typing import Any

from .git import git
from .objects import FEATURES, MERGING
from .owner_endpoints import organisation
from .repository import Repository
from .rest import Answer, Refused, Request, endpoint
from .tokens import Token

Json = dict[str, Any]
READ = ("administration", "read")
WRITE = ("administration", "write")
REPOSITORY = "/repos/{owner}/{repo}"
PROTECTION = f"{REPOSITORY}/branches/{{branch}}/protection"
ACTIONS = f"{REPOSITORY}/actions/permissions"
# Switches of a protection: what GitHub takes as a truth value it gives as an object.
SWITCHES = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)


@endpoint("PATCH", REPOSITORY, WRITE)
def update_repository(request: Request) -> Answer:
    """Change settings; the name cannot be changed here."""
    repository, body = request.repository, request.body or {}
    if body.get("name", repository.name) != repository.name:
        raise Refused(422, "the local GitHub does not rename repositories")
    branch = body.get("default_branch", repository.default_branch)
    if branch != repository.default_branch:
        _set_default_branch(repository, branch)
    repository.description = body.get("description", repository.description)
    repository.archived = body.get("archived", repository.archived)
    repository.private = body.get("private", body.get("visibility", "") == "private" or repository.private)
    if body.get("visibility") == "public":
        repository.private = False
    repository.is_template = body.get("is_template", repository.is_template)
    repository.delete_branch_on_merge = body.get("delete_branch_on_merge", repository.delete_branch_on_merge)
    known = (*FEATURES, *MERGING, "homepage")
    repository.settings |= {name: value for name, value in body.items() if name in known}
    return Answer(200, request.objects.full_repository(repository, request.token))


@endpoint("POST", "/repos/{template_owner}/{template_repo}/generate")
def generate(request: Request) -> Answer:
    """Make a repository out of a template: its files in one first commit."""
    body, token = request.body, request.caller
    template = _template(request)
    owner = body.get("owner", token.user.login)
    repository = _made(request, token, f"{owner}/{body['name']}", body, template.default_branch)
    repository.template = template
    branches = template.branches() if body.get("include_all_branches") else {}
    start = template.sha(f"refs/heads/{template.default_branch}")
    for branch, sha in {**branches, template.default_branch: start}.items():
        if sha:
            _copy(template, repository, branch, sha)
    return _created(request, repository)


@endpoint("POST", "/orgs/{org}/repos")
def create_repository(request: Request) -> Answer:
    """Make an empty repository of an organisation, with a README where that is asked for."""
    full_name = f"{organisation(request).login}/{request.body['name']}"
    return _created(request, _made(request, request.caller, full_name, request.body, "main"))


@endpoint("POST", "/user/repos")
def create_own_repository(request: Request) -> Answer:
    """Make an empty repository of the token's user, with a README where that is asked for."""
    token = request.caller
    full_name = f"{token.user.login}/{request.body['name']}"
    return _created(request, _made(request, token, full_name, request.body, "main"))


@endpoint("GET", PROTECTION, READ)
def get_protection(request: Request) -> Answer:
    """Give the protection of a branch."""
    repository, branch = request.repository, _branch(request)
    if not repository.protects(branch):
        raise Refused(404, "Branch not protected")
    usual = {"required_pull_request_reviews": {"required_approving_review_count": 1}}
    return Answer(200, _protection(request, repository.protections.get(branch, usual)))


@endpoint("PUT", PROTECTION, WRITE)
def update_protection(request: Request) -> Answer:
    """Protect a branch; with required reviews it takes no push."""
    repository, branch = request.repository, _branch(request)
    repository.protections[branch] = request.body
    if request.body["required_pull_request_reviews"] is None:
        repository.protected.discard(branch)
    else:
        repository.protected.add(branch)
    return Answer(200, _protection(request, request.body))


@endpoint("DELETE", PROTECTION, WRITE)
def delete_protection(request: Request) -> Answer:
    """Take the protection off a branch."""
    repository, branch = request.repository, _branch(request)
    if not repository.protects(branch):
        raise Refused(404, "Branch not protected")
    repository.protections.pop(branch, None)
    repository.protected.discard(branch)
    return Answer(204)


@endpoint("GET", ACTIONS, READ)
def get_actions(request: Request) -> Answer:
    """Say whether Actions are on, and which may run."""
    allowed = request.repository.actions_permissions
    url = f"{request.objects.api_url}{request.path}/selected-actions"
    selected = {"selected_actions_url": url} if allowed.get("allowed_actions") == "selected" else {}
    return Answer(200, {**allowed, **selected})


@endpoint("PUT", ACTIONS, WRITE)
def update_actions(request: Request) -> Answer:
    """Switch Actions on or off."""
    request.repository.actions_permissions |= request.body
    return Answer(204)


@endpoint("GET", f"{ACTIONS}/workflow", READ)
def get_workflow_permissions(request: Request) -> Answer:
    """Say what a workflow's token may do by default."""
    return Answer(200, request.repository.workflow_permissions)


@endpoint("PUT", f"{ACTIONS}/workflow", WRITE)
def update_workflow_permissions(request: Request) -> Answer:
    """Set what a workflow's token may do by default."""
    request.repository.workflow_permissions |= request.body or {}
    return Answer(204)


def _set_default_branch(repository: Repository, branch: str) -> None:
    if repository.sha(f"refs/heads/{branch}") is None:
        advice = "Please push that ref first or create it via the Git Data API."
        reason = f"The branch {branch} was not found. {advice}"
        raise Refused(
            422, "Validation Failed", {"resource": "Repository", "code": "custom", "message": reason}
        )
    git(repository.git_dir, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    repository.default_branch = branch


def _template(request: Request) -> Repository:
    name = f"{request.parameters['template_owner']}/{request.parameters['template_repo']}"
    template = request.github.find(name)
    if template is None or not request.github.visible(template, request.token) or not template.is_template:
        raise Refused(404, "Not Found")
    return template


def _made(request: Request, token: Token, full_name: str, body: Json, branch: str) -> Repository:
    if not token.may(full_name, "administration", "write"):
        raise Refused(403, token.refusal)
    if request.github.find(full_name):
        taken = {"resource": "Repository", "code": "custom", "field": "name"}
        message = "name already exists on this account"
        raise Refused(422, "Repository creation failed.", {**taken, "message": message})
    files = {"README.md": f"# {body['name']}\n"} if body.get("auto_init") else None
    return request.github.create_repository(
        full_name,
        files,
        default_branch=branch,
        private=body.get("private", False),
        description=body.get("description"),
    )


def _copy(template: Repository, repository: Repository, branch: str, sha: str) -> None:
    git(repository.git_dir, "fetch", "--quiet", str(template.git_dir), sha)
    tree = repository.sha(sha, "tree")
    made = git(repository.git_dir, "commit-tree", str(tree), data=b"Initial commit\n").decode().strip()
    repository.update_ref(f"refs/heads/{branch}", made)


def _created(request: Request, repository: Repository) -> Answer:
    made = request.objects.full_repository(repository, request.token)
    return Answer(201, made, {"Location": made["url"]})


def _branch(request: Request) -> str:
    branch = request.parameters["branch"]
    if request.repository.sha(f"refs/heads/{branch}") is None:
        raise Refused(404, "Branch not found")
    return branch


def _protection(request: Request, rules: Json) -> Json:
    url = f"{request.objects.api_url}{request.path}"
    switches = {name: {"enabled": bool(rules.get(name, False))} for name in SWITCHES}
    admins = {"url": f"{url}/enforce_admins", "enabled": bool(rules.get("enforce_admins"))}
    found: Json = {"url": url, "enforce_admins": admins, **switches}
    if checks := rules.get("required_status_checks"):
        contexts = [*checks.get("contexts", []), *(one["context"] for one in checks.get("checks", []))]
        found["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": checks.get("strict", False),
            "contexts": contexts,
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": name, "app_id": None} for name in contexts],
        }
    if (reviews := rules.get("required_pull_request_reviews")) is not None:
        usual = {"dismiss_stale_reviews": False, "require_code_owner_reviews": False}
        counts = {"required_approving_review_count": 1, "require_last_push_approval": False}
        given = {name: value for name, value in reviews.items() if name in {**usual, **counts}}
        found["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            **usual,
            **counts,
            **given,
        }
    return found
