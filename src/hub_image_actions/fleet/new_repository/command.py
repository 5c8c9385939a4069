"""The command `scripts/new-image-repo`: its options, the steps, then what is left."""

import argparse
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from hub_image_actions.deployments.holds import today
from hub_image_actions.entry.command import github_from
from hub_image_actions.entry.command_line import checked
from hub_image_actions.entry.console import Console
from hub_image_actions.fleet.new_repository.folder_history import parse_folder_source
from hub_image_actions.fleet.new_repository.new_repository import NewRepository
from hub_image_actions.fleet.new_repository.step import Step, Wish
from hub_image_actions.fleet.workflows.variables import OWNER, REPOSITORY
from hub_image_actions.http import HttpClient
from hub_image_actions.names import parse_full_name, parse_hub
from hub_image_actions.references import parse_image_name, parse_reference

# The checkout, which holds the template.
_ROOT = Path(__file__).resolve().parents[4]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("hub", type=checked(parse_hub), metavar="HUB", help="the hub's name, as data100")
    parser.add_argument(
        "--image",
        type=checked(parse_image_name),
        metavar="IMAGE",
        help="the image, without tag [named as the other hubs' images are]",
    )
    parser.add_argument("--owner", default="", help="who is to own the repository [the deployments' owner]")
    parser.add_argument("--private", action="store_true", help="make it a private repository")
    parser.add_argument(
        "--base",
        type=checked(parse_reference),
        metavar="IMAGE:TAG",
        help="the image that the repository's Dockerfile builds on",
    )
    parser.add_argument(
        "--history",
        type=checked(parse_folder_source),
        metavar="FROM",
        help="begin with the history of a folder: owner/name:folder, or ./clone:folder",
    )
    parser.add_argument(
        "--template",
        type=Path,
        default=_ROOT / "template",
        metavar="FOLDER",
        help="the folder of the template's files [that of these actions]",
    )
    parser.add_argument(
        "--deployments",
        type=checked(parse_full_name),
        default=f"{OWNER}/{REPOSITORY}",
        metavar="OWNER/NAME",
        help="the deployments repository [%(default)s]",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--apply", action="store_true", help="do it; without, only say what would be done")


def run(options: argparse.Namespace, environ: Mapping[str, str], http: HttpClient, console: Console) -> int:
    """Go through the steps, tell each and what is left for a person, and return the exit status.

    Args:
        options: what the command line gave.
        environ: the environment, which names GitHub and the token.
        http: what sends the requests.
        console: what shows the steps and the result.

    Raises:
        ActionError: a step failed; those before it are done, and need not be done again.
    """
    wish = Wish(
        hub=options.hub,
        owner=options.owner or options.deployments.partition("/")[0],
        deployments=options.deployments,
        template=options.template,
        day=today(),
        image=options.image,
        base=options.base,
        private=options.private,
        history=options.history,
    )
    github = github_from(environ, http)
    new = NewRepository(github, wish, apply=options.apply, root=_ROOT, wait=time.sleep)
    console.say(f"{new.full_name}, image {new.image}")
    console.say("")
    steps = []
    for step in new.steps():
        steps.append(step)
        if step.status != "yours":
            console.say(f"  {step.status:<5}  {step.text}")
    _tell_what_is_left(steps, console, applied=options.apply)
    about = {"repository": new.full_name, "image": str(new.image), "applied": options.apply}
    console.result({**about, "steps": [asdict(step) for step in steps]})
    return 0


def _tell_what_is_left(steps: Sequence[Step], console: Console, *, applied: bool) -> None:
    yours = [step for step in steps if step.status == "yours"]
    if yours:
        console.say("")
        console.say("Left for you:" if applied else "Left for you then:")
    for number, step in enumerate(yours, 1):
        console.say(f"  {number}. {step.text[:1].upper()}{step.text[1:]}.")
        for line in _below(step):
            console.say(f"     {line}".rstrip())
    if not applied and any(step.status == "to do" for step in steps):
        console.say("")
        console.say("Nothing was written. Run again with --apply.")


def _below(step: Step) -> Iterable[str]:
    if step.lines:
        yield from ("", *(f"    {line}" for line in step.lines.splitlines()), "")
    if step.link:
        yield step.link
