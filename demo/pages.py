"""The local GitHub's pages: two more kinds of them, and all of them kept as files to click through."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from demo.world import Ended, PushedImage, World, job_name
from local_github import LocalGitHub
from local_github import pages as github_pages
from local_github.markdown import render
from local_github.repository import Repository

SECONDS = 30
MEBIBYTE = 1 << 20
MARK = ">Local GitHub</a>"
BACK = '<a href="index.html">What happened</a> · '
# What act says of itself around what programs write.
_TOLD = {"error", "warning", "notice", "group", "debug"}
_LINK = re.compile(r'href="(?P<path>[^"#]*)(?P<anchor>#[^"]*)?"')
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Stop:
    """A place on the way through what happened.

    Attributes:
        title: what happened there.
        path: the page that shows it.
        about: one more sentence.
    """

    title: str
    path: str
    about: str = ""


def add_pages(world: World) -> None:
    """Give each run of a workflow, and each pushed image, a page."""

    def run_page(_: LocalGitHub, repository: Repository, found: tuple[str, ...]) -> str:
        attempts = [one for one in world.ended if str(one.number) == found[0]]
        asked = [one for one in attempts if str(one.attempt) == found[1]] if found[1] else attempts[-1:]
        if not asked or repository is not world.repository:
            raise github_pages.Missing(found[0])
        title = f"{asked[0].workflow} · run {asked[0].number}, attempt {asked[0].attempt}"
        return _page(repository, title, _run(asked[0]))

    def image_page(_: LocalGitHub, repository: Repository, found: tuple[str, ...]) -> str:
        if found[0] not in world.images or repository is not world.repository:
            raise github_pages.Missing(found[0])
        return _page(repository, f"Image {found[0]}", _image(world.images[found[0]]))

    github_pages.PAGES += [
        (r"/actions/runs/(\d+)(?:/attempts/(\d+))?", run_page),
        (r"/image/([\w.-]+)", image_page),
    ]


def _page(repository: Repository, title: str, body: str) -> str:
    back = f'/ <a href="/{repository.full_name}">{repository.full_name}</a>'
    return _document(title, back, f"<h1>{html.escape(title)}</h1>{body}")


def _document(title: str, back: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{github_pages.CSS}</style></head>"
        f'<body><header><a href="/">Local GitHub</a> {back}</header><main>{body}</main></body></html>'
    )


def _run(ended: Ended) -> str:
    parts = [f"<p class=dim>for {html.escape(ended.event)}, {ended.seconds:.0f} s</p>"]
    for job, steps in ended.jobs.items():
        parts.append(f"<h2>{html.escape(job)}</h2>")
        logs = _logs(ended, job)
        for step, result, seconds in steps:
            mark = {"success": "✅", "failure": "❌"}.get(result, "◦")
            head = f"{mark} {html.escape(step)} <span class=dim>{seconds:.1f} s</span>"
            log = "\n".join(logs.get(step, ()))
            parts.append(
                f"<details><summary>{head}</summary><pre>{html.escape(log) or 'No output.'}</pre></details>"
            )
    summaries = dict.fromkeys(
        entry["content"] for entry in ended.run.entries if entry.get("command") == "summary"
    )
    parts += ["<h2>Summary</h2>"] if summaries else []
    parts += [f'<div class="box"><div class="body">{render(text)}</div></div>' for text in summaries]
    return "".join(parts)


def _logs(ended: Ended, job: str) -> dict[str, list[str]]:
    """Return what each step of a job wrote, with the runner's commands as people see them."""
    logs: dict[str, list[str]] = {}
    for entry in ended.run.entries:
        if job_name(entry) == job and (line := _shown(entry)) is not None:
            logs.setdefault(entry.get("step", ""), []).append(line)
    return logs


def _shown(entry: Mapping[str, Any]) -> str | None:
    if entry.get("command") in _TOLD:
        return ("▾ " if entry["command"] == "group" else f"{entry['command']}: ") + str(entry.get("arg", ""))
    return str(entry["msg"]).rstrip("\n") if entry.get("raw_output") else None


