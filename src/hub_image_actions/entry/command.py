"""What the fleet's commands have in common: their options, and who asks GitHub."""

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from hub_image_actions import process
from hub_image_actions.entry.command_line import WrongUsage, checked
from hub_image_actions.entry.run_environment import read_run_environment
from hub_image_actions.errors import ActionError, CommandError
from hub_image_actions.exchange import Limits
from hub_image_actions.github.archives import LARGEST_ARCHIVE
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.pace import GITHUBS_ALLOWANCE, NO_LIMITS, Pace, PacedHttp
from hub_image_actions.github.snapshot import repositories_of
from hub_image_actions.http import Http, HttpClient
from hub_image_actions.names import parse_full_name, parse_server

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SECONDS_FOR_GH = 20.0
# A whole repository comes in one answer.
_LIMITS = Limits(exchange=180.0, body=LARGEST_ARCHIVE)


def standard_options(parser: argparse.ArgumentParser, *, writes: bool) -> None:
    """Add the options that say which repositories, and how it is told.

    Args:
        parser: the command's parser.
        writes: whether the command can change something; it does so with ``--apply`` only.
    """
    parser.add_argument(
        "repositories",
        nargs="*",
        type=checked(parse_full_name),
        metavar="REPOSITORY",
        help="a repository: owner/name",
    )
    parser.add_argument(
        "--repos-file",
        type=Path,
        metavar="FILE",
        help="a file with one owner/name a line; # begins a comment",
    )
    parser.add_argument("--owner", default="", help="all repositories of an organisation or user")
    parser.add_argument("--topic", default="", help="with --owner: only those that have this topic")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    if writes:
        parser.add_argument(
            "--apply", action="store_true", help="do it; without, only say what would be done"
        )


def open_http() -> Http:
    """Return what sends the requests, with room for the archive of a repository; close it at the end."""
    return Http(limits=_LIMITS)


def github_from(environ: Mapping[str, str], http: HttpClient) -> GitHub:
    """Return GitHub as the environment names it: GITHUB_SERVER_URL, GITHUB_API_URL, and a token.

    The token is GITHUB_TOKEN or GH_TOKEN, or the one that the GitHub CLI (`gh`) is logged in with. GitHub is
    asked at the pace that it wants.

    Raises:
        InvalidName: an address is none, or would get the token unencrypted.
        ActionError: there is no token.
    """
    run = read_run_environment(environ)
    server, api = parse_server(run.server_url), parse_server(run.api_url)
    token = environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or _token_of_gh(environ, server)
    # The limits are those of GitHub's own servers; one on this machine has none but those that it tells of.
    local = urlsplit(api).hostname in _LOOPBACK
    pace = Pace(NO_LIMITS if local else GITHUBS_ALLOWANCE, lambda text: print(text, file=sys.stderr))
    return GitHub(PacedHttp(http, pace), api, server, token.strip())


def chosen(options: argparse.Namespace, github: GitHub) -> tuple[str, ...]:
    """Return the full names that the options choose, each once, in the order in which they are given.

    Raises:
        WrongUsage: nothing says which.
        ActionError: there is none, a name in the file is none, or the file cannot be read.
        GitHubError: the owner's repositories cannot be listed.
    """
    if options.topic and not options.owner:
        raise WrongUsage("--topic chooses among the repositories of an owner.", "Give --owner as well.")
    names = [*options.repositories, *_names_in(options.repos_file)]
    found = {name.lower(): name for name in reversed([parse_full_name(name) for name in names])}
    names = list(dict.fromkeys(found[name.lower()] for name in names))
    if options.owner:
        listed = repositories_of(github, options.owner, options.topic)
        names += [name for name in listed if name.lower() not in found]
    if not names:
        raise _none_chosen(options)
    return tuple(names)


def _none_chosen(options: argparse.Namespace) -> ActionError:
    """Return what is wrong where no repository is chosen: nothing was given, or nothing matches it."""
    if options.topic:
        return ActionError(
            f"No repository of {options.owner} that the token can see has the topic {options.topic}.",
            f"Add it with `gh repo edit {options.owner}/NAME --add-topic {options.topic}`, or check --topic.",
        )
    if options.owner:
        problem = f"{options.owner} has no repository that the token can see."
        return ActionError(problem, "Check --owner, and which repositories the token covers.")
    if options.repos_file:
        return ActionError(
            f"{options.repos_file} names no repository.", "List them as owner/name, one a line."
        )
    return WrongUsage(
        "No repository is chosen.", "Name repositories as owner/name, or give --owner or --repos-file."
    )


def _names_in(file: Path | None) -> Iterable[str]:
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ActionError(f"{file} cannot be read: {reason}.", "Check --repos-file.") from error
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def _token_of_gh(environ: Mapping[str, str], server: str) -> str:
    command = ["gh", "auth", "token", "--hostname", server.partition("://")[2]]
    try:
        return process.run(command, timeout=_SECONDS_FOR_GH, env=dict(environ)).stdout
    except CommandError as error:
        raise ActionError(
            "There is no token for GitHub.", "Set GITHUB_TOKEN, or log in with `gh auth login`."
        ) from error
