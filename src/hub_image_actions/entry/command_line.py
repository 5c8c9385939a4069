"""The command line of a script: its options, what `--help` and `--version` show, and how it ends.

This is loaded before a command looks for anything, so it imports little.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from hub_image_actions.entry.console import Console, plain
from hub_image_actions.entry.later_http import LaterHttp
from hub_image_actions.errors import ActionError

if TYPE_CHECKING:
    from hub_image_actions.http import HttpClient

T = TypeVar("T")
_FAILED = 1
_WIDEST = 100


class WrongUsage(ActionError):
    """The options cannot be meant as they are given."""


class Command(Protocol):
    """What the module of a command has."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command."""

    def run(
        self,
        options: argparse.Namespace,
        environ: Mapping[str, str],
        http: "HttpClient",
        console: Console,
    ) -> int:
        """Do what the options say, and return the exit status."""


class CommandLine:
    """What a command is started with.

    Args:
        documentation: its first line and the rest are what ``--help`` shows.
        root: the folder of these actions.
        environ: the environment.
    """

    def __init__(
        self, documentation: str | None, root: Path, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._environ = environ
        description, _, details = (documentation or "").partition("\n\n")
        layout = cast("type[argparse.HelpFormatter]", partial(_Layout, width=_width()))
        self._parser = argparse.ArgumentParser(
            description=description, epilog=details, formatter_class=layout
        )
        add_version(self._parser, root)

    def run(self, module: Command | ModuleType, arguments: Sequence[str] | None = None) -> int:
        """Run a command and return its exit status; what went wrong is one line on standard error.

        Wrong usage ends the process with status 2, and ``--help`` with 0.

        Args:
            module: the command.
            arguments: the command line without the program; that of the process where not given.
        """
        command = cast("Command", module)
        command.add_options(self._parser)
        options = self._parser.parse_intermixed_args(arguments)
        as_json = bool(getattr(options, "json", False))
        console = Console(sys.stdout, sys.stderr, as_json=as_json, environ=self._environ)
        try:
            with LaterHttp() as http:
                return command.run(options, self._environ, http, console)
        except WrongUsage as error:
            self._parser.error(plain(str(error)))
        except ActionError as error:
            console.fail(self._parser.prog, str(error))
            return _FAILED


class _Layout(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of a description, among which are examples."""


class _ShowVersion(argparse.Action):
    """Prints the version, which is only then found out."""

    def __init__(self, option_strings: Sequence[str], dest: str, root: Path) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the release, and the commit of a checkout")
        self._root = root

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print the version and end the process."""
        from hub_image_actions.entry.own_version import own_version

        print(own_version(self._root))
        parser.exit()


def add_version(parser: argparse.ArgumentParser, root: Path) -> None:
    """Add the option `--version`.

    Args:
        parser: what reads the options.
        root: the folder of these actions.
    """
    parser.add_argument("--version", action=_ShowVersion, root=root)


def checked(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Return a reader for an option whose errors are wrong usage.

    Args:
        parse: returns what a text means, and raises an ActionError where it means nothing.
    """

    def parsed(text: str) -> T:
        try:
            return parse(text)
        except ActionError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parsed


def _width() -> int:
    # Given a width, argparse does not import what would find it out.
    try:
        return min(os.get_terminal_size().columns - 2, _WIDEST)
    except OSError:
        return _WIDEST
