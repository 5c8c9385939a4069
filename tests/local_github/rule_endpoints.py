"""Endpoints for rulesets, for the rules that a branch has by them, and for the actions that may run."""

from typing import Any

from .repository import Repository, now
from .rest import Answer, Refused, Request, endpoint, invalid

Json = dict[str, Any]
READ = ("metadata", "read")
WRITE = ("administration", "write")
RULESETS = "/repos/{owner}/{repo}/rulesets"
DEFAULT_BRANCH = "~DEFAULT_BRANCH"


@endpoint("GET", RULESETS, READ)
def get_rulesets(request: Request) -> Answer:
    """List the rulesets, without their rules."""
    page, headers = request.page(request.repository.rulesets)
    listed = [{name: value for name, value in one.items() if name != "rules"} for one in page]
    return Answer(200, listed, headers)


@endpoint("GET", f"{RULESETS}/{{ruleset_id}}", READ)
def get_ruleset(request: Request) -> Answer:
    """Give a ruleset with its rules."""
    return Answer(200, _ruleset(request))


@endpoint("POST", RULESETS, WRITE)
def create_ruleset(request: Request) -> Answer:
    """Make a ruleset."""
    repository, body = request.repository, request.body
    if any(one["name"] == body["name"] for one in repository.rulesets):
        raise invalid("RepositoryRuleset", "already_exists", "name", "Name must be unique")
    made = {
        "id": request.github.next_id(),
        "source_type": "Repository",
        "source": repository.full_name,
        "target": "branch",
        "rules": [],
        "conditions": {"ref_name": {"include": [], "exclude": []}},
        "created_at": now(),
        **body,
        "updated_at": now(),
    }
    repository.rulesets.append(made)
    _protect(repository)
    return Answer(201, made)


@endpoint("PUT", f"{RULESETS}/{{ruleset_id}}", WRITE)
def update_ruleset(request: Request) -> Answer:
    """Change a ruleset."""
    found = _ruleset(request)
    found |= {**(request.body or {}), "updated_at": now()}
    _protect(request.repository)
    return Answer(200, found)


@endpoint("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", READ)
def get_rules_of_branch(request: Request) -> Answer:
    """Give the rules that a branch has by all rulesets that are active."""
    repository, branch = request.repository, request.parameters["branch"]
    source = {"ruleset_source_type": "Repository", "ruleset_source": repository.full_name}
    rules = [
        {**rule, **source, "ruleset_id": one["id"]}
        for one in _active(repository, branch)
        for rule in one["rules"]
    ]
    page, headers = request.page(rules)
    return Answer(200, list(page), headers)


@endpoint("GET", "/repos/{owner}/{repo}/actions/permissions/selected-actions", ("administration", "read"))
def get_selected_actions(request: Request) -> Answer:
    """Say which actions may run where only selected ones may."""
    repository = request.repository
    if repository.actions_permissions.get("allowed_actions") != "selected":
        raise Refused(409, "Conflict")
    usual = {"github_owned_allowed": True, "verified_allowed": False, "patterns_allowed": []}
    return Answer(200, {**usual, **repository.selected_actions})


def _ruleset(request: Request) -> Json:
    number = request.parameters["ruleset_id"]
    found = next((one for one in request.repository.rulesets if str(one["id"]) == number), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _active(repository: Repository, branch: str) -> list[Json]:
    names = {f"refs/heads/{branch}", "~ALL"} | (
        {DEFAULT_BRANCH} if branch == repository.default_branch else set()
    )
    return [
        one
        for one in repository.rulesets
        if one["enforcement"] == "active" and names & set(one["conditions"]["ref_name"]["include"])
    ]


def _protect(repository: Repository) -> None:
    """Have the default branch take no push where a rule demands a pull request."""
    rules = [rule for one in _active(repository, repository.default_branch) for rule in one["rules"]]
    if any(rule["type"] == "pull_request" for rule in rules):
        repository.protected.add(repository.default_branch)
