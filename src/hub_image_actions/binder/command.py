"""The command `scripts/binder-badge`: its options, and the badge."""

import argparse
from collections.abc import Mapping

from hub_image_actions.binder.launch import Launch, parse_repository
from hub_image_actions.entry.command_line import checked
from hub_image_actions.entry.console import Console
from hub_image_actions.http import HttpClient
from hub_image_actions.names import parse_server


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "repository",
        type=checked(parse_repository),
        metavar="REPOSITORY",
        help="owner/name, or gl:…, gist:…, git:…, zenodo:…",
    )
    parser.add_argument("--ref", default="HEAD", help="the branch, tag or commit [HEAD]")
    parser.add_argument(
        "--binder-url",
        type=checked(parse_server),
        default="https://mybinder.org",
        help="the BinderHub [%(default)s]",
    )
    opened = parser.add_mutually_exclusive_group()
    opened.add_argument("--urlpath", default="", help="what to open, as lab or rstudio")
    opened.add_argument("--filepath", default="", help="the notebook or file to open")


def run(options: argparse.Namespace, environ: Mapping[str, str], http: HttpClient, console: Console) -> int:
    """Print the badge, and return the exit status.

    Args:
        options: what the command line gave.
        environ: nothing of it is read.
        http: nothing is asked.
        console: what people see.
    """
    del environ, http
    launch = Launch(options.binder_url, options.repository, options.ref, options.urlpath, options.filepath)
    console.say(launch.badge("Launch on Binder"))
    return 0
