"""Where a build runs, and what of: the checkout, the commit, the run."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hub_image_actions.entry.run_environment import read_run_environment
from hub_image_actions.errors import ActionError
from hub_image_actions.git import LocalRepository
from hub_image_actions.github.pull_request_event import is_from_fork, pull_request_number, read_event
from hub_image_actions.images.tags import TagValues, day_of

# What an image is called whose repository has no letter or digit that Docker takes.
NAMELESS = "user-image"
_TRIAL_MERGE = re.compile(r"refs/pull/[0-9]+/merge")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class BuildOrigin:
    """Where a build runs, and what of.

    Args:
        checkout: the folder of the checkout.
        repository: the image's repository as `owner/name`; empty on a laptop.
        image_name: what the image is called unless an input says otherwise: as the repository, or as the
            folder.
        server_url: the address of GitHub.
        api_url: the address of its API.
        run_url: the run's page; empty on a laptop.
        commit: the commit that is built; of a pull request's merge commit, which GitHub throws away, the pull
            request's own. Empty where there is none.
        commit_time: when it was made, in seconds since 1970.
        ref_name: the branch or tag.
        pull_request: the number of the pull request that is built; 0 where it is none.
        from_fork: whether that pull request comes from another repository.
        scratch: a folder for what the rest of the job may use again.
        hosted: whether the machine is GitHub's own, and thrown away after the job.
    """

    checkout: Path
    repository: str
    image_name: str
    server_url: str
    api_url: str
    run_url: str
    commit: str
    commit_time: int
    ref_name: str
    pull_request: int
    from_fork: bool
    scratch: Path
    hosted: bool

    @property
    def url(self) -> str:
        """The page of the image's repository; empty on a laptop."""
        return f"{self.server_url}/{self.repository}" if self.repository else ""

    def ran(self, run_url: str) -> bool:
        """Say whether the page of a run is one of the image's repository; on a laptop, any may be."""
        return not self.url or run_url.startswith(f"{self.url}/")

    @property
    def tag_values(self) -> TagValues:
        """What the placeholders of tags stand for."""
        return TagValues(self.commit, self.ref_name, day_of(datetime.now(timezone.utc)))


def read_origin(environ: Mapping[str, str], folder: Path) -> BuildOrigin:
    """Return the origin that a runner's environment describes, or that a laptop's checkout shows.

    Args:
        environ: the environment of the step.
        folder: the folder that the process runs in.

    Raises:
        ActionError: the folder for temporary files cannot be made, or the event cannot be read.
    """
    checkout = Path(environ.get("GITHUB_WORKSPACE") or folder)
    local = LocalRepository(checkout)
    head, head_time = local.head()
    run = read_run_environment(environ)
    event = read_event(run.event_path)
    scratch = Path(environ.get("RUNNER_TEMP") or tempfile.gettempdir()) / "hub-image-actions"
    try:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ActionError(
            f"The folder for temporary files cannot be made: {scratch}: {error.strerror}.",
            "Set RUNNER_TEMP, or TMPDIR on a laptop, to a folder that can be written.",
        ) from error
    return BuildOrigin(
        checkout=checkout,
        repository=run.repository,
        image_name=called_after(run.repository or local.origin() or str(checkout.resolve())),
        server_url=run.server_url,
        api_url=run.api_url,
        run_url=run.run_url,
        commit=_commit(environ, event, head),
        commit_time=head_time,
        ref_name=environ.get("GITHUB_REF_NAME", ""),
        pull_request=pull_request_number(event),
        from_fork=is_from_fork(event, run.repository),
        scratch=scratch,
        hosted=environ.get("RUNNER_ENVIRONMENT") == "github-hosted",
    )


def called_after(address: str) -> str:
    """Return a name that Docker takes, made of the last part of a repository's name, address or folder."""
    last = re.split(r"[/:\\]", address.rstrip("/"))[-1].removesuffix(".git")
    return re.sub(r"[^a-z0-9]+", "-", last.lower()).strip("-") or NAMELESS


def _commit(environ: Mapping[str, str], event: Mapping[str, Any], checked_out: str) -> str:
    """Return the commit that is built, as one that can still be found tomorrow.

    On `pull_request`, GITHUB_SHA is a trial merge that no branch has, and on `pull_request_target` it is the
    base branch's, whatever is checked out.
    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
    """
    commit = environ.get("GITHUB_SHA") or checked_out
    is_trial = bool(_TRIAL_MERGE.fullmatch(environ.get("GITHUB_REF", "")))
    about = event.get("pull_request") or {}
    if not (is_trial or (about and checked_out and checked_out != commit)):
        return commit
    head = str((about.get("head") or {}).get("sha") or "")
    return head if _COMMIT.fullmatch(head) else ""
