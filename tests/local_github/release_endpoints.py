"""Endpoints for releases."""

from typing import Any

from .objects import Objects, node_id
from .releases import Release
from .repository import Repository, is_ref_name, now
from .rest import Answer, Refused, Request, endpoint, invalid

Json = dict[str, Any]
READ = ("contents", "read")
WRITE = ("contents", "write")
RELEASES = "/repos/{owner}/{repo}/releases"


@endpoint("GET", RELEASES, READ)
def get_releases(request: Request) -> Answer:
    """List releases, newest first; drafts only to those who may write."""
    repository, token = request.repository, request.token
    writes = token is not None and token.may(repository.full_name, *WRITE)
    page, headers = request.page([one for one in reversed(repository.releases) if writes or not one.draft])
    return Answer(200, [release(request.objects, repository, one) for one in page], headers)


@endpoint("GET", f"{RELEASES}/latest", READ)
def get_latest_release(request: Request) -> Answer:
    """Give the newest release that is neither draft nor pre-release."""
    found = [
        one for one in request.repository.releases if not one.draft and not one.prerelease and one.latest
    ]
    if not found:
        raise Refused(404, "Not Found")
    return Answer(200, release(request.objects, request.repository, found[-1]))


@endpoint("GET", f"{RELEASES}/tags/{{tag}}", READ)
def get_release_by_tag(request: Request) -> Answer:
    """Give the release of a tag."""
    tag = request.parameters["tag"]
    found = next((one for one in request.repository.releases if one.tag == tag and not one.draft), None)
    if found is None:
        raise Refused(404, "Not Found")
    return Answer(200, release(request.objects, request.repository, found))


@endpoint("GET", f"{RELEASES}/{{release_id}}", READ)
def get_release(request: Request) -> Answer:
    """Give a release."""
    return Answer(200, release(request.objects, request.repository, _found(request)))


@endpoint("POST", RELEASES, WRITE)
def create_release(request: Request) -> Answer:
    """Publish a release, with its tag where that is not there yet, or draft one."""
    repository, body = request.repository, request.body
    if not is_ref_name(f"refs/tags/{body['tag_name']}"):
        raise invalid("Release", "custom", "tag_name", "tag_name is not a valid tag")
    made = Release(
        id=request.github.next_id(),
        tag=body["tag_name"],
        target=body.get("target_commitish", repository.default_branch),
        author=request.caller.user,
        name=body.get("name"),
        body=body.get("body"),
        draft=body.get("draft", False),
        prerelease=body.get("prerelease", False),
        latest=body.get("make_latest", "true") != "false",
    )
    if not made.draft:
        _publish(repository, made)
    repository.releases.append(made)
    answer = release(request.objects, repository, made)
    return Answer(201, answer, {"Location": answer["url"]})


@endpoint("PATCH", f"{RELEASES}/{{release_id}}", WRITE)
def update_release(request: Request) -> Answer:
    """Change a release; a draft can be published so."""
    repository, found, body = request.repository, _found(request), request.body or {}
    found.tag = body.get("tag_name", found.tag)
    found.target = body.get("target_commitish", found.target)
    found.name, found.body = body.get("name", found.name), body.get("body", found.body)
    found.prerelease = body.get("prerelease", found.prerelease)
    if found.draft and not body.get("draft", True):
        _publish(repository, found)
        found.draft = False
    return Answer(200, release(request.objects, repository, found))


@endpoint("DELETE", f"{RELEASES}/{{release_id}}", WRITE)
def delete_release(request: Request) -> Answer:
    """Delete a release; its tag stays."""
    request.repository.releases.remove(_found(request))
    return Answer(204)


def release(build: Objects, repository: Repository, one: Release) -> Json:
    """Build a `release`."""
    start = f"{build.api_url}/repos/{repository.full_name}"
    url = f"{start}/releases/{one.id}"
    page = f"{build.server_url}/{repository.full_name}/releases/tag/{one.tag}"
    archives = {
        f"{kind}_url": None if one.draft else f"{start}/{kind}/{one.tag}" for kind in ("tarball", "zipball")
    }
    return {
        "url": url,
        "html_url": page,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        **archives,
        "id": one.id,
        "node_id": node_id("Release", one.id),
        "tag_name": one.tag,
        "target_commitish": one.target,
        "name": one.name,
        "body": one.body,
        "draft": one.draft,
        "prerelease": one.prerelease,
        "created_at": one.created_at,
        "published_at": one.published_at,
        "author": build.user(one.author),
        "assets": [],
    }


def _found(request: Request) -> Release:
    wanted = request.parameters["release_id"]
    found = next((one for one in request.repository.releases if str(one.id) == wanted), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _publish(repository: Repository, made: Release) -> None:
    if any(one.tag == made.tag and not one.draft and one is not made for one in repository.releases):
        raise invalid("Release", "already_exists", "tag_name")
    ref = f"refs/tags/{made.tag}"
    if repository.sha(ref) is None:
        target = repository.commit_sha(made.target)
        if target is None:
            raise invalid("Release", "invalid", "target_commitish")
        repository.update_ref(ref, target)
    made.published_at = now()
