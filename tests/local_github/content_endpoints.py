"""Endpoints for files: one, or the entries of a folder."""

import base64
import binascii
import dataclasses
from typing import Any

from .git import GitError, git
from .git_endpoints import check_workflows
from .repository import Content, Repository, TreeEntry
from .rest import Answer, Refused, Request, endpoint

Json = dict[str, Any]
READ = ("contents", "read")
WRITE = ("contents", "write")
PATH = "/repos/{owner}/{repo}/contents/{path}"


@endpoint("GET", PATH, READ)
def get_contents(request: Request) -> Answer:
    """Give a file, or list a folder."""
    repository, path = request.repository, request.parameters["path"].strip("/")
    ref = request.query.get("ref", repository.default_branch)
    sha = repository.commit_sha(ref)
    if sha is None:
        raise Refused(404, f"No commit found for the ref {ref}")
    entry = _entry(repository, sha, path)
    if entry is None:
        raise Refused(404, "Not Found")
    build = request.objects
    if entry.type == "tree":
        listed = [build.content(repository, ref, one, None) for one in _entries(repository, sha, path)]
        return Answer(200, listed)
    return Answer(200, build.content(repository, ref, entry, repository.read(sha, path)))


@endpoint("PUT", PATH, WRITE)
def put_contents(request: Request) -> Answer:
    """Create or change a file by a commit on a branch."""
    try:
        content = base64.b64decode(request.body["content"])
    except binascii.Error:
        raise Refused(422, "content is not valid Base64") from None
    return _commit(request, content)


@endpoint("DELETE", PATH, WRITE)
def delete_contents(request: Request) -> Answer:
    """Delete a file by a commit on a branch."""
    return _commit(request, None)


def _commit(request: Request, content: bytes | None) -> Answer:
    repository, path, body = request.repository, request.parameters["path"].strip("/"), request.body
    branch = body.get("branch", repository.default_branch)
    before = repository.sha(f"refs/heads/{branch}")
    if before is None and repository.branches():
        raise Refused(404, f"Branch {branch} not found")
    there = _entry(repository, before, path) if before else None
    _check_sha(there, path, body.get("sha"), deletes=content is None)
    if branch in repository.protected:
        raise Refused(409, "Repository rule violations found\n\nChanges must be made through a pull request.")
    user = request.caller.user
    author = f"{user.login} <{user.id}+{user.login}@users.noreply.github.com>"
    # An executable file stays one.
    kept: Content = (there.mode, content) if there and content is not None else content
    # Made on a branch of its own first: what the token may not do must leave no trace.
    trial = f"refs/trial/{request.github.next_id()}"
    sha = repository.write_files({path: kept}, body["message"], before, trial, author)
    git(repository.git_dir, "update-ref", "-d", trial)
    check_workflows(request, sha)
    repository.update_ref(f"refs/heads/{branch}", sha, before)
    entry = _entry(repository, sha, path)
    file = request.objects.content(repository, branch, entry, None) if entry else None
    commit = request.objects.git_commit(repository, repository.commit_object(sha))
    return Answer(200 if there else 201, {"content": file, "commit": commit})


def _check_sha(there: TreeEntry | None, path: str, given: str | None, *, deletes: bool) -> None:
    if there is None and deletes:
        raise Refused(404, "Not Found")
    if there and not given:
        raise Refused(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if there and given != there.sha:
        raise Refused(409, f"{path} does not match {given}")


def _entry(repository: Repository, sha: str, path: str) -> TreeEntry | None:
    try:
        entries = _entries(repository, sha, path.rpartition("/")[0])
    except Refused:
        return None
    return next((one for one in entries if one.path == path), None)


def _entries(repository: Repository, sha: str, folder: str) -> list[TreeEntry]:
    try:
        entries = repository.tree(f"{sha}:{folder}")
    except GitError:
        raise Refused(404, "Not Found") from None
    start = f"{folder}/" if folder else ""
    return [dataclasses.replace(entry, path=start + entry.path) for entry in entries]
