"""The command `scripts/bump-tag`: its options, and the search that begins before all else is loaded."""

import argparse
import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub_image_actions.deployments.search import files_holding
from hub_image_actions.entry.console import Console

if TYPE_CHECKING:
    from hub_image_actions.http import HttpClient


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a folder or file of the deployments")
    parser.add_argument("--image", required=True, help="image without tag; without a host: on any registry")
    parser.add_argument("--tag", required=True, help="the tag to move to")
    parser.add_argument(
        "--digest", default="", help="the digest of that tag, for references pinned by digest"
    )
    parser.add_argument("--from-tag", default="", help="move only the references that are at this tag")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="a path or pattern to leave out"
    )
    parser.add_argument(
        "--fail-if-none", action="store_true", help="exit with status 1 if no file names the image"
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing, print a unified diff")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace, environ: Mapping[str, str], http: "HttpClient", console: Console) -> int:
    """Do what the options say, print what came of it, and return the exit status.

    Args:
        options: what the command line gave.
        environ: nothing of it is read.
        http: nothing is asked.
        console: what people and programs see.

    Raises:
        ActionError: the deployments cannot be read or edited.
    """
    del environ, http
    # A process this short collects nothing worth the time.
    gc.disable()
    # Every way to write the image ends in the last part of its name; which image it is, the parser tells.
    found = files_holding(options.image.rpartition("/")[2], options.paths)
    from hub_image_actions.bump.checkout import bump_checkout

    bump_checkout(options, found, console)
    return 0
