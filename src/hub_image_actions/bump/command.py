"""The command `scripts/bump-tag` once its options are read: edits in a local checkout, and the report."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path

from hub_image_actions import dependencies
from hub_image_actions.deployments.bump import Bump, BumpReference, Plan
from hub_image_actions.deployments.holds import today
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.deployments.selection import Selection
from hub_image_actions.references import parse_digest, parse_image_name, parse_tag

ROOT = Path(__file__).resolve().parents[3]


def run(options: argparse.Namespace, found: Iterable[str]) -> None:
    """Do what the options say, and print what came of it.

    Args:
        options: what the command line gave.
        found: the files below the given paths that may name the image.

    Raises:
        InvalidReference: image, tag or digest cannot be one.
        ActionError: the deployments cannot be read or edited.
    """
    dependencies.activate(ROOT)
    selection = Selection(tuple(options.paths), tuple(options.exclude))
    bump = _bump(options)
    plan = plan_bump(Path(), options.paths, bump, found, selection=selection)
    if not options.dry_run:
        plan.write()
    # File names are bytes; those that are no UTF-8 come out as they went in.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape", newline="")
    _tell(plan, options)
    if not plan.references:
        from hub_image_actions.deployments.nearest import nearest_images, not_deployed

        error = not_deployed(bump.image, nearest_images(Path(), options.paths, bump.image))
        if options.fail_if_none:
            raise error
        print(error, file=sys.stderr)


def _bump(options: argparse.Namespace) -> Bump:
    return Bump(
        image=parse_image_name(options.image),
        tag=parse_tag(options.tag),
        day=today(),
        digest=options.digest and parse_digest(options.digest),
        from_tag=options.from_tag and parse_tag(options.from_tag),
    )


def _tell(plan: Plan, options: argparse.Namespace) -> None:
    """Print the report in the form that was asked for."""
    if options.json:
        import json

        print(json.dumps(_as_json(plan), indent=2))
    elif options.dry_run:
        print(*(edit.diff() for edit in plan.edits), sep="", end="")
        print(_summary(plan), file=sys.stderr)
    else:
        print(*filter(None, (_table(plan.references), _summary(plan))), sep="\n")


def _as_json(plan: Plan) -> dict[str, object]:
    """Return the report for programs."""
    return {
        "changed": bool(plan.edits),
        "files": [edit.file for edit in plan.edits],
        "references": [asdict(reference) for reference in plan.references],
    }


def _table(seen: tuple[BumpReference, ...]) -> str:
    """Return the report for people: a line for each reference."""
    rows = [("HUB", "WHERE", "SHAPE", "FROM", "TO")]
    rows += [
        (
            reference.hub,
            f"{reference.file}:{reference.line}",
            reference.shape,
            reference.old or "-",
            "; ".join(filter(None, (reference.new or f"left: {reference.reason}", reference.note))),
        )
        for reference in seen
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines) if seen else ""


def _summary(plan: Plan) -> str:
    """Return what happened in one line."""
    if not plan.references:
        return "No reference to this image was found."
    files = len(plan.edits)
    return f"{len(plan.moved)} moved in {files} file{'' if files == 1 else 's'}, {len(plan.left)} left."
