"""Endpoints for the Git database: refs, blobs, trees, commits."""

import base64
import binascii
import datetime
from typing import Any

from .git import GitError, git
from .repository import Repository, Signature, is_ref_name, now
from .rest import Answer, Refused, Request, endpoint
from .runs import FOLDER
from .tokens import Kind

READ = ("contents", "read")
WRITE = ("contents", "write")


@endpoint("GET", "/repos/{owner}/{repo}/git/ref/{ref}", READ)
def get_ref(request: Request) -> Answer:
    """Give one ref."""
    return Answer(200, _ref(request, f"refs/{request.parameters['ref']}"))


@endpoint("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", READ)
def get_matching_refs(request: Request) -> Answer:
    """List the refs that begin with a text."""
    found = request.repository.refs(f"refs/{request.parameters['ref']}")
    return Answer(200, [_ref(request, name) for name in sorted(found)])


@endpoint("POST", "/repos/{owner}/{repo}/git/refs", WRITE)
def create_ref(request: Request) -> Answer:
    """Create a ref."""
    repository, name, sha = request.repository, request.body["ref"], request.body["sha"]
    if not name.startswith("refs/") or name.count("/") < 2 or not is_ref_name(name):
        raise Refused(422, f"{name} is not a valid ref name.")
    if repository.sha(name):
        raise Refused(422, "Reference already exists")
    if repository.type_of(sha) is None:
        raise Refused(422, "Object does not exist")
    check_workflows(request, sha)
    repository.update_ref(name, sha)
    made = _ref(request, name)
    return Answer(201, made, {"Location": made["url"]})


@endpoint("PATCH", "/repos/{owner}/{repo}/git/refs/{ref}", WRITE)
def update_ref(request: Request) -> Answer:
    """Move a ref."""
    repository, name, sha = request.repository, f"refs/{request.parameters['ref']}", request.body["sha"]
    old = repository.sha(name)
    if old is None:
        raise Refused(422, "Reference does not exist")
    if repository.type_of(sha) is None:
        raise Refused(422, "Object does not exist")
    _unprotected(repository, name)
    check_workflows(request, sha)
    if not request.body.get("force") and repository.merge_base(old, sha) != old:
        raise Refused(422, "Update is not a fast forward")
    repository.update_ref(name, sha, old)
    return Answer(200, _ref(request, name))


@endpoint("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", WRITE)
def delete_ref(request: Request) -> Answer:
    """Delete a ref."""
    repository, name = request.repository, f"refs/{request.parameters['ref']}"
    if repository.sha(name) is None:
        raise Refused(422, "Reference does not exist")
    _unprotected(repository, name)
    repository.update_ref(name, None)
    return Answer(204)


@endpoint("POST", "/repos/{owner}/{repo}/git/blobs", WRITE)
def create_blob(request: Request) -> Answer:
    """Store a file's content."""
    content = request.body["content"].encode()
    if request.body.get("encoding", "utf-8") == "base64":
        try:
            content = base64.b64decode(content)
        except binascii.Error:
            raise Refused(422, "content is not valid Base64") from None
    sha = request.repository.write_blob(content)
    url = _url(request, "blobs", sha)
    return Answer(201, {"sha": sha, "url": url}, {"Location": url})


@endpoint("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", READ)
def get_blob(request: Request) -> Answer:
    """Give a blob."""
    repository, sha = request.repository, request.parameters["file_sha"]
    if repository.type_of(sha) != "blob":
        raise Refused(404, "Not Found")
    return Answer(
        200, request.objects.blob(repository, sha, git(repository.git_dir, "cat-file", "blob", sha))
    )


@endpoint("POST", "/repos/{owner}/{repo}/git/trees", WRITE)
def create_tree(request: Request) -> Answer:
    """Store a tree, from scratch or on top of another."""
    repository, base = request.repository, request.body.get("base_tree")
    if base and repository.sha(base, "tree") is None:
        raise Refused(404, "base_tree is not a valid tree oid")
    index = repository.git_dir / f"index-{request.github.next_id()}"
    settings = {"GIT_INDEX_FILE": str(index)}
    lines = [_index_line(repository, entry) for entry in request.body["tree"]]
    try:
        git(repository.git_dir, "read-tree", base or "--empty", more_environment=settings)
        arguments = ("update-index", "-z", "--index-info")
        git(repository.git_dir, *arguments, data=b"".join(lines), more_environment=settings)
        sha = git(repository.git_dir, "write-tree", more_environment=settings).decode().strip()
    except GitError as error:
        raise Refused(422, f"tree.sha is not valid: {error.stderr.strip()}") from None
    finally:
        index.unlink(missing_ok=True)
    url = _url(request, "trees", sha)
    return Answer(201, request.objects.tree(repository, sha, repository.tree(sha)), {"Location": url})


