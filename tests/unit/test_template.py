"""The template: its workflows only name actions, inputs, variables and secrets; what they need is there."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.staging import staged
from hub_image_actions.fleet.workflows.expressions import Unsaid, value_of
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile
from hub_image_actions.fleet.workflows.workflow_values import Known, WorkflowValues

OURS = "berkeley-dsep-infra/hub-image-actions/"
BUILT = {
    "environment.yml",
    "apt.txt",
    "postBuild",
    "image-tests/test_server.py",
    "image-tests/README.md",
    "notebooks/one.md",
}
DOCUMENTATION = {
    "README.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "docs/a/b.png",
    "docs/index.rst",
    ".github/workflows/test.yaml",
    ".gitignore",
    ".yamllint.yaml",
}
FILES = {
    ".github/dependabot.yml",
    ".github/workflows/binder.yaml",
    ".github/workflows/build-push-open-pr.yaml",
    ".github/workflows/rollback.yaml",
    ".github/workflows/test.yaml",
    ".github/workflows/yaml-lint.yaml",
    ".gitignore",
    ".yamllint.yaml",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "apt.txt",
    "environment.yml",
    "image-tests/notebooks/first-cell.ipynb",
    "image-tests/test_environment.py",
    "install.R.disabled",
    "postBuild",
    "start",
}


@pytest.fixture
def template(root: Path) -> Path:
    """Returns the template's folder."""
    return root / "template"


def load(path: Path) -> Any:
    """Returns what a file in YAML holds."""
    return YAML(typ="safe", pure=True).load(path)


def workflows(template: Path) -> dict[str, Any]:
    """Returns the workflows by name of file."""
    return {path.name: load(path) for path in sorted((template / ".github/workflows").iterdir())}


