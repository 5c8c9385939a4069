"""The command `scripts/image-status`: its options, the questions, all at once, and the table."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from hub_image_actions.deployments.holds import today
from hub_image_actions.entry.at_once import AtOnce
from hub_image_actions.entry.command import chosen, github_from, standard_options
from hub_image_actions.entry.command_line import checked
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.status.answers import Question
from hub_image_actions.fleet.status.page import status_page
from hub_image_actions.fleet.status.survey import Survey
from hub_image_actions.fleet.status.table import Status
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.repository import Repository
from hub_image_actions.http import HttpClient
from hub_image_actions.names import parse_branch, parse_full_name, parse_path
from hub_image_actions.registry.client import registries

_MOST_WARNINGS, _MOST_IMAGES = 10, 10
_PRODUCTION = "prod"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--deployments",
        required=True,
        type=checked(parse_full_name),
        metavar="OWNER/NAME",
        help="the deployments repository",
    )
    parser.add_argument(
        "--branches",
        type=_several(parse_branch),
        default=(),
        help="its branches, with commas between them [its default branch, and prod where it has one]",
    )
    parser.add_argument(
        "--paths",
        type=_several(parse_path),
        default=("deployments",),
        help="the folders of the deployments, with commas between them [deployments]",
    )
    parser.add_argument(
        "--image-pattern",
        default="",
        metavar="PATTERN",
        help="a shell pattern for images that count beside those of the repositories, as '*user-images/*'",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the table as a web page, too")
    standard_options(parser, writes=False)


def run(options: argparse.Namespace, environ: Mapping[str, str], http: HttpClient, console: Console) -> int:
    """Ask, write the page where one is wanted, print the table, and return the exit status.

    Args:
        options: what the command line gave.
        environ: the environment, which names GitHub, the token and Docker's configuration.
        http: what sends the requests.
        console: what shows the progress and the result.

    Raises:
        ActionError: there is nothing to tell, or the page cannot be written.
    """
    github = github_from(environ, http)
    question = Question(
        deployments=options.deployments,
        branches=options.branches or _usual_branches(github, options.deployments),
        repositories=_repositories(options, github),
        day=today(),
        now=datetime.now(timezone.utc),
        paths=options.paths,
        pattern=options.image_pattern,
        # Who names repositories one by one wants to know of these.
        only_theirs=not options.owner and bool(options.repositories or options.repos_file),
    )
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    found = Survey(question, github, registries(http, folder), AtOnce(console)).status()
    for problem in found.problems:
        console.warn(problem)
    if not found.rows:
        raise _nothing(found, question)
    if options.html:
        _write(options.html, status_page(found))
    _tell(found, options, console)
    return 0


def _usual_branches(github: GitHub, deployments: str) -> tuple[str, ...]:
    """Return the default branch of the deployments, and the one of production where there is such a one."""
    asked = Repository(github, deployments)
    default = asked.described().default_branch
    has_another = default != _PRODUCTION and asked.branch_exists(_PRODUCTION)
    return (default, _PRODUCTION) if has_another else (default,)


def _nothing(found: Status, question: Question) -> ActionError:
    """Return the error that the table has no row, with what is deployed, and which option chooses it."""
    where = f"{' and '.join(question.paths)} of {question.deployments}, {' and '.join(question.branches)}"
    if not found.others:
        return ActionError(f"No image is deployed in {where}.", "Check --paths and --branches.")
    owner = question.deployments.partition("/")[0]
    whose = "that was named" if question.repositories else f"of {owner}"
    more = len(found.others) - _MOST_IMAGES
    images = ", ".join(found.others[:_MOST_IMAGES]) + (f" and {more} more" if more > 0 else "")
    return ActionError(
        f"No image in {where} is that of a repository {whose}. Deployed are {images}.",
        "Name the images' repositories, as owner/name, or choose by the images' names, as "
        f"--image-pattern '*{found.others[0].rpartition('/')[2]}'.",
    )


def _repositories(options: argparse.Namespace, github: GitHub) -> tuple[str, ...]:
    if not (options.repositories or options.repos_file or options.owner or options.topic):
        return ()
    return tuple(name for name in chosen(options, github) if name.lower() != options.deployments.lower())


def _write(file: Path, text: str) -> None:
    try:
        # A name of a file may be no text.
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ActionError(f"{file} cannot be written: {error.strerror}.", "Check --html.") from error


def _tell(found: Status, options: argparse.Namespace, console: Console) -> None:
    console.result(found.as_json())
    console.table(found.header(), found.lines())
    if not options.json:
        _warn(list(dict.fromkeys(text for row in found.rows for text in row.all_problems)), console)
    console.say(found.summary())
    if options.html:
        console.say(f"The page is {options.html}.")


def _warn(problems: Sequence[str], console: Console) -> None:
    for problem in problems[:_MOST_WARNINGS]:
        console.warn(problem)
    if len(problems) > _MOST_WARNINGS:
        console.warn(f"{len(problems) - _MOST_WARNINGS} more problems; --html and --json show all of them.")


def _several(parse: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    one = checked(parse)

    def parsed(text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one(part.strip()) for part in text.split(",") if part.strip()))

    return parsed
