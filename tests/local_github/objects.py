"""The JSON objects of GitHub's REST API, complete, with all their URLs."""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .pulls import Comment, Label, Pull
from .repository import Commit, FileChange, Repository, Signature, TreeEntry
from .tokens import Kind, Token, User

Json = dict[str, Any]

USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
FEATURES = {"has_issues": True, "has_projects": False, "has_wiki": False}
MERGING = {
    "allow_merge_commit": True,
    "allow_squash_merge": True,
    "allow_rebase_merge": True,
    "allow_auto_merge": False,
    "allow_update_branch": False,
}


def node_id(kind: str, number: int | str) -> str:
    """Return an opaque id as GitHub's GraphQL API uses them."""
    return base64.urlsafe_b64encode(f"{kind}:{number}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Objects:
    """Builds the objects; knows the two addresses that their URLs begin with."""

    server_url: str
    api_url: str

    # ---- people

    def user(self, user: User) -> Json:
        """Build a `simple-user`."""
        url = f"{self.api_url}/users/{user.login}"
        page = f"{self.server_url}/{user.login}"
        if user.type == "Bot":
            url = url.replace("[", "%5B").replace("]", "%5D")
            page = f"{self.server_url}/apps/{user.login.removesuffix('[bot]')}"
        return {
            "login": user.login,
            "id": user.id,
            "node_id": node_id("User", user.id),
            "avatar_url": f"{self.server_url}/avatars/{user.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": page,
            **{name: url + rest for name, rest in USER_URLS.items()},
            "type": user.type,
            "user_view_type": "public",
            "site_admin": False,
        }

    def public_user(self, user: User) -> Json:
        """Build a `public-user`."""
        empty = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"))
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        times = {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
        return {**self.user(user), **empty, **counts, **times}

    def private_user(self, user: User) -> Json:
        """Build a `private-user`, what GET /user gives its owner."""
        names = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators")
        return {**self.public_user(user), **dict.fromkeys(names, 0), "two_factor_authentication": True}

    # ---- repositories

    def repository(self, repository: Repository, token: Token | None = None) -> Json:
        """Build a `repository`."""
        url, page = (
            f"{self.api_url}/repos/{repository.full_name}",
            f"{self.server_url}/{repository.full_name}",
        )
        host = self.server_url.split("://", 1)[1]
        open_pulls = sum(
            state == "open"
            for state in (*(one.state for one in repository.pulls), *(one.state for one in repository.issues))
        )
        counts = ("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size")
        features = {**FEATURES, "homepage": None, "has_pages": False}
        return {
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "owner": self.user(repository.owner),
            "private": repository.private,
            "visibility": "private" if repository.private else "public",
            "html_url": page,
            "description": repository.description,
            "fork": repository.parent is not None,
            "url": url,
            **{name: url + rest for name, rest in REPOSITORY_URLS.items()},
            "git_url": f"git://{host}/{repository.full_name}.git",
            "ssh_url": f"git@{host}:{repository.full_name}.git",
            "clone_url": f"{page}.git",
            "svn_url": page,
            "mirror_url": None,
            "language": None,
            "license": None,
            **dict.fromkeys(counts, 0),
            "default_branch": repository.default_branch,
            "open_issues": open_pulls,
            "open_issues_count": open_pulls,
            "topics": list(repository.topics),
            "is_template": repository.is_template,
            **{name: repository.settings.get(name, usual) for name, usual in features.items()},
            "has_downloads": True,
            "has_discussions": False,
            "archived": repository.archived,
            "disabled": False,
            "pushed_at": repository.pushed_at,
            "created_at": repository.created_at,
            "updated_at": repository.pushed_at,
            "web_commit_signoff_required": False,
            **({"permissions": _permissions(repository, token)} if token else {}),
        }

    def full_repository(self, repository: Repository, token: Token | None) -> Json:
        """Build a `full-repository`."""
        more: Json = {"subscribers_count": 0, "network_count": 0}
        if repository.parent:
            more["parent"] = more["source"] = self.repository(repository.parent)
        if repository.template:
            more["template_repository"] = self.repository(repository.template)
        if token and token.may(repository.full_name, "contents", "write"):
            more |= {name: repository.settings.get(name, usual) for name, usual in MERGING.items()}
            more["delete_branch_on_merge"] = repository.delete_branch_on_merge
        return {**self.repository(repository, token), **more}

    def branch(self, repository: Repository, name: str, sha: str) -> Json:
        """Build a `branch-with-protection`."""
        url = f"{self.api_url}/repos/{repository.full_name}/branches/{name}"
        protected = repository.protects(name)
        checks = {"enforcement_level": "off", "contexts": [], "checks": []}
        return {
            "name": name,
            "commit": self.commit(repository, repository.commit_object(sha)),
            "_links": {"self": url, "html": f"{self.server_url}/{repository.full_name}/tree/{name}"},
            "protected": protected,
            "protection": {"enabled": protected, "required_status_checks": checks},
            "protection_url": f"{url}/protection",
        }

    def short_branch(self, repository: Repository, name: str, sha: str) -> Json:
        """Build a `short-branch`."""
        return {
            "name": name,
            "commit": self._link(repository, "commits", sha),
            "protected": repository.protects(name),
        }

    # ---- git objects

    def ref(self, repository: Repository, name: str, sha: str, kind: str) -> Json:
        """Build a `git-ref`."""
        url = f"{self.api_url}/repos/{repository.full_name}/git"
        return {
            "ref": name,
            "node_id": node_id("Ref", f"{repository.id}:{name}"),
            "url": f"{url}/{name}",
            "object": {"type": kind, **self._link(repository, f"git/{kind}s", sha)},
        }

    def tag(self, repository: Repository, ref: str) -> Json:
        """Build a `tag`, what the list of tags holds."""
        name, sha = ref.removeprefix("refs/tags/"), str(repository.sha(ref, "commit"))
        url = f"{self.api_url}/repos/{repository.full_name}"
        archives = {f"{kind}_url": f"{url}/{kind}/{ref}" for kind in ("tarball", "zipball")}
        commit = self._link(repository, "commits", sha)
        return {"name": name, "commit": commit, **archives, "node_id": node_id("Ref", ref)}

    def git_tag(self, repository: Repository, sha: str) -> Json:
        """Build a `git-tag`, the object of the Git database."""
        tag = repository.tag_object(sha)
        return {
            **self._link(repository, "git/tags", sha),
            "node_id": node_id("Tag", sha),
            "tag": tag.name,
            "message": tag.message,
            "tagger": _signature(tag.tagger),
            "object": {"type": tag.type, **self._link(repository, f"git/{tag.type}s", tag.object)},
            "verification": _unsigned(),
        }

    def git_commit(self, repository: Repository, commit: Commit) -> Json:
        """Build a `git-commit`, the bare object of the Git database."""
        return {
            **self._link(repository, "git/commits", commit.sha),
            "node_id": node_id("Commit", commit.sha),
            "html_url": self._commit_page(repository, commit.sha),
            "author": _signature(commit.author),
            "committer": _signature(commit.committer),
            "message": commit.message,
            "tree": self._link(repository, "git/trees", commit.tree),
            "parents": self._parents(repository, commit, "git/commits"),
            "verification": _unsigned(),
        }

    def commit(self, repository: Repository, commit: Commit, files: list[FileChange] | None = None) -> Json:
        """Build a `commit`, with its files where they are given."""
        url = f"{self.api_url}/repos/{repository.full_name}/commits/{commit.sha}"
        more: Json = {}
        if files is not None:
            added, deleted = sum(file.additions for file in files), sum(file.deletions for file in files)
            stats = {"additions": added, "deletions": deleted, "total": added + deleted}
            more = {"stats": stats, "files": [self.file(repository, commit.sha, file) for file in files]}
        return {
            "url": url,
            "sha": commit.sha,
            "node_id": node_id("Commit", commit.sha),
            "html_url": self._commit_page(repository, commit.sha),
            "comments_url": f"{url}/comments",
            "commit": {
                "url": f"{self.api_url}/repos/{repository.full_name}/git/commits/{commit.sha}",
                "author": _signature(commit.author),
                "committer": _signature(commit.committer),
                "message": commit.message,
                "comment_count": 0,
                "tree": self._link(repository, "git/trees", commit.tree),
                "verification": _unsigned(),
            },
            "author": None,
            "committer": None,
            "parents": self._parents(repository, commit, "commits"),
            **more,
        }

    def file(self, repository: Repository, sha: str, change: FileChange) -> Json:
        """Build a `diff-entry`."""
        path, page = change.path, f"{self.server_url}/{repository.full_name}"
        previous = {"previous_filename": change.previous} if change.previous else {}
        return {
            "sha": change.sha,
            "filename": path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": _uri(f"{page}/blob/{sha}/{path}"),
            "raw_url": _uri(f"{page}/raw/{sha}/{path}"),
            "contents_url": _uri(f"{self.api_url}/repos/{repository.full_name}/contents/{path}?ref={sha}"),
            **({"patch": change.patch} if change.patch else {}),
            **previous,
        }

    def tree(self, repository: Repository, sha: str, entries: list[TreeEntry]) -> Json:
        """Build a `git-tree`."""
        return {
            **self._link(repository, "git/trees", sha),
            "tree": [self._tree_entry(repository, entry) for entry in entries],
            "truncated": False,
        }

    def blob(self, repository: Repository, sha: str, content: bytes) -> Json:
        """Build a `blob`."""
        return {
            **self._link(repository, "git/blobs", sha),
            "node_id": node_id("Blob", sha),
            "size": len(content),
            "content": base64.encodebytes(content).decode(),
            "encoding": "base64",
        }

    def content(self, repository: Repository, ref: str, entry: TreeEntry, content: bytes | None) -> Json:
        """Build a `content-file` where the content is given, else an entry of a `content-directory`."""
        url = _uri(f"{self.api_url}/repos/{repository.full_name}/contents/{entry.path}?ref={ref}")
        is_tree = entry.type == "tree"
        git_url = self._link(repository, "git/trees" if is_tree else "git/blobs", entry.sha)["url"]
        page = _uri(
            f"{self.server_url}/{repository.full_name}/{'tree' if is_tree else 'blob'}/{ref}/{entry.path}"
        )
        raw = None if is_tree else _uri(f"{self.server_url}/{repository.full_name}/raw/{ref}/{entry.path}")
        encoded = (
            {} if content is None else {"content": base64.encodebytes(content).decode(), "encoding": "base64"}
        )
        return {
            "type": {"tree": "dir", "commit": "submodule"}.get(entry.type, "file"),
            "size": entry.size or 0,
            "name": entry.path.rsplit("/", 1)[-1],
            "path": entry.path,
            "sha": entry.sha,
            "url": url,
            "git_url": git_url,
            "html_url": page,
            "download_url": raw,
            "_links": {"self": url, "git": git_url, "html": page},
            **encoded,
        }

    # ---- pull requests

    def pull(self, pull: Pull, token: Token | None = None) -> Json:
        """Build a `pull-request-simple`."""
        repository = pull.repository
        url, page = self._pull_url(pull), f"{self.server_url}/{repository.full_name}/pull/{pull.number}"
        issue = f"{self.api_url}/repos/{repository.full_name}/issues/{pull.number}"
        statuses = f"{self.api_url}/repos/{repository.full_name}/statuses/{pull.head_sha}"
        urls = {
            "comments_url": f"{issue}/comments",
            "commits_url": f"{url}/commits",
            "statuses_url": statuses,
            "html_url": page,
            "issue_url": issue,
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{self.api_url}/repos/{repository.full_name}/pulls/comments{{/number}}",
        }
        return {
            "url": url,
            "id": pull.id,
            "node_id": node_id("PullRequest", pull.id),
            **urls,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "user": self.user(pull.user),
            "body": pull.body,
            "labels": [self.label(repository, label, simple=True) for label in pull.labels],
            "milestone": None,
            "created_at": pull.created_at,
            "updated_at": pull.updated_at,
            "closed_at": pull.closed_at,
            "merged_at": pull.merged_at,
            "merge_commit_sha": pull.merge_commit_sha,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [self.user(user) for user in pull.reviewers],
            "requested_teams": [],
            "head": self._end(pull.head_repository, pull.head_owner, pull.head, pull.head_sha, token),
            "base": self._end(repository, repository.owner, pull.base, pull.base_sha, token),
            "_links": {name.removesuffix("_url"): {"href": link} for name, link in urls.items()}
            | {"self": {"href": url}},
            "author_association": "CONTRIBUTOR",
            "auto_merge": None,
            "active_lock_reason": None,
            "draft": pull.draft,
        }

    def full_pull(self, pull: Pull, token: Token | None, mergeable: bool | None) -> Json:
        """Build a `pull-request`; whether it can be merged is unknown (None) until GitHub has tried."""
        files = pull.files()
        state = {True: "clean", False: "dirty", None: "unknown"}[mergeable]
        return {
            **self.pull(pull, token),
            "merged": pull.merged,
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": state,
            "merged_by": self.user(pull.merged_by) if pull.merged_by else None,
            "comments": len(pull.comments),
            "review_comments": 0,
            "maintainer_can_modify": pull.maintainer_can_modify,
            "commits": len(pull.commits()),
            "additions": sum(file.additions for file in files),
            "deletions": sum(file.deletions for file in files),
            "changed_files": len(files),
        }

    def comment(self, repository: Repository, comment: Comment) -> Json:
        """Build an `issue-comment`."""
        url = f"{self.api_url}/repos/{repository.full_name}/issues"
        kind = "issues" if any(one.number == comment.number for one in repository.issues) else "pull"
        page = f"{self.server_url}/{repository.full_name}/{kind}/{comment.number}#issuecomment-{comment.id}"
        return {
            "id": comment.id,
            "node_id": node_id("IssueComment", comment.id),
            "url": f"{url}/comments/{comment.id}",
            "html_url": page,
            "issue_url": f"{url}/{comment.number}",
            "user": self.user(comment.user),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "body": comment.body,
            "author_association": "CONTRIBUTOR",
            "performed_via_github_app": None,
        }

    def label(self, repository: Repository, label: Label, simple: bool = False) -> Json:
        """Build a `label`; inside a pull request in a list its description is a text, never null."""
        return {
            "id": label.id,
            "node_id": node_id("Label", label.id),
            "url": _uri(f"{self.api_url}/repos/{repository.full_name}/labels/{quote(label.name, safe='')}"),
            "name": label.name,
            "description": (label.description or "") if simple else label.description,
            "color": label.color,
            "default": False,
        }

    def comparison(
        self,
        repository: Repository,
        basehead: str,
        base: Commit,
        fork_point: Commit,
        numbers: tuple[int, int],
    ) -> Json:
        """Build a `commit-comparison` but for its commits and files."""
        url, page = (
            f"{start}/{repository.full_name}/compare/" for start in (f"{self.api_url}/repos", self.server_url)
        )
        ahead, behind = numbers
        states = {
            (True, True): "diverged",
            (True, False): "ahead",
            (False, True): "behind",
            (False, False): "identical",
        }
        return {
            "url": _uri(url + basehead),
            "html_url": _uri(page + basehead),
            "permalink_url": _uri(page + basehead),
            "diff_url": _uri(f"{page}{basehead}.diff"),
            "patch_url": _uri(f"{page}{basehead}.patch"),
            "base_commit": self.commit(repository, base),
            "merge_base_commit": self.commit(repository, fork_point),
            "status": states[ahead > 0, behind > 0],
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": ahead,
        }

    # ---- parts

    def _pull_url(self, pull: Pull) -> str:
        return f"{self.api_url}/repos/{pull.repository.full_name}/pulls/{pull.number}"

    def _end(
        self, repository: Repository | None, owner: User, branch: str, sha: str, token: Token | None
    ) -> Json:
        return {
            "label": f"{owner.login}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.user(owner),
            "repo": self.repository(repository, token) if repository else None,
        }

    def _link(self, repository: Repository, collection: str, sha: str) -> Json:
        return {"sha": sha, "url": f"{self.api_url}/repos/{repository.full_name}/{collection}/{sha}"}

    def _commit_page(self, repository: Repository, sha: str) -> str:
        return f"{self.server_url}/{repository.full_name}/commit/{sha}"

    def _parents(self, repository: Repository, commit: Commit, collection: str) -> list[Json]:
        return [
            {**self._link(repository, collection, sha), "html_url": self._commit_page(repository, sha)}
            for sha in commit.parents
        ]

    def _tree_entry(self, repository: Repository, entry: TreeEntry) -> Json:
        size = {} if entry.size is None else {"size": entry.size}
        link = {} if entry.type == "commit" else self._link(repository, f"git/{entry.type}s", entry.sha)
        return {"path": entry.path, "mode": entry.mode, "type": entry.type, "sha": entry.sha, **link, **size}


def error(message: str, status: int, errors: list[Json] | None = None) -> Json:
    """Build GitHub's error object."""
    more = {"errors": errors} if errors else {}
    return {
        "message": message,
        **more,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }


def _permissions(repository: Repository, token: Token) -> Json:
    """Return the roles of the token's user; an app's installation has none, whatever it may do."""
    person = token.kind is Kind.PERSONAL
    push = person and token.may(repository.full_name, "contents", "write")
    pull = person and token.may(repository.full_name, "contents", "read")
    admin = person and token.may(repository.full_name, "administration", "write")
    return {"admin": admin, "maintain": admin, "push": push, "triage": push, "pull": pull}


def _signature(signature: Signature) -> Json:
    return {"name": signature.name, "email": signature.email, "date": signature.date}


def _unsigned() -> Json:
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def _uri(text: str) -> str:
    kept = "/:?&=.~-_#%@!$'()*+,;"
    return "".join(c if c.isascii() and (c.isalnum() or c in kept) else _percent(c) for c in text)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
