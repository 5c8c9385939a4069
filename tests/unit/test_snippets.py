"""The parts of workflows that the documents show: each is one that GitHub takes, as actionlint sees it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

JOB = {"runs-on": "ubuntu-latest", "timeout-minutes": 1}
BUILD = {
    **JOB,
    "outputs": {name: f"${{{{ steps.build.outputs.{name} }}}}" for name in ("image", "tag", "digest")},
    "steps": [{"id": "build", "run": "true"}],
}


def snippets(root: Path) -> list[tuple[str, Any]]:
    """Returns the YAML that the documents show, each under the name of a file for it."""
    found = []
    for pattern in ("*.md", "actions/*/README.md", "docs/**/*.md", "template/*.md"):
        for document in sorted(root.glob(pattern)):
            blocks = re.findall(r"^( *)```yaml\n(.*?)^\1```$", document.read_text(), re.DOTALL | re.MULTILINE)
            for number, (indent, block) in enumerate(blocks):
                name = f"{document.relative_to(root).as_posix().replace('/', '-')}-{number}.yaml"
                text = re.sub(f"^{indent}", "", block, flags=re.MULTILINE)
                found.append((name, YAML(typ="safe", pure=True).load(text)))
    return found


def workflow(snippet: Any) -> dict[str, Any] | None:
    """Returns the workflow that a snippet is a part of; nothing where it is of something else."""
    if isinstance(snippet, list) and all(isinstance(step, dict) for step in snippet):
        jobs = {"build": BUILD, "shown": {**JOB, "needs": "build", "steps": snippet}}
    elif isinstance(snippet, dict) and set(snippet) == {"permissions"}:
        jobs = {"shown": {**BUILD, **snippet}}
    elif isinstance(snippet, dict) and "jobs" in snippet:
        # A job without a body stands for the one that the reader has.
        jobs = {name: job or BUILD for name, job in snippet["jobs"].items()}
    else:
        return None
    return {
        "on": "push",
        **(snippet if isinstance(snippet, dict) and "jobs" in snippet else {}),
        "jobs": jobs,
    }


def complete(job: dict[str, Any]) -> dict[str, Any]:
    """Returns a job with steps before those shown, and a matrix, as far as those shown speak of them."""
    there = {step.get("id") for step in job["steps"]}
    named = set(re.findall(r"steps\.([\w-]+)\.", str(job)))
    matrix = {name: ["a", "b"] for name in sorted(set(re.findall(r"matrix\.([\w-]+)", str(job["steps"]))))}
    strategy = {"strategy": {"matrix": matrix}} if matrix and "strategy" not in job else {}
    return {
        **job,
        **strategy,
        "steps": [*({"id": name, "run": "true"} for name in sorted(named - there)), *job["steps"]],
    }


def findings(root: Path, folder: Path, workflows: dict[str, dict[str, Any]]) -> str:
    """Returns what actionlint finds in workflows."""
    paths = []
    for name, found in workflows.items():
        path = folder / name
        written = {**found, "jobs": {key: complete(job) for key, job in found["jobs"].items()}}
        YAML(typ="safe", pure=True).dump(written, path)
        paths.append(str(path))
    command = ["node", str(root / "tests/actionlint.cjs"), *paths]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def test_every_snippet_is_part_of_a_workflow_that_github_takes(root: Path, tmp_path: Path) -> None:
    workflows = {name: found for name, snippet in snippets(root) if (found := workflow(snippet))}
    assert len(workflows) > 10
    assert findings(root, tmp_path, workflows) == ""


@pytest.mark.parametrize(
    ("snippet", "finding"),
    [
        ([{"uses": "actions/checkout"}], "ref is missing"),
        ([{"run": "true", "if": "vars.X =="}], "expression"),
        ({"permissions": {"packages": "push"}}, "permission"),
        ({"jobs": {"bump": {**JOB, "needs": "biuld", "steps": [{"run": "true"}]}}}, "biuld"),
    ],
)
def test_a_snippet_that_github_refuses_is_found(
    root: Path, tmp_path: Path, snippet: Any, finding: str
) -> None:
    found = workflow(snippet)
    assert found
    assert finding in findings(root, tmp_path, {"wrong.yaml": found})
