"""The settings of a repository are read, and written without undoing what is there."""

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.settings import (
    Administration,
    Hidden,
    default_branch_ruleset,
    seen,
    settings_of,
)
from hub_image_actions.http import Http
from local_github import LocalGitHub, Repository

NAME = "hubs/data100-user-image"


@pytest.fixture
def administration(github: GitHub, repository: Repository) -> Administration:
    return Administration(github, NAME)


def test_all_variables_and_secrets_are_listed_however_many_pages_they_take(
    administration: Administration, repository: Repository
) -> None:
    variables = {f"V{number}": str(number) for number in range(65)}
    repository.variables.update(variables)
    repository.secrets.update({f"S{number}": "" for number in range(105)})
    assert administration.variables() == variables
    assert administration.secrets() == {f"S{number}" for number in range(105)}


def test_a_variable_is_set_once(administration: Administration, repository: Repository) -> None:
    administration.set_variable("HUB", "data100")
    administration.set_variable("HUB", "data8")
    assert repository.variables == {"HUB": "data100"}


def test_a_ruleset_is_created_once_and_its_rules_count(administration: Administration) -> None:
    assert administration.ruleset("ours") is None
    assert not administration.rules("main").pull_request
    for checks in (["Lint"], ["Other"]):
        administration.create_ruleset(default_branch_ruleset("ours", checks))
    ruleset = administration.ruleset("ours")
    assert ruleset is not None
    assert [rule["type"] for rule in ruleset["rules"]][-1] == "required_status_checks"
    rules = administration.rules("main")
    assert (rules.pull_request, rules.checks) == (True, ("Lint",))


def test_a_merge_queue_is_one_of_the_rules(administration: Administration) -> None:
    queue = {
        "check_response_timeout_minutes": 60,
        "grouping_strategy": "ALLGREEN",
        "max_entries_to_build": 5,
        "max_entries_to_merge": 5,
        "merge_method": "MERGE",
        "min_entries_to_merge": 1,
        "min_entries_to_merge_wait_minutes": 5,
    }
    ruleset = default_branch_ruleset("ours", ["Lint"])
    assert not administration.rules("main").queue
    ruleset["rules"].append({"type": "merge_queue", "parameters": queue})
    administration.create_ruleset(ruleset)
    assert administration.rules("main").queue


def test_merged_branches_are_deleted_from_then_on(github: GitHub, administration: Administration) -> None:
    administration.delete_merged_branches()
    about = github.get(f"/repos/{NAME}")
    assert settings_of(github, NAME, "main", about).deletes_branches is True


def test_what_a_token_may_not_see_is_hidden_and_named(server: LocalGitHub, repository: Repository) -> None:
    token = server.create_token(kind="installation", permissions={"contents": "read"}, repositories=[NAME])
    with Http() as http:
        github = GitHub(http, server.api_url, server.server_url, token)
        settings = settings_of(github, NAME, "main", {})
    assert isinstance(settings.variables, Hidden)
    assert isinstance(settings.secrets, Hidden)
    assert isinstance(settings.deletes_branches, Hidden)
    assert settings.secrets.right == "Secrets: read"


def test_a_ruleset_without_checks_requires_none() -> None:
    types = [rule["type"] for rule in default_branch_ruleset("r", ())["rules"]]
    assert types == ["deletion", "non_fast_forward", "pull_request"]


@pytest.mark.parametrize("status", [403, 404])
def test_what_github_does_not_show_is_hidden(status: int) -> None:
    def ask() -> str:
        raise GitHubError("GET x", status, "Resource not accessible")

    assert seen("it", "Some right", ask) == Hidden("it", "Some right", "Resource not accessible")


@pytest.mark.parametrize(("status", "message"), [(500, "Server Error"), (403, "API rate limit exceeded")])
def test_other_errors_are_errors(status: int, message: str) -> None:
    def ask() -> str:
        raise GitHubError("GET x", status, message)

    with pytest.raises(GitHubError):
        seen("it", "Some right", ask)
