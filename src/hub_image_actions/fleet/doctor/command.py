"""The command `scripts/doctor`: its options, all repositories at once, then what was found."""

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path

from hub_image_actions.deployments.holds import today
from hub_image_actions.entry.at_once import AtOnce
from hub_image_actions.entry.command import chosen, github_from, standard_options
from hub_image_actions.entry.command_line import checked
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.doctor.doctor import Doctor, standard_of
from hub_image_actions.fleet.doctor.findings import Examination
from hub_image_actions.fleet.doctor.report import report_as_json, report_of, summary_of
from hub_image_actions.http import HttpClient
from hub_image_actions.names import parse_full_name
from hub_image_actions.registry.client import registries

# The checkout, which holds the template.
_ROOT = Path(__file__).resolve().parents[4]
_BROKEN = 1
# No answer, or a token that is wrong: what holds for one repository holds for all.
_OF_ALL = {0, HTTPStatus.UNAUTHORIZED}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    standard_options(parser, writes=False)
    parser.add_argument(
        "--deployments",
        type=checked(parse_full_name),
        metavar="OWNER/NAME",
        help="the deployments repository, where the repositories' variables do not name it",
    )


def run(options: argparse.Namespace, environ: Mapping[str, str], http: HttpClient, console: Console) -> int:
    """Examine the repositories, tell what was found, and return the exit status: 1 if anything is broken.

    Args:
        options: what the command line gave.
        environ: the environment, which names GitHub, the token and Docker's configuration.
        http: what sends the requests.
        console: what shows the progress and the result.

    Raises:
        ActionError: GitHub cannot be asked.
    """
    github = github_from(environ, http)
    names = chosen(options, github)
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    doctor = Doctor(
        github, registries(http, folder), standard_of(_ROOT, github), today(), options.deployments or ""
    )
    answers = AtOnce(console)("examining", {name: partial(doctor.examine, name) for name in names})
    examinations: dict[str, Examination] = {}
    for name in names:
        answer = answers[name]
        if isinstance(answer, GitHubError) and (answer.rate_limited or answer.status in _OF_ALL):
            raise answer
        examination = doctor.unread(name, answer) if isinstance(answer, ActionError) else answer
        # Two names may be one repository's: its old one, and that of today.
        examinations[examination.repository.lower()] = examination
    _tell(tuple(examinations.values()), console, as_json=options.json)
    return _BROKEN if any(one.worst == "broken" for one in examinations.values()) else 0


def _tell(examinations: Sequence[Examination], console: Console, *, as_json: bool) -> None:
    if not as_json:
        console.say(report_of(examinations))
        console.say("")
    console.result(report_as_json(examinations))
    console.say(summary_of(examinations))
