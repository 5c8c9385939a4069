"""Endpoints for variables and secrets of Actions: a repository's own, and its organisation's."""

import re
from functools import partial
from typing import Any

from .owner_endpoints import organisation
from .repository import Repository, now
from .rest import Answer, Refused, Request, endpoint
from .shared import Shared

Json = dict[str, Any]
REPOSITORY = "/repos/{owner}/{repo}/actions"
ORGANISATION = "/orgs/{org}/actions"
NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*")
PERMISSION = {"secrets": "organization_secrets", "variables": "organization_actions_variables"}

# ---- a repository's own


@endpoint("GET", f"{REPOSITORY}/variables", ("variables", "read"))
def get_variables(request: Request) -> Answer:
    """List the variables."""
    page, headers = request.page(sorted(request.repository.variables))
    listed = [_variable(request.repository, name) for name in page]
    return Answer(200, {"total_count": len(request.repository.variables), "variables": listed}, headers)


@endpoint("POST", f"{REPOSITORY}/variables", ("variables", "write"))
def create_variable(request: Request) -> Answer:
    """Make a variable."""
    name = _checked(request.body["name"])
    if name in request.repository.variables:
        raise Refused(409, "Already exists - Variable already exists")
    request.repository.variables[name] = request.body["value"]
    return Answer(201, {})


@endpoint("GET", f"{REPOSITORY}/variables/{{name}}", ("variables", "read"))
def get_variable(request: Request) -> Answer:
    """Give a variable."""
    return Answer(200, _variable(request.repository, _name_of_variable(request)))


@endpoint("PATCH", f"{REPOSITORY}/variables/{{name}}", ("variables", "write"))
def update_variable(request: Request) -> Answer:
    """Change a variable's value or name."""
    variables, name, body = request.repository.variables, _name_of_variable(request), request.body or {}
    value = variables.pop(name)
    variables[_checked(body.get("name", name))] = body.get("value", value)
    return Answer(204)


@endpoint("DELETE", f"{REPOSITORY}/variables/{{name}}", ("variables", "write"))
def delete_variable(request: Request) -> Answer:
    """Delete a variable."""
    del request.repository.variables[_name_of_variable(request)]
    return Answer(204)


@endpoint("GET", f"{REPOSITORY}/secrets", ("secrets", "read"))
def get_secrets(request: Request) -> Answer:
    """List the names of the secrets."""
    repository = request.repository
    page, headers = request.page(sorted(repository.secrets))
    times = {"created_at": repository.created_at, "updated_at": repository.created_at}
    listed = [{"name": name, **times} for name in page]
    return Answer(200, {"total_count": len(repository.secrets), "secrets": listed}, headers)


@endpoint("GET", f"{REPOSITORY}/organization-secrets", ("secrets", "read"))
def get_organisation_secrets_seen(request: Request) -> Answer:
    """List the organisation's secrets that a repository sees."""
    return _seen(request, "secrets")


@endpoint("GET", f"{REPOSITORY}/organization-variables", ("variables", "read"))
def get_organisation_variables_seen(request: Request) -> Answer:
    """List the organisation's variables that a repository sees."""
    return _seen(request, "variables")


def _seen(request: Request, kind: str) -> Answer:
    repository = request.repository
    there: dict[str, Shared] = getattr(request.github.organisation(repository.owner.login), kind)
    seen = [one for _, one in sorted(there.items()) if one.seen_by(repository)]
    page, headers = request.page(seen)
    return Answer(200, {"total_count": len(seen), kind: [_plain(one, kind) for one in page]}, headers)


def _name_of_variable(request: Request) -> str:
    name = request.parameters["name"].upper()
    if name not in request.repository.variables:
        raise Refused(404, "Not Found")
    return name


def _variable(repository: Repository, name: str) -> Json:
    times = {"created_at": repository.created_at, "updated_at": repository.created_at}
    return {"name": name, "value": repository.variables[name], **times}


