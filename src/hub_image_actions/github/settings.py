"""The settings of a repository that are no files: variables, secrets, Actions and the rules of a branch.

Source: https://docs.github.com/en/rest (Actions: permissions, secrets, variables; Repositories: rules).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeVar
from urllib.parse import quote

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.creation import create_once
from hub_image_actions.github.values import Json

T = TypeVar("T")
Visibility = Literal["all", "private", "selected"]
Kind = Literal["secrets", "variables"]
_MOST_VARIABLES = 30


@dataclass(frozen=True)
class Hidden:
    """Something that the token may not see.

    Args:
        what: what it is, as ``the secrets``.
        right: the right that is missing, as GitHub's pages call it.
        said: GitHub's own message.
    """

    what: str
    right: str
    said: str


@dataclass(frozen=True)
class ActionsPolicy:
    """Whether Actions run, and which.

    Args:
        enabled: whether any workflow runs.
        allowed: ``all``, ``local_only`` or ``selected``.
        github_owned: with ``selected``, whether those of GitHub's own organisations are allowed.
        patterns: with ``selected``, what is allowed besides.
        pinned: whether actions have to be named by their commits.
    """

    enabled: bool
    allowed: str = "all"
    github_owned: bool = True
    patterns: tuple[str, ...] = ()
    pinned: bool = False


@dataclass(frozen=True)
class BranchRules:
    """What a change to a branch has to go through, by rulesets and by classic protection together.

    Args:
        pull_request: whether it takes a pull request.
        checks: the names of the checks that must have passed.
        queue: whether a merge queue waits for them once more.
    """

    pull_request: bool
    checks: tuple[str, ...] = ()
    queue: bool = False


@dataclass(frozen=True)
class RepositorySettings:
    """Everything about a repository that matters to its workflows, as far as the token may see it.

    Args:
        variables: name and value of every variable that its workflows see.
        secrets: the names of the secrets that its workflows see.
        actions: whether Actions run, and which.
        token: what the workflows' own token may do where they do not say: ``read`` or ``write``.
        disabled: the workflows that are switched off: path and state.
        rules: the rules of the default branch.
        deletes_branches: whether branches are deleted once their pull requests are merged.
    """

    variables: Mapping[str, str] | Hidden = field(default_factory=dict)
    secrets: frozenset[str] | Hidden = frozenset()
    actions: ActionsPolicy | Hidden = ActionsPolicy(enabled=True)
    token: str | Hidden = "read"  # noqa: S105 - a level of permissions
    disabled: Mapping[str, str] | Hidden = field(default_factory=dict)
    rules: BranchRules | Hidden = BranchRules(pull_request=True)
    deletes_branches: bool | Hidden = True


class Administration:
    """The settings of one repository, read and written.

    Every method raises GitHubError where the token may not, or GitHub does not answer.

    Args:
        github: who is asked.
        full_name: the repository.
    """

    def __init__(self, github: GitHub, full_name: str) -> None:
        self._github = github
        self._owner = full_name.partition("/")[0]
        self._path = f"/repos/{full_name}"

    # https://docs.github.com/en/rest/actions/variables#list-repository-organization-variables
    # https://docs.github.com/en/rest/actions/variables#list-repository-variables
    def variables(self) -> dict[str, str]:
        """Return the variables that the workflows see; the repository's own go before the organisation's."""
        variables = self._listed("organization-variables", "variables", per_page=_MOST_VARIABLES)
        variables += self._listed("variables", "variables", per_page=_MOST_VARIABLES)
        return {str(item["name"]): str(item["value"]) for item in variables}

    # https://docs.github.com/en/rest/actions/secrets#list-repository-secrets
    # https://docs.github.com/en/rest/actions/secrets#list-repository-organization-secrets
    def secrets(self) -> frozenset[str]:
        """Return the names of the secrets that the workflows see."""
        secrets = self._listed("secrets", "secrets") + self._listed("organization-secrets", "secrets")
        return frozenset(str(item["name"]) for item in secrets)

    # https://docs.github.com/en/rest/actions/permissions#get-github-actions-permissions-for-a-repository
    # https://docs.github.com/en/rest/actions/permissions#get-allowed-actions-and-reusable-workflows-for-a-repository
    def actions(self) -> ActionsPolicy:
        """Return whether Actions run, and which."""
        path = f"{self._path}/actions/permissions"
        answer = self._github.get(path)
        allowed = str(answer.get("allowed_actions", "all"))
        chosen: Json = self._github.get(f"{path}/selected-actions") if allowed == "selected" else {}
        return ActionsPolicy(
            bool(answer["enabled"]),
            allowed,
            bool(chosen.get("github_owned_allowed", True)),
            tuple(chosen.get("patterns_allowed", [])),
            bool(answer.get("sha_pinning_required")),
        )

    # https://docs.github.com/en/rest/actions/permissions#get-default-workflow-permissions-for-a-repository
    def token(self) -> str:
        """Return what the workflows' own token may do where they do not say: ``read`` or ``write``."""
        return str(
            self._github.get(f"{self._path}/actions/permissions/workflow")["default_workflow_permissions"]
        )

    # https://docs.github.com/en/rest/actions/workflows#list-repository-workflows
    def disabled_workflows(self) -> dict[str, str]:
        """Return the workflows that are switched off: path and state."""
        workflows = self._listed("workflows", "workflows")
        return {str(item["path"]): str(item["state"]) for item in workflows if item["state"] != "active"}

    # https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    # https://docs.github.com/en/rest/branches/branches#get-a-branch
    def rules(self, branch: str) -> BranchRules:
        """Return what a change to a branch has to go through."""
        name = quote(branch, safe="")
        rules = list(self._github.pages(f"{self._path}/rules/branches/{name}"))
        classic: Json = self._github.get(f"{self._path}/branches/{name}").get("protection") or {}
        required = classic.get("required_status_checks") or {}
        named = [
            check["context"]
            for rule in rules
            if rule["type"] == "required_status_checks"
            for check in rule["parameters"]["required_status_checks"]
        ]
        checks = tuple(dict.fromkeys([*named, *required.get("contexts", [])]))
        types = {rule["type"] for rule in rules}
        pull_request = "pull_request" in types or bool(classic.get("enabled"))
        return BranchRules(pull_request, checks, queue="merge_queue" in types)

    # https://docs.github.com/en/rest/repos/rules#get-all-repository-rulesets
    # https://docs.github.com/en/rest/repos/rules#get-a-repository-ruleset
    def ruleset(self, name: str) -> Json | None:
        """Return the repository's own ruleset of that name, with its rules; None where there is none."""
        listed = self._github.pages(f"{self._path}/rulesets", includes_parents="false")
        ruleset = next((item for item in listed if item["name"] == name), None)
        return self._github.get(f"{self._path}/rulesets/{ruleset['id']}") if ruleset else None

    # https://docs.github.com/en/rest/actions/secrets#get-an-organization-secret
    # https://docs.github.com/en/rest/actions/variables#get-an-organization-variable
    def visibility(self, kind: Kind, name: str) -> Visibility | None:
        """Return which repositories see a secret or variable of the organisation; None if there is none."""
        try:
            answer = self._github.get(f"/orgs/{self._owner}/actions/{kind}/{name}")
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        visibility: Visibility = answer["visibility"]
        return visibility

    # https://docs.github.com/en/rest/actions/variables#get-a-repository-variable
    # https://docs.github.com/en/rest/actions/variables#create-a-repository-variable
    def set_variable(self, name: str, value: str) -> None:
        """Set a variable that is not there yet."""
        path = f"{self._path}/actions/variables"

        def find() -> str | None:
            try:
                return str(self._github.get(f"{path}/{name}")["value"])
            except GitHubError as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise

        def create() -> str:
            self._github.send("POST", path, {"name": name, "value": value})
            return value

        create_once(find, create)

    # https://docs.github.com/en/rest/actions/secrets#add-selected-repository-to-an-organization-secret
    # https://docs.github.com/en/rest/actions/variables#add-selected-repository-to-an-organization-variable
    def show(self, kind: Kind, name: str, repository_id: int) -> None:
        """Let a repository see a secret or variable that the organisation shows to selected ones."""
        self._github.send("PUT", f"/orgs/{self._owner}/actions/{kind}/{name}/repositories/{repository_id}")

    # https://docs.github.com/en/rest/repos/repos#update-a-repository
    def delete_merged_branches(self) -> None:
        """Have branches deleted once their pull requests are merged."""
        self._github.send("PATCH", self._path, {"delete_branch_on_merge": True})

    # https://docs.github.com/en/rest/repos/rules#create-a-repository-ruleset
    def create_ruleset(self, ruleset: Json) -> None:
        """Create a ruleset, unless there is one of its name."""
        create_once(
            lambda: self.ruleset(ruleset["name"]),
            lambda: dict(self._github.send("POST", f"{self._path}/rulesets", ruleset)),
        )

    def _listed(self, what: str, key: str, per_page: int = 100) -> list[Json]:
        """Return the items of a list that comes inside an object, page after page."""
        items: list[Json] = []
        page = 1
        while True:
            answer = self._github.get(f"{self._path}/actions/{what}", per_page=per_page, page=page)
            items += answer[key]
            if len(items) >= answer["total_count"] or not answer[key]:
                return items
            page += 1


