"""The command line of an action on a laptop: an option for each input that its action.yml declares."""

from collections.abc import Sequence
from pathlib import Path


def read_arguments(action_yml: Path, arguments: Sequence[str]) -> dict[str, str]:
    """Return the inputs that are given as options; none without arguments, as in a workflow.

    Wrong usage ends the process with status 2, and ``--help`` with 0.

    Args:
        action_yml: the action's declaration, whose descriptions become the help.
        arguments: the command line without the program.
    """
    if not arguments:
        return {}
    # These and the declaration's parsing cost more than the rest of a start, and a workflow never needs them.
    import argparse

    from ruamel.yaml import YAML

    from hub_image_actions.entry.command_line import add_version

    declared = YAML(typ="safe", pure=True).load(action_yml)
    parser = argparse.ArgumentParser(
        prog=f"python3 {action_yml.parent.parent.name}/{action_yml.parent.name}/main.py",
        description=declared["description"],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_version(parser, action_yml.parents[2])
    for name, declaration in declared["inputs"].items():
        default = str(declaration.get("default") or "")
        shown = f" [{default}]" if default and "${{" not in default else ""
        text = f"{' '.join(declaration['description'].split())}{shown}"
        parser.add_argument(f"--{name}", metavar="…", help=text.replace("%", "%%"))
    if "context" in declared["inputs"]:
        # What is built stands last and by itself, as for every other builder.
        parser.add_argument("context", nargs="?", metavar="CONTEXT", default=argparse.SUPPRESS)
    options = vars(parser.parse_args(arguments))
    return {name.replace("_", "-"): value for name, value in options.items() if value is not None}