def jobs(template: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields every job of every workflow, under the name of its file."""
    for name, workflow in workflows(template).items():
        for job in workflow["jobs"].values():
            yield name, job


def steps(template: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields every step of every workflow, under the name of its file."""
    for name, job in jobs(template):
        for step in job["steps"]:
            yield name, step


def test_everything_is_there(template: Path) -> None:
    found = {path.relative_to(template).as_posix() for path in template.rglob("*") if path.is_file()}
    assert found >= FILES


def test_the_workflows_hold_no_logic(template: Path) -> None:
    scripts = [(name, step["run"]) for name, step in steps(template) if "run" in step]
    assert scripts == [("yaml-lint.yaml", "yamllint --strict .")]


def test_our_actions_get_inputs_that_they_have_and_all_that_they_need(root: Path, template: Path) -> None:
    for name, step in steps(template):
        if step.get("uses", "").startswith(OURS):
            action = step["uses"].removeprefix(OURS).removesuffix("@v1")
            declared = load(root / "actions" / action / "action.yml")["inputs"]
            needed = {key for key, about in declared.items() if about.get("required")}
            assert needed <= set(step.get("with", {})) <= set(declared), name


def test_the_outputs_that_go_from_job_to_job_are_outputs_of_the_build(root: Path, template: Path) -> None:
    build = workflows(template)["build-push-open-pr.yaml"]["jobs"]["build"]
    named = {
        re.fullmatch(r"\$\{\{ steps\.build\.outputs\.(.+) \}\}", text) for text in build["outputs"].values()
    }
    outputs = {"tag", "digest", "unchanged-since"}
    assert {found[1] for found in named if found} == outputs
    assert load(root / "actions/build/action.yml")["outputs"].keys() >= outputs


def test_every_job_says_what_it_may_and_how_long_it_takes(template: Path) -> None:
    for name, job in jobs(template):
        assert "permissions" in job, name
        assert job["timeout-minutes"] <= 120, name
    for name, workflow in workflows(template).items():
        assert workflow["permissions"] == {}, name
        assert "cancel-in-progress" in workflow["concurrency"], name


@pytest.mark.parametrize("workflow", ["build-push-open-pr.yaml", "rollback.yaml"])
def test_no_workflow_may_write_to_the_repository_that_holds_the_secrets(
    template: Path, workflow: str
) -> None:
    written = {
        scope
        for job in workflows(template)[workflow]["jobs"].values()
        for scope, level in job["permissions"].items()
        if level != "read"
    }
    assert written == ({"packages"} if workflow == "build-push-open-pr.yaml" else set())


LOGINS = [
    ("build-push-open-pr.yaml", "build", f"{OURS}build", "registry-password", "write"),
    ("build-push-open-pr.yaml", "bump", "docker/login-action", "password", "read"),
    ("rollback.yaml", "rollback", "docker/login-action", "password", "read"),
]


@pytest.mark.parametrize(("workflow", "job", "action", "password", "level"), LOGINS)
def test_only_githubs_own_registry_gets_the_jobs_token_and_it_gets_no_other_key(
    *, template: Path, workflow: str, job: str, action: str, password: str, level: str
) -> None:
    path = f".github/workflows/{workflow}"
    file = WorkflowFile(path, (template / path).read_bytes())
    (of_job,) = (one for one in file.jobs if one.name == job)
    (step,) = (one for one in of_job.steps if one.action == action)
    given = step.inputs[password].value

    def values(registry: str, secrets: frozenset[str] | None) -> WorkflowValues:
        return WorkflowValues(file, Known("o/r", {"REGISTRY": registry}, secrets))

    # Were a secret looked at, it would not be known what is given.
    assert values("ghcr.io", None).value(given, of_job, step) is Unsaid.FILLED
    assert values("ghcr.io", None).runs(of_job, step)
    assert values("quay.io", frozenset()).value(given, of_job, step) == ""
    assert values("quay.io", frozenset({"GAR_SECRET_KEY"})).value(given, of_job, step) is Unsaid.FILLED
    assert workflows(template)[workflow]["jobs"][job]["permissions"]["packages"] == level


def test_a_workflow_with_the_rights_of_the_base_fetches_and_runs_nothing_of_a_pull_request(
    template: Path,
) -> None:
    for workflow in workflows(template).values():
        if {"pull_request_target", "workflow_run"} & workflow["on"].keys():
            assert "checkout" not in str(workflow["jobs"])
            assert "secrets." not in str(workflow["jobs"])


def test_no_job_of_a_pull_request_that_may_write_contents_fetches_or_runs_anything_of_it(
    template: Path,
) -> None:
    may_write = [(name, job) for name, job in jobs(template) if job["permissions"].get("contents") == "write"]
    assert [name for name, _ in may_write] == ["binder.yaml", "test.yaml"]
    for _, job in may_write:
        (step,) = job["steps"]
        assert step["uses"] == f"{OURS}binder-badge@v1"
        assert "secrets." not in str(job)


def test_what_a_run_leaves_is_read_by_a_workflow_that_may_comment_and_nothing_else(template: Path) -> None:
    files = workflows(template)
    (comment,) = files["comment.yaml"]["jobs"].values()
    assert files["comment.yaml"]["on"]["workflow_run"]["workflows"] == [files["test.yaml"]["name"]]
    assert comment["permissions"] == {"actions": "read", "pull-requests": "write"}
    (step,) = comment["steps"]
    tested, left = (
        step for step in files["test.yaml"]["jobs"]["test"]["steps"] if "checkout" not in step["uses"]
    )
    # The comment is that of the same image.
    assert {name: tested["with"][name] for name in step["with"]} == step["with"]
    default = load(template.parent / "actions/comment-result/action.yml")["inputs"]["artifact"]["default"]
    assert left["with"]["name"] == default


def test_a_pull_request_sees_no_secret_but_the_key_of_candidates(template: Path) -> None:
    for name, workflow in workflows(template).items():
        if "pull_request" in workflow["on"]:
            seen = re.findall(r"secrets\.\w+", str(workflow))
            assert seen == (["secrets.CANDIDATES_KEY"] if name == "test.yaml" else []), name


def test_only_the_action_that_keeps_the_image_is_given_the_key(template: Path) -> None:
    jobs_of_test = workflows(template)["test.yaml"]["jobs"].values()
    (step,) = (step for job in jobs_of_test for step in job["steps"] if "secrets." in str(step))
    assert step["uses"] == f"{OURS}build-test@v1"
    assert [name for name, text in step["with"].items() if "secrets." in text] == ["candidates-password"]


def test_every_action_of_others_is_pinned_as_in_our_own_examples(root: Path, template: Path) -> None:
    pin = re.compile(r"([\w-]+/[\w./-]+@[0-9a-f]{40}) # (v\d+\.\d+\.\d+)")
    documents = [root / "README.md", *root.glob("docs/*.md"), *root.glob("actions/*/README.md")]
    shown = {found for path in documents for found in pin.findall(path.read_text())}
    used = {found for path in template.glob(".github/workflows/*") for found in pin.findall(path.read_text())}
    others = {step["uses"] for _, step in steps(template) if not step.get("uses", OURS).startswith(OURS)}
    assert {reference for reference, _ in used} == others
    names = [reference.partition("@")[0] for reference, _ in shown | used]
    assert sorted(names) == sorted(set(names))


def test_no_filter_keeps_a_check_from_reporting(template: Path) -> None:
    for name, workflow in workflows(template).items():
        filters = {key for event in workflow["on"].values() for key in event or {}}
        assert filters.isdisjoint({"paths", "paths-ignore", "branches-ignore"}), name
        if "pull_request" in workflow["on"]:
            assert workflow["on"]["pull_request"] is None
            # A queue waits for the checks that are required, those of other workflows too.
            assert workflow["on"]["merge_group"] == {"types": ["checks_requested"]}


@pytest.mark.parametrize("builder", ["docker", "repo2docker"])
def test_what_is_about_the_repository_alone_is_in_no_image(
    template: Path, tmp_path: Path, builder: str
) -> None:
    for name in DOCUMENTATION | BUILT | {".dockerignore"}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        there = template / name
        (tmp_path / name).write_bytes(there.read_bytes() if there.is_file() else b"x\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    context = BuildContext(tmp_path, ".")
    rules, always = context.ignore_rules(builder), context.always_staged(builder)
    with staged(tmp_path, tmp_path, tmp_path.parent / f"{tmp_path.name}-staged", rules, always) as found:
        assert set(found.entries) & (DOCUMENTATION | BUILT) == BUILT


def test_no_group_of_runs_drops_the_pull_request_of_a_version_tag(template: Path) -> None:
    workflow = workflows(template)["build-push-open-pr.yaml"]
    # Of the runs of a group that wait, GitHub keeps one.
    assert workflow["concurrency"]["group"].endswith("-${{ github.ref }}")
    assert [name for name, job in workflow["jobs"].items() if "concurrency" in job] == []
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert "inputs.tag" in workflows(template)["rollback.yaml"]["concurrency"]["group"]


@pytest.mark.parametrize(
    ("event", "ref_type", "since", "tag", "digest"),
    [
        ("push", "branch", "A", "A", ""),
        ("push", "branch", "", "B", "of B"),
        ("push", "tag", "A", "B", "of B"),
        ("workflow_dispatch", "branch", "A", "B", "of B"),
    ],
)
def test_a_push_to_main_that_changes_nothing_of_the_image_moves_hubs_to_the_tag_that_they_have(
    *, template: Path, event: str, ref_type: str, since: str, tag: str, digest: str
) -> None:
    bump = workflows(template)["build-push-open-pr.yaml"]["jobs"]["bump"]
    assert "if" not in bump
    known = {
        "github.event_name": event,
        "github.ref_type": ref_type,
        "needs.build.outputs.unchanged-since": since,
        "needs.build.outputs.tag": "B",
        "needs.build.outputs.digest": "of B",
    }

    def value(text: str) -> object:
        return value_of(text, lambda way: known[".".join(way)])

    known["env.SAME"] = str(value(bump["env"]["SAME"]))
    given = bump["steps"][-1]["with"]
    assert (value(given["tag"]), value(given["digest"])) == (tag, digest)


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_can_be_run(template: Path, name: str) -> None:
    assert (template / name).stat().st_mode & stat.S_IXUSR


def test_the_start_script_ends_in_the_server(template: Path) -> None:
    lines = (template / "start").read_text().splitlines()
    assert lines[-1] == 'exec "$@"'


def test_every_package_is_pinned(template: Path) -> None:
    packages = load(template / "environment.yml")["dependencies"]
    assert [package for package in packages if not re.fullmatch(r"[a-z-]+=\d+(\.\d+)?\.\*", package)] == []


def test_the_notebook_is_stored_without_outputs(template: Path) -> None:
    notebook = json.loads((template / "image-tests/notebooks/first-cell.ipynb").read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert code
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"]] == []


def test_dependabot_moves_the_pins_of_the_workflows(template: Path) -> None:
    (update,) = load(template / ".github/dependabot.yml")["updates"]
    assert (update["package-ecosystem"], update["directory"]) == ("github-actions", "/")


def test_the_set_up_guide_names_every_variable_and_secret(root: Path, template: Path) -> None:
    text = "\n".join(path.read_text() for path in template.glob(".github/workflows/*"))
    guide = (root / "docs/set-up.md").read_text()
    named = set(re.findall(r"(?:vars|secrets)\.([A-Z_]+)", text))
    assert len(named) > 10
    assert [name for name in sorted(named) if f"`{name}`" not in guide] == []


def test_every_link_in_the_templates_documents_leads_somewhere(template: Path) -> None:
    for document in template.glob("*.md"):
        links = re.findall(r"\]\((?!\w+:)([^)#\s]+)", document.read_text())
        assert [link for link in links if not (template / link).exists()] == []
