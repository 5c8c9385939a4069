"""The command `scripts/upgrade-base-image`: its options, and what it does."""

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from hub_image_actions.bump.base_image_report import short
from hub_image_actions.bump.base_images import (
    BRANCH,
    TITLE,
    BaseImageUpgrade,
    Wording,
    branch_of,
    digest_in_registry,
)
from hub_image_actions.bump.dependents import NO_DEPENDENT, BaseImageResult
from hub_image_actions.entry import command
from hub_image_actions.entry.command_line import checked
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import InvalidReference
from hub_image_actions.http import HttpClient
from hub_image_actions.images.dockerfiles import BaseTarget
from hub_image_actions.names import parse_full_name, parse_host
from hub_image_actions.quantities import counted
from hub_image_actions.references import DEFAULT_REGISTRY, DOCKER_HUB, ImageReference, parse_reference
from hub_image_actions.registry.client import registries


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "image",
        type=checked(_with_tag),
        metavar="IMAGE:TAG",
        help="what to build on; @DIGEST may follow",
    )
    parser.add_argument(
        "--registry",
        type=checked(parse_host),
        metavar="HOST",
        help=f"host of an image without one [{DEFAULT_REGISTRY}; {DOCKER_HUB} for ubuntu and the like]",
    )
    parser.add_argument(
        "--image-repository",
        type=checked(parse_full_name),
        metavar="REPOSITORY",
        help="the image's own repository",
    )
    parser.add_argument("--branch", default=BRANCH, help="the branch [%(default)s]")
    parser.add_argument("--title", default=TITLE, help="the pull request's title [%(default)s]")
    parser.add_argument("--label", action="append", default=[], help="a label; may be given again")
    parser.add_argument("--no-verify", action="store_true", help="do not ask the registry for the tag")
    command.standard_options(parser, writes=True)


def run(options: argparse.Namespace, environ: Mapping[str, str], http: HttpClient, console: Console) -> int:
    """Do what the options say, tell what came of it, and return the exit status.

    Args:
        options: what the command line gave.
        environ: where GitHub is, its token, and the folder of Docker's configuration.
        http: what sends the requests.
        console: what people and programs see.

    Raises:
        ActionError: nothing can be done at all; what fails in one repository is a warning, and status 1.
    """
    given: ImageReference = options.image
    usual = DOCKER_HUB if given.name.is_official else DEFAULT_REGISTRY
    image = given.name.on(options.registry or usual).canonical
    target = BaseTarget(image, given.tag, given.digest)
    wording = Wording(options.branch, options.title, tuple(options.label))
    branch_of(wording.branch, target.image)
    sources = [options.image_repository] if options.image_repository else []
    find_digest = partial(_digest, environ, http, target)
    if not options.no_verify:
        target = BaseTarget(target.image, target.tag, find_digest())
    github = command.github_from(environ, http)
    upgrade = BaseImageUpgrade(github, target, wording, find_digest, sources, console.warn)
    names = command.chosen(options, github)
    results = [upgrade.carry_out(name, apply=options.apply) for name in console.progress(names, str)]
    _tell(results, target, console, applied=options.apply)
    return 1 if any(result.error for result in results) else 0


def _with_tag(text: str) -> ImageReference:
    reference = parse_reference(text)
    if not reference.tag:
        raise InvalidReference(f"{text!r} has no tag.", "Write it as IMAGE:TAG.")
    return reference


def _digest(environ: Mapping[str, str], http: HttpClient, target: BaseTarget) -> str:
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    host = target.image.registry
    return digest_in_registry(registries(http, folder)(host), target)


def _tell(results: Sequence[BaseImageResult], target: BaseTarget, console: Console, *, applied: bool) -> None:
    for result in results:
        if result.error:
            console.warn(f"{result.repository}: {result.error}")
    dependents = [result for result in results if result.references]
    console.table(
        ("REPOSITORY", "WHERE", "STAGE", "FROM", "TO", "STATUS"),
        (row for result in dependents for row in _rows(result)),
    )
    others = sum(result.status == NO_DEPENDENT for result in results)
    build, do = ("builds" if len(dependents) == 1 else "build"), ("does" if others == 1 else "do")
    looked_at = counted(len(results), "repository")
    console.say(f"{len(dependents)} of {looked_at} {build} on {target.image}, {others} {do} not.")
    if not applied and any(result.files for result in dependents):
        console.say("Nothing was changed; give --apply to open the pull requests.")
    console.result([result.as_json() for result in results])


def _rows(result: BaseImageResult) -> list[tuple[str, ...]]:
    return [
        (
            result.repository,
            f"{reference.file}:{reference.outcome.line}",
            reference.outcome.stage,
            short(reference.old) or "-",
            short(reference.new) or f"left: {reference.reason}",
            " ".join(filter(None, (result.status, result.url))),
        )
        for reference in result.references
    ]
