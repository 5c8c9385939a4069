"""Endpoints for repositories, branches, commits and files."""

import re

from . import archives
from .repository import Commit, Repository
from .rest import Answer, Refused, Request, endpoint

READ = ("contents", "read")
FILES_AT_MOST = 300
TOPIC = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
MOST_TOPICS = 20


@endpoint("GET", "/user")
def get_user(request: Request) -> Answer:
    """Give the token's user; an app's installation is none."""
    token = request.caller
    if token.user.type == "Bot":
        raise Refused(403, token.refusal)
    return Answer(200, request.objects.private_user(token.user))


@endpoint("GET", "/users/{username}")
def get_user_by_name(request: Request) -> Answer:
    """Give a user."""
    user = request.github.users.get(request.parameters["username"].lower())
    if user is None:
        raise Refused(404, "Not Found")
    return Answer(200, request.objects.public_user(user))


@endpoint("GET", "/rate_limit")
def get_rate_limit(request: Request) -> Answer:
    """Give the limits, at no cost."""
    core = request.github.limits.of(request.token)
    return Answer(200, {"resources": {"core": core, "search": core}, "rate": core})


@endpoint("GET", "/installation/repositories")
def get_installation_repositories(request: Request) -> Answer:
    """Give the repositories that an installation's token covers."""
    token = request.caller
    if token.user.type != "Bot":
        raise Refused(
            403, "You must authenticate with an installation access token in order to list repositories."
        )
    covered = [one for one in request.github.repositories.values() if token.covers(one.full_name)]
    page, headers = request.page(covered)
    listed = [request.objects.repository(one, token) for one in page]
    kind = "all" if token.repositories is None else "selected"
    return Answer(
        200, {"total_count": len(covered), "repository_selection": kind, "repositories": listed}, headers
    )


@endpoint("GET", "/repos/{owner}/{repo}", ("metadata", "read"))
def get_repository(request: Request) -> Answer:
    """Give a repository."""
    return Answer(200, request.objects.full_repository(request.repository, request.token))


@endpoint("GET", "/repos/{owner}/{repo}/branches", READ)
def get_branches(request: Request) -> Answer:
    """List branches."""
    page, headers = request.page(sorted(request.repository.branches().items()))
    listed = [request.objects.short_branch(request.repository, name, sha) for name, sha in page]
    return Answer(200, listed, headers)


@endpoint("GET", "/repos/{owner}/{repo}/branches/{branch}", READ)
def get_branch(request: Request) -> Answer:
    """Give a branch."""
    name = request.parameters["branch"]
    sha = request.repository.sha(f"refs/heads/{name}")
    if sha is None:
        raise Refused(404, "Branch not found")
    return Answer(200, request.objects.branch(request.repository, name, sha))


@endpoint("GET", "/repos/{owner}/{repo}/commits", READ)
def get_commits(request: Request) -> Answer:
    """List commits of a branch or from a SHA, newest first."""
    repository = request.repository
    sha = repository.commit_sha(request.query.get("sha", repository.default_branch))
    if sha is None:
        raise Refused(404, "Not Found")
    page, headers = request.page(repository.commits(sha, path=request.query.get("path")))
    return Answer(200, [request.objects.commit(repository, commit) for commit in page], headers)


@endpoint("GET", "/repos/{owner}/{repo}/commits/{ref}", READ)
def get_commit(request: Request) -> Answer:
    """Give a commit with its files."""
    repository = request.repository
    commit = _commit(repository, request.parameters["ref"])
    files = repository.diff(_parent(repository, commit), commit.sha)
    return Answer(200, request.objects.commit(repository, commit, files))


@endpoint("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", ("pull_requests", "read"))
def get_pulls_of_commit(request: Request) -> Answer:
    """List the pull requests that brought a commit."""
    repository = request.repository
    sha = _commit(repository, request.parameters["commit_sha"]).sha
    brought = [
        pull
        for pull in repository.pulls
        if sha == pull.merge_commit_sha or sha in {commit.sha for commit in pull.commits()}
    ]
    page, headers = request.page(brought)
    return Answer(200, [request.objects.pull(pull, request.token) for pull in page], headers)


@endpoint("GET", "/repos/{owner}/{repo}/compare/{basehead}", READ)
def compare(request: Request) -> Answer:
    """Compare two commits: BASE...HEAD."""
    repository = request.repository
    basehead = request.parameters["basehead"]
    base_name, dots, head_name = basehead.partition("...")
    base, head = repository.commit_sha(base_name), repository.commit_sha(head_name.rpartition(":")[2])
    fork_point = repository.merge_base(base, head) if base and head else None
    if not dots or base is None or head is None:
        raise Refused(404, "Not Found")
    if fork_point is None:
        raise Refused(404, f"No common ancestor between {base_name} and {head_name}.")
    commits = repository.commits("--reverse", f"{base}..{head}")
    page, headers = request.page(commits)
    commit_of, build = repository.commit_object, request.objects
    result = build.comparison(
        repository, basehead, commit_of(base), commit_of(fork_point), repository.count(base, head)
    )
    result["commits"] = [build.commit(repository, commit) for commit in page]
    # The files are on the first page only, three hundred at most, as GitHub documents it.
    if request.query.get("page", "1") == "1":
        files = repository.diff(fork_point, head)[:FILES_AT_MOST]
        result["files"] = [build.file(repository, head, change) for change in files]
    return Answer(200, result, headers)


@endpoint("GET", "/repos/{owner}/{repo}/tags", READ)
def get_tags(request: Request) -> Answer:
    """List tags."""
    repository = request.repository
    page, headers = request.page(sorted(repository.refs("refs/tags/"), reverse=True))
    return Answer(200, [request.objects.tag(repository, name) for name in page], headers)


@endpoint("GET", "/repos/{owner}/{repo}/tarball/{ref}", READ)
def get_tarball(request: Request) -> Answer:
    """Lead to the archive of a commit."""
    repository, ref = request.repository, request.parameters["ref"]
    if repository.commit_sha(ref.removeprefix("refs/heads/")) is None:
        raise Refused(404, "Not Found")
    return Answer(302, None, {"Location": archives.link(request.github, repository, ref)})


@endpoint("GET", "/repos/{owner}/{repo}/topics", ("metadata", "read"))
def get_topics(request: Request) -> Answer:
    """List a repository's topics."""
    page, headers = request.page(request.repository.topics)
    return Answer(200, {"names": list(page)}, headers)


@endpoint("PUT", "/repos/{owner}/{repo}/topics", ("administration", "write"))
def replace_topics(request: Request) -> Answer:
    """Give a repository other topics."""
    names = [name.lower() for name in request.body["names"]]
    if len(names) > MOST_TOPICS or not all(TOPIC.fullmatch(name) for name in names):
        raise Refused(422, "Validation Failed")
    request.repository.topics = names
    return Answer(200, {"names": names})


def _commit(repository: Repository, name: str) -> Commit:
    sha = repository.commit_sha(name)
    if sha is None:
        raise Refused(422, f"No commit found for SHA: {name}")
    return repository.commit_object(sha)


def _parent(repository: Repository, commit: Commit) -> str:
    empty_tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    return commit.parents[0] if commit.parents else empty_tree
