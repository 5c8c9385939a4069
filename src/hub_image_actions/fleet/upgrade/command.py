"""The command `scripts/upgrade-image-repos`: its options, and what it does."""

import argparse
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub_image_actions.entry import command
from hub_image_actions.entry.command_line import WrongUsage, checked
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.upgrade.explanation import explain
from hub_image_actions.fleet.upgrade.goal import Goal, goal_of
from hub_image_actions.fleet.upgrade.result import Result
from hub_image_actions.fleet.upgrade.rollout import Rollout, Stages
from hub_image_actions.fleet.upgrade.tracking import RolloutReport, Tracking
from hub_image_actions.fleet.upgrade.upgrade import Upgrade
from hub_image_actions.fleet.upgrade.waves import Wave, parse_waves, read_waves
from hub_image_actions.fleet.workflows.pins import OURS
from hub_image_actions.http import HttpClient
from hub_image_actions.names import parse_full_name
from hub_image_actions.quantities import counted

_FAILED, _STOPPED = 1, 3


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--to", required=True, metavar="VERSION", help="the release, as v1.4.0")
    parser.add_argument(
        "--waves",
        default="",
        metavar="WAVES",
        help="NAME=COUNT,…,NAME, as canary=2,rest; or a YAML file: name and list of repositories",
    )
    parser.add_argument(
        "--tracking",
        type=checked(parse_full_name),
        metavar="OWNER/NAME",
        help="with --waves: where the tracking issue is [with the actions, if their owner is the same]",
    )
    parser.add_argument(
        "--explain",
        type=checked(parse_full_name),
        metavar="REPOSITORY",
        help="show old and new side by side, and why; writes nothing",
    )
    parser.add_argument(
        "--actions",
        type=checked(parse_full_name),
        default=OURS,
        metavar="OWNER/NAME",
        help="the repository of the actions [%(default)s]",
    )
    command.standard_options(parser, writes=True)


def run(options: argparse.Namespace, environ: Mapping[str, str], http: HttpClient, console: Console) -> int:
    """Do what the options say, tell what came of it, and return the exit status.

    Args:
        options: what the command line gave.
        environ: where GitHub is, and its token.
        http: what sends the requests.
        console: what people and programs see.

    Raises:
        ActionError: nothing can be done at all; what fails in one repository is a warning, and status 1.
    """
    waves = _waves(options.waves)
    if options.tracking and not waves:
        raise WrongUsage("--tracking is for waves.", "Give --waves as well.")
    github = command.github_from(environ, http)
    if options.explain:
        goal = goal_of(github, options.to, options.actions)
        upgrade = Upgrade(github, goal, apply=False, with_builds=False)
        return _explain(upgrade, options.explain, console)
    names = command.chosen(options, github)
    tracked = _tracking_repository(options.tracking, options.actions, names) if waves else ""
    goal = goal_of(github, options.to, options.actions)
    upgrade = Upgrade(github, goal, apply=options.apply, with_builds=bool(waves))
    rollout = Rollout(upgrade, console.progress)
    if not waves:
        results = rollout.at_once(names)
        _tell(results, console, applied=options.apply)
        console.result(_as_json(goal, results))
        return _status(results)
    tracking = Tracking(github, tracked, goal.ref)
    stages = Stages(waves, names, tracking, goal.ref, github.server_url, options.apply)
    report = stages.carry_out(rollout)
    return _told_of_waves(report, goal, tracking, console, applied=options.apply)


def _waves(text: str) -> tuple[Wave, ...]:
    if not text:
        return ()
    path = Path(text)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return read_waves(path)
    try:
        return parse_waves(text)
    except ActionError as error:
        raise WrongUsage(error.problem, error.remedy) from error


def _tracking_repository(given: str | None, actions: str, names: Sequence[str]) -> str:
    """Return where the tracking issue is; nobody else's repository is written to unasked."""
    if given:
        return given
    if names[0].partition("/")[0].lower() == actions.partition("/")[0].lower():
        return actions
    raise WrongUsage(
        "The waves need a tracking issue, and the actions are somebody else's.",
        "Name one of your repositories with --tracking OWNER/NAME.",
    )


def _explain(upgrade: Upgrade, name: str, console: Console) -> int:
    plan = upgrade.plan(name)
    console.say(explain(plan, shutil.get_terminal_size((120, 24)).columns))
    changes = [
        {
            "file": one.file,
            "line": one.line,
            "before": one.before,
            "new_file": one.new_file,
            "new_line": one.new_line,
            "after": one.after,
            "reason": one.reason,
        }
        for one in plan.changes
    ]
    told = Result(name, "waiting" if plan.files else "current", plan.kind, plan=plan).as_json()
    console.result({**told, "changes": changes, "notes": list(plan.notes)})
    return 0


def _told_of_waves(
    report: RolloutReport, goal: Goal, tracking: Tracking, console: Console, *, applied: bool
) -> int:
    results = [result for wave in report.waves for result in wave.results]
    _tell(results, console, applied=applied)
    for wave in report.waves:
        console.say(f"{wave.name}: {wave.verdict.state} ({wave.verdict.reason})")
    if tracking.url:
        console.say(f"Tracked in {tracking.url}")
    waves = [wave.as_json() for wave in report.waves]
    console.result({**_as_json(goal, results), "waves": waves, "tracking": tracking.url})
    stopped = any(wave.verdict.state == "stopped" for wave in report.waves)
    return _STOPPED if stopped else _status(results)


def _tell(results: Sequence[Result], console: Console, *, applied: bool) -> None:
    for result in results:
        if result.error:
            console.warn(f"{result.repository}: {result.error}")
        for name in result.missing:
            console.warn(
                f"{result.repository}: the variable {name} is not set, and the new workflows need it."
            )
    console.table(("REPOSITORY", "WAVE", "STATUS", "PULL REQUEST"), map(_row, results))
    counts = {"unchanged": 0, "opened": 0, "updated": 0, "would open": 0, "would update": 0}
    for result in results:
        if result.status in counts:
            counts[result.status] += 1
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    console.say(counted(len(results), "repository") + (f"; pull requests: {told}." if told else "."))
    if any(result.plan and result.plan.left_out and not result.plan.files for result in results):
        console.say("What is left to you is told by --explain REPOSITORY.")
    if not applied and any(result.status.startswith("would") for result in results):
        console.say("Nothing was changed; give --apply to open the pull requests.")


def _row(result: Result) -> tuple[str, ...]:
    return result.repository, result.wave, result.status, result.url


def _as_json(goal: Goal, results: Sequence[Result]) -> dict[str, object]:
    return {
        "to": goal.ref,
        "commit": goal.target.commit,
        "repositories": [result.as_json() for result in results],
    }


def _status(results: Sequence[Result]) -> int:
    return _FAILED if any(result.error for result in results) else 0