def _checked(name: str) -> str:
    if not NAME.fullmatch(name.upper()):
        rule = "can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_)"
        raise Refused(422, f"Variable names {rule}. Spaces are not allowed.")
    return name.upper()


# ---- an organisation's


def _list_shared(request: Request, kind: str) -> Answer:
    items = [one for _, one in sorted(_shared_of(request, kind, "read").items())]
    page, headers = request.page(items)
    return Answer(
        200, {"total_count": len(items), kind: [_full(request, one, kind) for one in page]}, headers
    )


def _list_repositories(request: Request, kind: str) -> Answer:
    shared = _selected(request, kind, "read")
    there = [one for one in request.github.repositories.values() if one.id in shared.repositories]
    page, headers = request.page(there)
    listed = [request.objects.repository(one) for one in page]
    return Answer(200, {"total_count": len(there), "repositories": listed}, headers)


def _replace_repositories(request: Request, kind: str) -> Answer:
    shared = _selected(request, kind, "write")
    shared.repositories = {_owned(request, number) for number in request.body["selected_repository_ids"]}
    shared.updated_at = now()
    return Answer(204)


def _change_repository(request: Request, kind: str) -> Answer:
    shared, number = _selected(request, kind, "write"), _owned(request, request.parameters["repository_id"])
    (shared.repositories.add if request.method == "PUT" else shared.repositories.discard)(number)
    shared.updated_at = now()
    return Answer(204)


def _give_shared(request: Request, kind: str) -> Answer:
    return Answer(200, _full(request, _named(request, kind, "read"), kind))


def _shared_of(request: Request, kind: str, level: str) -> dict[str, Shared]:
    owner, token = organisation(request), request.caller
    if not token.may("", PERMISSION[kind], level):
        raise Refused(403, token.refusal)
    found: dict[str, Shared] = getattr(request.github.organisation(owner.login), kind)
    return found


def _named(request: Request, kind: str, level: str) -> Shared:
    name = request.parameters.get("secret_name") or request.parameters["name"]
    found = _shared_of(request, kind, level).get(name.upper())
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _selected(request: Request, kind: str, level: str) -> Shared:
    shared = _named(request, kind, level)
    if shared.visibility != "selected":
        raise Refused(409, f"Visibility of the {kind.removesuffix('s')} is not set to selected")
    return shared


def _owned(request: Request, number: str | int) -> int:
    owner = organisation(request)
    owned = {one.id for one in request.github.repositories.values() if one.owner is owner}
    if int(number) not in owned:
        raise Refused(404, "Not Found")
    return int(number)


def _plain(shared: Shared, kind: str) -> Json:
    value = {"value": shared.value} if kind == "variables" else {}
    return {"name": shared.name, **value, "created_at": shared.created_at, "updated_at": shared.updated_at}


def _full(request: Request, shared: Shared, kind: str) -> Json:
    url = f"{request.objects.api_url}/orgs/{request.parameters['org']}/actions/{kind}/{shared.name}"
    selected = {"selected_repositories_url": f"{url}/repositories"} if shared.visibility == "selected" else {}
    return {**_plain(shared, kind), "visibility": shared.visibility, **selected}


def _enter(kind: str, name: str) -> None:
    """Enter the endpoints that secrets and variables have in common into the routing table."""
    one = f"{ORGANISATION}/{kind}/{{{name}}}"
    rows = (
        ("GET", f"{ORGANISATION}/{kind}", _list_shared),
        ("GET", one, _give_shared),
        ("GET", f"{one}/repositories", _list_repositories),
        ("PUT", f"{one}/repositories", _replace_repositories),
        ("PUT", f"{one}/repositories/{{repository_id}}", _change_repository),
        ("DELETE", f"{one}/repositories/{{repository_id}}", _change_repository),
    )
    for method, template, handler in rows:
        endpoint(method, template)(partial(handler, kind=kind))


_enter("secrets", "secret_name")
_enter("variables", "name")
