"""What the builds say that were begun after a repository came to the release."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import quote

from hub_image_actions.errors import GitHubError
from hub_image_actions.fleet.upgrade.result import Listed, Result
from hub_image_actions.fleet.upgrade.waves import build_state, state_of_builds
from hub_image_actions.fleet.workflows.pins import pins_of
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS, WorkflowFile, WorkflowUnreadable
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.github.values import Json

_PULL_EVENTS = {"pull_request", "pull_request_target"}


@dataclass(frozen=True)
class Builds:
    """The builds of repositories that have come to a release.

    Args:
        github: who asks.
        actions: the repository of the actions, ``owner/name``.
    """

    github: GitHub
    actions: str

    def judged(self, result: Result, repository: Snapshot, newest: Listed) -> Result:
        """Return the result with what the builds say that were begun after the merge."""
        builders = self._builders(repository)
        if not builders:
            return replace(result, state="green", status="merged; nothing of ours builds an image there")
        runs = [self._runs(repository, file, newest) for file in builders]
        state = state_of_builds(build_state(map(_conclusion, one)) for one in runs)
        status = {
            "green": "merged, and built since",
            "building": "merged, and the build runs",
            "red": "merged, and the build failed",
        }.get(state, "merged, and not built since: run its workflow by hand")
        # A cancelled run is not the one to look at.
        pages = (run["html_url"] for one in runs for run in one if build_state([_conclusion(run)]) == state)
        page = "" if state == "green" else str(next(pages, ""))
        return replace(result, state=state, status=status, build=page)

    def _builders(self, repository: Snapshot) -> list[WorkflowFile]:
        """Return the workflows that build an image with our action for others than pull requests."""
        ours = self.actions
        building = {ours.lower(), f"{ours.lower()}/build", f"{ours.lower()}/actions/build"}
        files = []
        for path, content in repository.files.items():
            if path.startswith(WORKFLOWS) and path.endswith((".yaml", ".yml")):
                try:
                    file = WorkflowFile(path, content)
                except WorkflowUnreadable:
                    # GitHub cannot run it either, and the plan has told of it.
                    continue
                uses = {pin.uses.lower() for pin in pins_of(file, ours)}
                if uses & building and set(file.triggers) - _PULL_EVENTS:
                    files.append(file)
        return files

    # https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
    def _runs(self, repository: Snapshot, file: WorkflowFile, newest: Listed) -> list[Json]:
        name = file.path.removeprefix(WORKFLOWS)
        path = f"/repos/{repository.full_name}/actions/workflows/{quote(name)}/runs"
        try:
            runs = self.github.get(path, per_page=100)["workflow_runs"]
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                # GitHub knows a workflow some time after its file.
                return []
            raise
        push = file.triggers.get("push")
        tags = push is not None and "tags" in push.lists
        return [
            run
            for run in runs
            if (run["head_sha"] == newest.merge_commit or run["created_at"] >= newest.merged_at)
            and run["event"] not in _PULL_EVENTS
            # A pipeline that builds version tags names the tag where others name the branch.
            and (run["head_branch"] == repository.default_branch or (tags and run["event"] == "push"))
        ]


def _conclusion(run: Json) -> str | None:
    return str(run["conclusion"]) if run["status"] == "completed" else None
