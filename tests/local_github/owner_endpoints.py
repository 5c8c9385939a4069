"""Endpoints for what an organisation or user owns: repositories."""

from collections.abc import Callable

from .repository import Repository
from .rest import Answer, Refused, Request, endpoint
from .tokens import User

ORDERS: dict[str, Callable[[Repository], str | int]] = {
    "created": lambda one: one.id,
    "updated": lambda one: one.pushed_at,
    "pushed": lambda one: one.pushed_at,
    "full_name": lambda one: one.full_name.lower(),
}


@endpoint("GET", "/orgs/{org}/repos")
def get_organisation_repositories(request: Request) -> Answer:
    """List an organisation's repositories."""
    return _listed(request, organisation(request), "created")


@endpoint("GET", "/users/{username}/repos")
def get_user_repositories(request: Request) -> Answer:
    """List a user's repositories."""
    user = request.github.users.get(request.parameters["username"].lower())
    if user is None:
        raise Refused(404, "Not Found")
    return _listed(request, user, "full_name")


def organisation(request: Request) -> User:
    """Return the organisation of the path."""
    user = request.github.users.get(request.parameters["org"].lower())
    if user is None or user.type != "Organization":
        raise Refused(404, "Not Found")
    return user


def _listed(request: Request, owner: User, order: str) -> Answer:
    github = request.github
    owned = [one for one in github.repositories.values() if one.owner is owner]
    seen = [one for one in owned if github.visible(one, request.token)]
    order = request.query.get("sort", order)
    direction = request.query.get("direction", "asc" if order == "full_name" else "desc")
    seen.sort(key=ORDERS[order], reverse=direction == "desc")
    page, headers = request.page(seen)
    return Answer(200, [request.objects.repository(one, request.token) for one in page], headers)
