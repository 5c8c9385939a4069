"""What is wrong with the way from a repository's image to the hubs: references, tags, and the registry."""

from collections.abc import Iterator

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.findings import Finding
from hub_image_actions.fleet.workflows.variables import PLACEHOLDER, DeploymentsLocation
from hub_image_actions.references import ImageReference


def references(case: Case) -> Iterator[Finding]:
    """Find an image that no hub refers to, and references that no bump can move."""
    image, place = case.image, DeploymentsLocation.of(case.variables)
    if image is None:
        return
    home = f"{case.server_url}/{place.repository}/tree/{place.branch}/{place.paths[0]}"
    if case.deployment.problem:
        yield case.finding(
            "warning",
            "deployments-not-checked",
            home,
            f"What {place.repository} deploys is not known: {case.deployment.problem}",
            "Give a token that may read that repository, and check the variables DEPLOYMENTS_… .",
        )
    elif not case.deployment.references:
        hub = case.variables.get("HUB") or "HUB"
        yield case.finding(
            "broken",
            "not-deployed",
            home,
            f"No hub refers to {image}: a bump finds nothing to move.",
            f"scripts/new-image-repo {hub} --apply opens the pull request that adds "
            f"{image.short}:{PLACEHOLDER}; merge it.",
        )
    for one in case.deployment.references:
        yield from _reference(case, one)


def _reference(case: Case, one: Deployed) -> Iterator[Finding]:
    where = f"{one.file}:{one.line}"
    if one.problem:
        fix = "Write `# image-hold until YEAR-MONTH-DAY: reason`."
        yield case.finding("broken", "malformed-hold", where, one.problem, fix)
    if one.hold:
        problem = f"{one.hub} does not move with the next bump: {one.hold}."
        yield case.finding("hint", "held", where, problem, "Nothing, or delete the comment.")
    if not one.tag:
        problem = f"{one.hub} names {one.image} without a tag, which no bump moves."
        fix = f"Write {one.image}:{PLACEHOLDER}, or a tag that is in the registry."
        yield case.finding("warning", "untagged", where, problem, fix)


def tags(case: Case) -> Iterator[Finding]:
    """Find tags that hubs are to run and that the registry does not have."""
    for one in case.deployment.references:
        reference = pulled(one)
        where, found = f"{one.file}:{one.line}", case.deployment.presence.get(str(reference), True)
        if one.tag == PLACEHOLDER:
            yield case.finding(
                "warning",
                "first-image-missing",
                where,
                f"{one.hub} waits for its first image; until then no server starts on it.",
                f"Run the build: {case.page('actions/workflows/build-push-open-pr.yaml')}",
            )
        elif found is False:
            yield case.finding(
                "broken",
                "tag-missing",
                where,
                f"{one.hub} is to run {reference}, which is not in the registry: no server starts on it.",
                f"Roll back to a tag that is there: {case.page('actions/workflows/rollback.yaml')}",
            )
        elif isinstance(found, str):
            yield case.finding(
                "warning",
                "tag-not-checked",
                where,
                f"Whether {reference} is in the registry is not known: {found}",
                "Log in with `docker login`, as somebody who may read it.",
            )


def pulled(one: Deployed) -> ImageReference:
    """Return what a cluster pulls for a reference: by digest where it has one."""
    return ImageReference(one.image, "" if one.digest else one.tag, one.digest)