@endpoint("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", READ)
def get_tree(request: Request) -> Answer:
    """Give a tree, by its SHA or by a ref, with its subtrees when asked for."""
    repository, name = request.repository, request.parameters["tree_sha"]
    sha = repository.sha(repository.commit_sha(name) or name, "tree")
    if sha is None:
        raise Refused(404, "Not Found")
    entries = repository.tree(sha, recursive="recursive" in request.query)
    return Answer(200, request.objects.tree(repository, sha, entries))


@endpoint("POST", "/repos/{owner}/{repo}/git/commits", WRITE)
def create_commit(request: Request) -> Answer:
    """Store a commit."""
    repository, body = request.repository, request.body
    parents = body.get("parents", [])
    if repository.type_of(body["tree"]) != "tree":
        raise Refused(422, "Tree SHA does not exist")
    if any(repository.type_of(parent) != "commit" for parent in parents):
        raise Refused(422, "Parent SHA does not exist or is not a commit object")
    user = request.caller.user
    own = {"name": user.login, "email": f"{user.id}+{user.login}@users.noreply.github.com", "date": now()}
    author = Signature(**{**own, **body.get("author", {})})
    # What a bot commits without naming anybody is committed, and signed, by GitHub itself.
    by_github = request.caller.kind == "installation" and not {"author", "committer"} & body.keys()
    github = {"name": "GitHub", "email": "noreply@github.com"} if by_github else {}
    given = body.get("committer", body.get("author", github))
    sha = repository.write_commit(
        body["tree"], parents, body["message"], author, Signature(**{**own, **given})
    )
    made = request.objects.git_commit(repository, repository.commit_object(sha))
    return Answer(201, made, {"Location": made["url"]})


@endpoint("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", READ)
def get_commit(request: Request) -> Answer:
    """Give a commit of the Git database."""
    repository, sha = request.repository, request.parameters["commit_sha"]
    if repository.type_of(sha) != "commit":
        raise Refused(404, "Not Found")
    return Answer(200, request.objects.git_commit(repository, repository.commit_object(sha)))


@endpoint("POST", "/repos/{owner}/{repo}/git/tags", WRITE)
def create_tag(request: Request) -> Answer:
    """Store an annotated tag; no ref points at it yet."""
    repository, body = request.repository, request.body
    if repository.type_of(body["object"]) != body["type"]:
        raise Refused(422, f"object is not a {body['type']}")
    user = request.caller.user
    own = {"name": user.login, "email": f"{user.id}+{user.login}@users.noreply.github.com", "date": now()}
    tagger = {**own, **body.get("tagger", {})}
    seconds = int(datetime.datetime.fromisoformat(tagger["date"].replace("Z", "+00:00")).timestamp())
    lines = (
        f"object {body['object']}",
        f"type {body['type']}",
        f"tag {body['tag']}",
        f"tagger {tagger['name']} <{tagger['email']}> {seconds} +0000",
        "",
        body["message"],
    )
    content = "\n".join(lines).rstrip("\n").encode() + b"\n"
    sha = git(repository.git_dir, "hash-object", "-t", "tag", "-w", "--stdin", data=content).decode().strip()
    made = request.objects.git_tag(repository, sha)
    return Answer(201, made, {"Location": made["url"]})


@endpoint("GET", "/repos/{owner}/{repo}/git/tags/{tag_sha}", READ)
def get_tag(request: Request) -> Answer:
    """Give an annotated tag."""
    repository, sha = request.repository, request.parameters["tag_sha"]
    if repository.type_of(sha) != "tag":
        raise Refused(404, "Not Found")
    return Answer(200, request.objects.git_tag(repository, sha))


def check_workflows(request: Request, sha: str) -> None:
    """Check that a token that may not change workflows brings none that no branch has.

    Raises:
        Refused: It does.
    """
    repository, token = request.repository, request.caller
    if token.may(repository.full_name, "workflows", "write"):
        return
    brought = repository.sha(f"{sha}:{FOLDER}")
    known = {repository.sha(f"{one}:{FOLDER}") for one in repository.branches().values()}
    if brought and brought not in known:
        # A person's classic token without the scope `workflow` is told that there is nothing.
        raise Refused(403, token.refusal) if token.kind is Kind.INSTALLATION else Refused(404, "Not Found")


def _index_line(repository: Repository, entry: dict[str, Any]) -> bytes:
    sha = entry.get("sha")
    if "content" in entry:
        sha = repository.write_blob(entry["content"].encode())
    mode = entry.get("mode", "100644") if sha else "0"
    return f"{mode} {sha or '0' * 40}\t{entry['path']}\0".encode()


def _ref(request: Request, name: str) -> dict[str, Any]:
    sha = request.repository.sha(name)
    kind = request.repository.type_of(sha) if sha else None
    if sha is None or kind is None:
        raise Refused(404, "Not Found")
    return request.objects.ref(request.repository, name, sha, kind)


def _url(request: Request, collection: str, sha: str) -> str:
    return f"{request.objects.api_url}/repos/{request.repository.full_name}/git/{collection}/{sha}"


def _unprotected(repository: Repository, name: str) -> None:
    if name.removeprefix("refs/heads/") in repository.protected:
        raise Refused(422, "Changes must be made through a pull request.")