def _image(image: PushedImage) -> str:
    layers = "".join(f"| {size / MEBIBYTE:.1f} MiB | {_cell(made_by)} |\n" for made_by, size in image.layers)
    labels = "".join(f"| {_cell(name)} | {_cell(value)} |\n" for name, value in sorted(image.labels.items()))
    text = (
        f"| | |\n| --- | --- |\n| **Reference** | {_cell(image.reference)} |\n"
        f"| **Digest** | {_cell(image.digest)} |\n\n"
        f"### Layers\n\n| Compressed | Made by |\n| --- | --- |\n{layers}\n"
        f"### Labels\n\n| Label | Value |\n| --- | --- |\n{labels}"
    )
    return f'<div class="box"><div class="body">{render(text)}</div></div>'


def _cell(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`" if text else ""


def keep(server_url: str, folder: Path, title: str, stops: Sequence[Stop]) -> Path:
    """Write the pages that can be reached into files that lead to each other.

    Args:
        server_url: the local GitHub's address.
        folder: where the files go; made where it is missing.
        title: the title of the page to begin with.
        stops: what that page leads to.

    Returns:
        The page to begin with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.html"):
        # Pages of an earlier demonstration lead nowhere now; what else is in the folder is none of ours.
        if MARK in old.read_text(encoding="utf-8", errors="replace"):
            old.unlink()
    files = {"/": folder / "local-github.html"}
    files |= {path: folder / _name(path) for path in (stop.path.partition("#")[0] for stop in stops)}
    with requests.Session() as session:
        session.trust_env = False
        for path, text in _reached(session, server_url, files, folder):
            linked = _relinked(text, files, server_url).replace("<header>", f"<header>{BACK}", 1)
            files[path].write_text(linked, encoding="utf-8")
    items = "".join(f"<li>{_item(number, stop)}</li>" for number, stop in enumerate(stops, 1))
    body = f'<h1>{html.escape(title)}</h1><ul class="list">{items}</ul>'
    start = folder / "index.html"
    start.write_text(_relinked(_document(title, "", body), files, server_url), encoding="utf-8")
    return start


def _reached(
    session: requests.Session, server_url: str, files: dict[str, Path], folder: Path
) -> Iterator[tuple[str, str]]:
    """Yield each page that can be reached, once the files of all that it leads to are known."""
    waiting = list(files)
    while waiting:
        path = waiting.pop(0)
        text = session.get(server_url + path, timeout=SECONDS).text
        found = (_path(link["path"], server_url) for link in _LINK.finditer(text))
        new = [target for target in dict.fromkeys(found) if target and target not in files]
        files |= {target: folder / _name(target) for target in new}
        waiting += new
        yield path, text


def _item(number: int, stop: Stop) -> str:
    about = f'<div class="dim">{html.escape(stop.about)}</div>' if stop.about else ""
    return f'{number}. <a href="{html.escape(stop.path)}">{html.escape(stop.title)}</a>{about}'


def _path(address: str, server_url: str) -> str:
    """Return the path on the local GitHub that an address leads to; empty where it leads elsewhere."""
    path = html.unescape(address).removeprefix(server_url)
    return path if path.startswith("/") else ""


def _relinked(text: str, files: Mapping[str, Path], server_url: str) -> str:
    def link(found: re.Match[str]) -> str:
        file = files.get(_path(found["path"], server_url))
        return f'href="{file.name}{found["anchor"] or ""}"' if file else found[0]

    return _LINK.sub(link, text)


def _name(path: str) -> str:
    # A full commit makes a name long; nine digits of one tell the few pages apart.
    short = re.sub(r"([0-9a-f]{9})[0-9a-f]{31}", r"\1", path.strip("/"))
    return re.sub(r"[^\w.]+", "-", short).strip("-")[:_LONGEST_NAME] + ".html"
