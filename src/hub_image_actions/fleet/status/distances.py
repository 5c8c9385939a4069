"""How far the tags on hubs are behind the default branches of the images' repositories."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.status.answers import StatusHome, StatusOwner
from hub_image_actions.fleet.status.table import Distance
from hub_image_actions.github.changes import merged_pull_request
from hub_image_actions.github.client import PAGE, GitHub
from hub_image_actions.references import ImageName, commit_of

_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+){1,3}(?:[-.+]?[a-z0-9.]+)?")


class Distances:
    """Asks for the distances of tags.

    Args:
        github: who is asked.
        owners: the repository of each image.
        homes: the repositories, or why they cannot be read.
    """

    def __init__(
        self,
        github: GitHub,
        owners: Mapping[ImageName, StatusOwner],
        homes: Mapping[str, StatusHome | ActionError],
    ) -> None:
        self._github = github
        self._owners = owners
        self._homes = homes

    def calls(self, references: Iterable[Deployed]) -> dict[tuple[str, str], Callable[[], Distance]]:
        """Return the calls to be made, by repository and tag."""
        calls: dict[tuple[str, str], Callable[[], Distance]] = {}
        for reference in references:
            owner = self._owners.get(reference.image)
            home = self._homes.get(owner.full_name) if owner else None
            if owner and reference.tag and isinstance(home, StatusHome):
                calls[owner.full_name, reference.tag] = partial(self._distance, home, reference.tag)
        return calls

    def _distance(self, repository: StatusHome, tag: str) -> Distance:
        """Return how far a tag is from the default branch, where it is a commit or a version."""
        names = [commit_of(tag)] if commit_of(tag) else []
        if _VERSION.fullmatch(tag):
            # What is released as v1.4.0 is often deployed as 1.4.0.
            names += [tag] if tag.startswith("v") else [tag, f"v{tag}"]
        for name in dict.fromkeys(names):
            try:
                return self._compared(repository, name)
            except GitHubError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
        what = "names no commit of" if names else "is neither a commit nor a version of"
        return Distance(problem=f"The tag {tag} {what} {repository.full_name}.")

    # https://docs.github.com/en/rest/commits/commits#compare-two-commits
    def _compared(self, repository: StatusHome, tag: str) -> Distance:
        names = f"{quote(tag, safe='')}...{quote(repository.default_branch, safe='')}"
        answer = self._github.get(f"/repos/{repository.full_name}/compare/{names}", per_page=PAGE)
        found = (merged_pull_request(item["commit"]["message"]) for item in answer["commits"])
        signature = answer["base_commit"]["commit"]["committer"] or {}
        return Distance(
            committed=_time(signature.get("date")),
            commits=answer["ahead_by"],
            pull_requests=len({pull.number for pull in found if pull}),
            counted_all=answer["ahead_by"] <= len(answer["commits"]),
            undone=answer["behind_by"],
            url=answer["html_url"],
        )


def _time(text: str | None) -> datetime | None:
    # Python 3.10 does not read the letter that stands for universal time.
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