def settings_of(github: GitHub, full_name: str, branch: str, about: Json) -> RepositorySettings:
    """Return the settings of a repository, what the token may not see as `Hidden`.

    Args:
        github: who is asked.
        full_name: the repository.
        branch: the branch whose rules count.
        about: GitHub's description of the repository.

    Raises:
        GitHubError: GitHub answers with another error than that the token may not, or not at all.
    """
    asked = Administration(github, full_name)
    admin = "Administration: read"
    deletes = about.get("delete_branch_on_merge")
    untold = Hidden("what becomes of merged branches", "Contents: write", "it is left out of the answer")
    return RepositorySettings(
        variables=seen("the variables, and by them the image", "Variables: read", asked.variables),
        secrets=seen("the names of the secrets", "Secrets: read", asked.secrets),
        actions=seen("whether Actions are enabled", admin, asked.actions),
        token=seen("what the workflows' token may do", admin, asked.token),
        disabled=seen("which workflows are disabled", "Actions: read", asked.disabled_workflows),
        rules=seen(f"the rules of {branch}", "Contents: read", lambda: asked.rules(branch)),
        deletes_branches=untold if deletes is None else bool(deletes),
    )


def seen(what: str, right: str, ask: Callable[[], T]) -> T | Hidden:
    """Return an answer, or what is hidden and which right would show it.

    Args:
        what: what is asked for, in words.
        right: the right that it takes.
        ask: what asks.

    Raises:
        GitHubError: another error than that the token may not.
    """
    try:
        return ask()
    except GitHubError as error:
        # GitHub says "not found" of what it does not show.
        if not error.is_withheld:
            raise
        return Hidden(what, right, error.message)


def default_branch_ruleset(name: str, checks: Sequence[str]) -> Json:
    """Return the ruleset of the default branch: pull requests only, never deleted, and these checks.

    Args:
        name: what the ruleset is called.
        checks: the checks that must have passed.
    """
    review = {
        "required_approving_review_count": 0,
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    required = {
        "required_status_checks": [{"context": check} for check in checks],
        "strict_required_status_checks_policy": False,
    }
    rules: list[Json] = [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {"type": "pull_request", "parameters": review},
    ]
    if checks:
        rules.append({"type": "required_status_checks", "parameters": required})
    return {
        "name": name,
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": rules,
    }
