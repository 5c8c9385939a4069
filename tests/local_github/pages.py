"""Pages for people: repositories, pull requests, commits, comparisons, files."""

import html
import re
import urllib.parse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .git import GitError
from .markdown import render
from .pulls import Pull
from .repository import Commit, FileChange, Repository

if TYPE_CHECKING:
    from .server import LocalGitHub

NEWEST = 50
CSS = (Path(__file__).parent / "pages.css").read_text(encoding="utf-8")

Found = tuple[str, ...]
Page = Callable[["LocalGitHub", Repository, Found], str]


class Missing(Exception):
    """There is no such page."""


def page(github: "LocalGitHub", path: str) -> tuple[int, str]:
    """Return the status and the HTML of a page."""
    try:
        return 200, _front(github) if path == "/" else _repository_page(github, path)
    except (Missing, GitError):
        return 404, _layout("Not found", "", "<h1>Not found</h1><p>There is no such page here.</p>")


def _repository_page(github: "LocalGitHub", path: str) -> str:
    for pattern, build in PAGES:
        found = re.fullmatch(r"/([^/]+/[^/]+?)" + pattern, path)
        repository = github.find(found[1]) if found else None
        if found and repository:
            return build(github, repository, tuple(found.groups()[1:]))
    raise Missing(path)


def _front(github: "LocalGitHub") -> str:
    items = [
        f'{_link("/" + one.full_name, one.full_name)}<div class="dim">{_text(one.description or "")} '
        + _number(_open(one), "open pull request")
        + "</div>"
        for one in github.repositories.values()
    ]
    return _layout("Repositories", "", f"<h1>Repositories</h1>{_list(items)}")


def _overview(github: "LocalGitHub", repository: Repository, _: Found) -> str:
    branches = repository.branches()
    start = f"/{repository.full_name}"
    first = repository.default_branch
    names = [_link(f"{start}/compare/{first}...{name}", name) for name in sorted(branches) if name != first]
    main = [_commit_line(repository, commit) for commit in repository.commits(f"-{NEWEST}", branches[first])]
    files = [_link(f"{start}/blob/{first}/{path}", path) for path in repository.paths(first)]
    body = f"<p>{_text(repository.description or '')}</p><h2>Files on {_branch(first)}</h2>{_list(files)}"
    body += f"<h2>Commits</h2>{_list(main)}<h2>Other branches</h2>{_list(names)}"
    return _layout(repository.full_name, _header(repository), body)


def _pulls(github: "LocalGitHub", repository: Repository, _: Found) -> str:
    newest = sorted(repository.pulls, key=lambda pull: -pull.number)
    return _layout(
        "Pull requests", _header(repository), f"<h1>Pull requests</h1>{_list(map(_pull_line, newest))}"
    )


def _pull(github: "LocalGitHub", repository: Repository, found: Found) -> str:
    pull = next((one for one in repository.pulls if str(one.number) == found[0]), None)
    if pull is None:
        raise Missing(found[0])
    commits = pull.commits()
    labels = " ".join(f'<span class="label">{_text(label.name)}</span>' for label in pull.labels)
    title = f'<h1>{_text(pull.title)} <span class="dim">#{pull.number}</span></h1>'
    source = pull.head if pull.head_repository is repository else pull.label
    title += (
        f"<p>{_state(pull)} <b>{_text(pull.user.login)}</b> wants to merge "
        f"{_number(len(commits), 'commit')} into {_branch(pull.base)} from {_branch(source)} {labels}</p>"
    )
    talk = _box(pull.user.login, pull.created_at, pull.body or "*No description provided.*", "")
    talk += "".join(
        _box(comment.user.login, comment.created_at, comment.body, f"issuecomment-{comment.id}")
        for comment in pull.comments
    )
    listed = _list(_commit_line(repository, commit) for commit in commits)
    changes = f"<h2>Commits</h2>{listed}<h2>Files changed</h2>{_diff(pull.files())}"
    return _layout(pull.title, _header(repository), title + talk + changes)


def _commit(github: "LocalGitHub", repository: Repository, found: Found) -> str:
    sha = repository.commit_sha(found[0])
    if sha is None:
        raise Missing(found[0])
    commit = repository.commit_object(sha)
    files = repository.diff(commit.parents[0], sha) if commit.parents else []
    who = f"<p class=dim>{_text(commit.author.name)} committed {commit.author.date} · <code>{sha}</code></p>"
    rest = commit.message.partition("\n")[2].strip()
    message = f"<pre>{_text(rest)}</pre>" if rest else ""
    return _layout(
        commit.title, _header(repository), f"<h1>{_text(commit.title)}</h1>{who}{message}{_diff(files)}"
    )


