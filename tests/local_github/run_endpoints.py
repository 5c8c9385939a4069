"""Endpoints for workflows, their runs and what these left, dispatches, checks and statuses."""

from typing import Any

from . import run_objects, storage
from .rest import Answer, Refused, Request, endpoint
from .runs import CommitStatus, Dispatch, Run, Workflow, workflows

Json = dict[str, Any]
READ = ("actions", "read")
WRITE = ("actions", "write")
REPOSITORY = "/repos/{owner}/{repo}"
WORKFLOW = f"{REPOSITORY}/actions/workflows/{{workflow_id}}"
# GitHub's order of precedence for what many statuses come to.
WORST_FIRST = ("failure", "error", "pending", "success")


@endpoint("GET", f"{REPOSITORY}/actions/workflows", READ)
def get_workflows(request: Request) -> Answer:
    """List the workflows of the default branch."""
    repository = request.repository
    found = workflows(repository)
    page, headers = request.page(found)
    listed = [run_objects.workflow(request.objects, repository, one) for one in page]
    return Answer(200, {"total_count": len(found), "workflows": listed}, headers)


@endpoint("GET", WORKFLOW, READ)
def get_workflow(request: Request) -> Answer:
    """Give a workflow, by its number or its file's name."""
    return Answer(200, run_objects.workflow(request.objects, request.repository, _workflow(request)))


@endpoint("PUT", f"{WORKFLOW}/enable", WRITE)
def enable_workflow(request: Request) -> Answer:
    """Switch a workflow on."""
    request.repository.workflow_states[_workflow(request).path] = "active"
    return Answer(204)


@endpoint("PUT", f"{WORKFLOW}/disable", WRITE)
def disable_workflow(request: Request) -> Answer:
    """Switch a workflow off."""
    request.repository.workflow_states[_workflow(request).path] = "disabled_manually"
    return Answer(204)


