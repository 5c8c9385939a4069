"""The edits in a tree of YAML files, against the search of grep in the same tree."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measurement import PYTHON, ROOT, Command, compared

IMAGE = "us-central1-docker.pkg.dev/project/user-images/data100-user-image"
OTHERS = "us-central1-docker.pkg.dev/project/user-images/hub"
# How many files, and how many of them name the image: a bump seldom touches more than three; ten show what
# each costs the parser.
TREES = ((10, 3), (1_000, 3), (10_000, 3), (10_000, 10))
PROMISED = {10_000: "at most 2"}


def search(runs: int) -> str:
    """Compare the edits in trees of some sizes with `grep -lr`; in the smallest, that is Python's start."""
    return "\n".join(searched(runs or 15, files, matching) for files, matching in TREES)


def searched(runs: int, files: int, matching: int) -> str:
    """Compare the edits in a tree in which some files name the image with the search of grep."""
    with TemporaryDirectory() as folder:
        write_deployments(Path(folder), files=files, matching=matching)
        options = ["--image", IMAGE, "--tag", "511c4637d702", "--dry-run", "deployments"]
        script: tuple[str | Path, ...] = (PYTHON, "-IS", ROOT / "scripts/bump-tag", *options)
        environment = dict(os.environ)
        ours = Command(f"bump-tag, {matching} of {files:,} files", script, Path(folder), environment)
        theirs = Command("grep -lr", ("grep", "-lr", IMAGE, "deployments"), Path(folder), environment)
        return compared(ours, theirs, runs, PROMISED.get(files, ""))


def write_deployments(root: Path, *, files: int, matching: int) -> None:
    """Write deployments of up to a hundred hubs; `matching` files, evenly spread, name the image."""
    step = files // matching
    for number in range(files):
        folder = root / "deployments" / f"hub{number * 100 // files:02}" / "config"
        folder.mkdir(parents=True, exist_ok=True)
        matches = number % step == 0 and number // step < matching
        name = IMAGE if matches else f"{OTHERS}{number % 40}-user-image"
        settings = "".join(f"    setting{line}: {'value' * (line % 12)}\n" for line in range(52))
        image = f"    image:\n      name: {name}\n      tag: 130d6247d491\n"
        (folder / f"values{number}.yaml").write_text(f"jupyterhub:\n  singleuser:\n{settings}{image}")
