"""A bump in a local checkout of deployments: the edits, and the report."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path

from hub_image_actions.deployments.bump import Bump, BumpReference, Plan
from hub_image_actions.deployments.holds import today
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.deployments.selection import Selection, leaves_nothing_out
from hub_image_actions.entry.command_line import WrongUsage
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import InvalidReference
from hub_image_actions.references import parse_digest, parse_image_name, parse_tag


def bump_checkout(options: argparse.Namespace, found: Iterable[str], console: Console) -> None:
    """Do what the options say, and print what came of it.

    Args:
        options: what the command line gave.
        found: the files below the given paths that may name the image.
        console: what people and programs see.

    Raises:
        WrongUsage: image, tag or digest cannot be one.
        ActionError: the deployments cannot be read or edited.
    """
    try:
        bump = _bump(options)
    except InvalidReference as error:
        raise WrongUsage(error.problem, error.remedy) from error
    # The shell has made paths of patterns already.
    selection = Selection((), tuple(options.exclude))
    for pattern in selection.idle(Path(), options.paths):
        console.warn(leaves_nothing_out(pattern))
    plan = plan_bump(Path(), options.paths, bump, found, selection=selection)
    if not options.dry_run:
        plan.write()
    _tell(plan, options, console)
    if not plan.references:
        from hub_image_actions.deployments.nearest import nearest_images, not_deployed

        missing = not_deployed(bump.image, nearest_images(Path(), options.paths, bump.image))
        if options.fail_if_none:
            raise missing
        console.warn(str(missing))


def _bump(options: argparse.Namespace) -> Bump:
    return Bump(
        image=parse_image_name(options.image),
        tag=parse_tag(options.tag),
        day=today(),
        digest=options.digest and parse_digest(options.digest),
        from_tag=options.from_tag and parse_tag(options.from_tag),
    )


def _tell(plan: Plan, options: argparse.Namespace, console: Console) -> None:
    """Print the report in the form that was asked for."""
    console.result(_as_json(plan))
    if options.json:
        return
    if options.dry_run:
        _print_exactly("".join(edit.diff() for edit in plan.edits))
        print(_summary(plan), file=sys.stderr)
    else:
        console.table(("HUB", "WHERE", "SHAPE", "FROM", "TO"), map(_row, plan.references))
        console.say(_summary(plan))


def _print_exactly(text: str) -> None:
    # File names are bytes; those that are no UTF-8 come out as they went in, and line ends as they are.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    print(text, end="")


def _as_json(plan: Plan) -> dict[str, object]:
    """Return the report for programs."""
    return {
        "changed": bool(plan.edits),
        "files": [edit.file for edit in plan.edits],
        "references": [asdict(reference) for reference in plan.references],
    }


def _row(reference: BumpReference) -> tuple[str, ...]:
    """Return the line of the report for people that is about a reference."""
    return (
        reference.hub,
        f"{reference.file}:{reference.line}",
        reference.shape,
        reference.old or "-",
        "; ".join(filter(None, (reference.new or f"left: {reference.reason}", reference.note))),
    )


def _summary(plan: Plan) -> str:
    """Return what happened in one line."""
    if not plan.references:
        return "No reference to this image was found."
    files = len(plan.edits)
    return f"{len(plan.moved)} moved in {files} file{'' if files == 1 else 's'}, {len(plan.left)} left."