@endpoint("POST", f"{WORKFLOW}/dispatches", WRITE)
def dispatch_workflow(request: Request) -> Answer:
    """Run a workflow: a queued run is there at once."""
    repository, workflow, body = request.repository, _workflow(request), request.body
    ref = body["ref"].removeprefix("refs/heads/").removeprefix("refs/tags/")
    sha = repository.commit_sha(ref)
    if sha is None:
        raise Refused(422, f"No ref found for: {body['ref']}")
    if workflow.state != "active":
        raise Refused(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    if "workflow_dispatch" not in workflow.triggers:
        raise Refused(422, "Workflow does not have 'workflow_dispatch' trigger")
    inputs = _inputs(workflow, body.get("inputs", {}))
    repository.dispatches.append(Dispatch("workflow_dispatch", ref, workflow.path, inputs))
    run = repository.add_run(
        workflow.path, "workflow_dispatch", ref, sha, "queued", None, actor=request.caller.user
    )
    if not body.get("return_run_details"):
        return Answer(204)
    made = run_objects.run(request.objects, repository, run, workflow)
    return Answer(200, {"workflow_run_id": run.id, "run_url": made["url"], "html_url": made["html_url"]})


@endpoint("POST", f"{REPOSITORY}/dispatches", ("contents", "write"))
def dispatch_event(request: Request) -> Answer:
    """Note a `repository_dispatch` event."""
    repository, body = request.repository, request.body
    payload = body.get("client_payload", {})
    repository.dispatches.append(Dispatch(body["event_type"], repository.default_branch, "", payload))
    return Answer(204)


@endpoint("GET", f"{REPOSITORY}/actions/runs", READ)
def get_runs(request: Request) -> Answer:
    """List runs, newest first, filtered."""
    return _runs(request, request.repository.runs)


@endpoint("GET", f"{WORKFLOW}/runs", READ)
def get_runs_of_workflow(request: Request) -> Answer:
    """List the runs of a workflow, newest first, filtered."""
    path = _workflow(request).path
    return _runs(request, [one for one in request.repository.runs if one.workflow == path])


@endpoint("GET", f"{REPOSITORY}/actions/runs/{{run_id}}", READ)
def get_run(request: Request) -> Answer:
    """Give a run."""
    return Answer(200, _run(request, _wanted(request), workflows(request.repository)))


@endpoint("GET", f"{REPOSITORY}/actions/runs/{{run_id}}/artifacts", READ)
def get_artifacts(request: Request) -> Answer:
    """List what a run left, newest first."""
    repository, run, name = request.repository, _wanted(request), request.query.get("name")
    found = [one for one in reversed(repository.artifacts) if one.run is run and name in (None, one.name)]
    page, headers = request.page(found)
    listed = [run_objects.artifact(request.objects, repository, one) for one in page]
    return Answer(200, {"total_count": len(found), "artifacts": listed}, headers)


@endpoint("GET", f"{REPOSITORY}/actions/artifacts/{{artifact_id}}/{{archive_format}}", READ)
def download_artifact(request: Request) -> Answer:
    """Lead to the storage; a public repository's artifacts, too, are given to those who say who they are."""
    repository, wanted = request.repository, request.parameters["artifact_id"]
    if request.token is None or not request.token.may(repository.full_name, *READ):
        refusal = request.token.refusal if request.token else "You must have the actions scope to download."
        raise Refused(403, refusal)
    found = next((one for one in repository.artifacts if str(one.id) == wanted), None)
    if found is None or request.parameters["archive_format"] != "zip":
        raise Refused(404, "Not Found")
    if found.expired:
        raise Refused(410, "Artifact has expired")
    return Answer(302, None, {"Location": storage.link(request.github, found)})


@endpoint("GET", f"{REPOSITORY}/commits/{{ref}}/check-runs", ("checks", "read"))
def get_check_runs(request: Request) -> Answer:
    """List the checks of a commit."""
    repository, query, sha = request.repository, request.query, _sha(request)
    found = [
        one
        for one in repository.checks
        if one.sha == sha
        and query.get("check_name", one.name) == one.name
        and query.get("status", one.status) == one.status
    ]
    page, headers = request.page(found)
    listed = [run_objects.check(request.objects, repository, one) for one in page]
    return Answer(200, {"total_count": len(found), "check_runs": listed}, headers)


@endpoint("GET", f"{REPOSITORY}/commits/{{ref}}/status", ("statuses", "read"))
def get_combined_status(request: Request) -> Answer:
    """Give what a commit's statuses come to: of each context the newest counts."""
    repository, sha = request.repository, _sha(request)
    newest = {one.context: one for one in repository.statuses if one.sha == sha}
    states = {one.state for one in newest.values()}
    page, headers = request.page(list(newest.values()))
    url = f"{request.objects.api_url}/repos/{repository.full_name}/commits/{sha}"
    combined = next((state for state in WORST_FIRST if state in states), "pending")
    found = {
        "state": "failure" if combined == "error" else combined,
        "statuses": [run_objects.status(request.objects, repository, one) for one in page],
        "sha": sha,
        "total_count": len(newest),
        "repository": request.objects.repository(repository),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Answer(200, found, headers)


@endpoint("POST", f"{REPOSITORY}/statuses/{{sha}}", ("statuses", "write"))
def create_status(request: Request) -> Answer:
    """Give a commit a status."""
    repository, body, sha = request.repository, request.body, request.parameters["sha"]
    if repository.type_of(sha) != "commit":
        raise Refused(422, f"No commit found for SHA: {sha}")
    texts = body.get("description"), body.get("target_url")
    made = CommitStatus(request.github.next_id(), sha, body.get("context", "default"), body["state"], *texts)
    repository.statuses.append(made)
    creator = request.objects.user(request.caller.user)
    return Answer(201, {**run_objects.status(request.objects, repository, made), "creator": creator})


def _wanted(request: Request) -> Run:
    wanted = request.parameters["run_id"]
    found = next((one for one in request.repository.runs if str(one.id) == wanted), None)
    if found is None:
        raise Refused(404, "Not Found")
    return found


def _workflow(request: Request) -> Workflow:
    wanted = request.parameters["workflow_id"]
    for one in workflows(request.repository):
        if wanted in (str(one.id), one.path.rpartition("/")[2]):
            return one
    raise Refused(404, "Not Found")


def _inputs(workflow: Workflow, given: Json) -> Json:
    declared = (workflow.triggers["workflow_dispatch"] or {}).get("inputs") or {}
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise Refused(422, f"Unexpected inputs provided: {unknown}".replace("'", '"'))
    for name, about in declared.items():
        if (about or {}).get("required") and "default" not in about and not given.get(name):
            raise Refused(422, f"Required input '{name}' not provided")
    usual = {name: about["default"] for name, about in declared.items() if "default" in (about or {})}
    return {**usual, **given}


def _runs(request: Request, runs: list[Run]) -> Answer:
    query, known = request.query, workflows(request.repository)
    found = [
        one
        for one in reversed(runs)
        if query.get("head_sha", one.sha) == one.sha
        and query.get("branch", one.branch) == one.branch
        and query.get("event", one.event) == one.event
        and query.get("actor", one.actor.login) == one.actor.login
        and query.get("status", one.status) in (one.status, one.conclusion)
    ]
    page, headers = request.page(found)
    listed = [_run(request, one, known) for one in page]
    return Answer(200, {"total_count": len(found), "workflow_runs": listed}, headers)


def _run(request: Request, run: Run, known: list[Workflow]) -> Json:
    workflow = next((one for one in known if one.path == run.workflow), None)
    return run_objects.run(request.objects, request.repository, run, workflow)


def _sha(request: Request) -> str:
    sha = request.repository.commit_sha(request.parameters["ref"])
    if sha is None:
        raise Refused(422, f"No commit found for SHA: {request.parameters['ref']}")
    return sha