def _compare(github: "LocalGitHub", repository: Repository, found: Found) -> str:
    base, head = repository.commit_sha(found[0]), repository.commit_sha(found[1].rpartition(":")[2])
    if base is None or head is None:
        raise Missing("/".join(found))
    commits = repository.commits("--reverse", f"{base}..{head}")
    files = repository.diff(repository.merge_base(base, head) or base, head)
    body = f"<h1>Comparing {_branch(found[0])} … {_branch(found[1])}</h1>"
    body += _list(_commit_line(repository, commit) for commit in commits)
    return _layout("Comparing changes", _header(repository), f"{body}<h2>Files changed</h2>{_diff(files)}")


def _blob(github: "LocalGitHub", repository: Repository, found: Found) -> str:
    # A branch may hold slashes, so the longest name that exists is the ref.
    parts = found[0].split("/")
    for cut in range(len(parts) - 1, 0, -1):
        ref, path = "/".join(parts[:cut]), "/".join(parts[cut:])
        if repository.commit_sha(ref):
            text = repository.read(ref, path).decode(errors="replace")
            name = f"<h1>{_text(path)} <span class=dim>at {_text(ref)}</span></h1>"
            return _layout(path, _header(repository), f"{name}<pre>{_text(text)}</pre>")
    raise Missing(found[0])


PAGES: list[tuple[str, Page]] = [
    (r"/pulls", _pulls),
    (r"/pull/(\d+)(?:/(?:files|commits|checks))?", _pull),
    (r"/commit/([0-9a-f]{4,40})", _commit),
    (r"/(?:compare|pull/new)/(.+?)\.\.\.(.+)", _compare),
    (r"/blob/(.+)", _blob),
    (r"(?:\.git)?/?", _overview),
]


def _layout(title: str, header: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>{CSS}</style></head>"
        f'<body><header><a href="/">Local GitHub</a> {header}</header><main>{body}</main></body></html>'
    )


def _header(repository: Repository) -> str:
    start = f"/{repository.full_name}"
    pulls = _link(f"{start}/pulls", _number(_open(repository), "open pull request"))
    return f"/ {_link(start, repository.full_name)} · {pulls}"


def _pull_line(pull: Pull) -> str:
    target = f"/{pull.repository.full_name}/pull/{pull.number}"
    line = f"{_state(pull)} {_link(target, pull.title)}"
    return f'{line}<div class="dim">#{pull.number} by {_text(pull.user.login)}, {pull.created_at}</div>'


def _commit_line(repository: Repository, commit: Commit) -> str:
    target = f"/{repository.full_name}/commit/{commit.sha}"
    about = f"{_text(commit.author.name)}, {commit.author.date} · <code>{commit.sha[:7]}</code>"
    return f'{_link(target, commit.title)}<div class="dim">{about}</div>'


def _box(login: str, moment: str, body: str, anchor: str) -> str:
    head = f'<div class="head"><b>{_text(login)}</b> commented {moment}</div>'
    return f'<div class="box" id="{anchor}">{head}<div class="body">{render(body)}</div></div>'


def _diff(files: Iterable[FileChange]) -> str:
    return "".join(map(_file, files)) or '<p class="dim">No changes.</p>'


def _file(change: FileChange) -> str:
    name = f"{change.previous} → {change.path}" if change.previous else change.path
    counts = f'<span class="plus">+{change.additions}</span> <span class="minus">-{change.deletions}</span>'
    lines = "".join(
        f'<span class="{_line_kind(line)}">{_text(line) or " "}</span>' for line in change.patch.split("\n")
    )
    head = f'<div class="head">{_text(name)} {counts}</div>'
    return f'<div class="box">{head}<pre class="diff">{lines}</pre></div>'


def _line_kind(line: str) -> str:
    return {"+": "add", "-": "del", "@": "hunk"}.get(line[:1], "same")


def _state(pull: Pull) -> str:
    name = "merged" if pull.merged else "draft" if pull.draft and pull.state == "open" else pull.state
    return f'<span class="state {name}">{name.capitalize()}</span>'


def _open(repository: Repository) -> int:
    return sum(pull.state == "open" for pull in repository.pulls)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _branch(name: str) -> str:
    return f'<span class="branch">{_text(name)}</span>'


def _list(items: Iterable[str]) -> str:
    lines = "".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="list">{lines}</ul>' if lines else '<p class="dim">None.</p>'


def _link(target: str, text: str) -> str:
    return f'<a href="{_attribute(target)}">{_text(text)}</a>'


def _attribute(target: str) -> str:
    return html.escape(urllib.parse.quote(target, safe="/.:@"))


def _text(text: str) -> str:
    return html.escape(text, quote=False)
