"""What is wrong with the way from a repository's image to the hubs: references, tags, and the registry."""

from collections import defaultdict
from collections.abc import Iterator

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.findings import Finding
from hub_image_actions.fleet.workflows.variables import PLACEHOLDER, DeploymentsLocation
from hub_image_actions.references import ImageName, ImageReference


def references(case: Case) -> Iterator[Finding]:
    """Find an image that no hub refers to, and references that no bump can move."""
    image, place = case.image, case.deployment.place
    if image is None:
        return
    if case.deployment.problem:
        yield _not_checked(case, place)
    elif not case.deployment.references and place and case.moves_hubs and not case.is_base_image:
        yield _not_deployed(case, image, place)
    for one in case.deployment.references:
        yield from _reference(case, one)


def _not_checked(case: Case, place: DeploymentsLocation | None) -> Finding:
    if place is None:
        problem = f"What is deployed of the image is not known: {case.deployment.problem}"
        fix = "Give --deployments OWNER/NAME, or set variables DEPLOYMENTS_OWNER and DEPLOYMENTS_REPOSITORY."
        return case.finding(
            "warning", "deployments-not-checked", case.page("settings/variables/actions"), problem, fix
        )
    problem = f"What {place.repository} deploys is not known: {case.deployment.problem}"
    fix = "Give a token that may read that repository, and check the variables DEPLOYMENTS_… ."
    return case.finding("warning", "deployments-not-checked", _home(case, place), problem, fix)


def _home(case: Case, place: DeploymentsLocation) -> str:
    tree = f"/tree/{place.branch}/{place.paths[0]}" if place.branch else ""
    return f"{case.server_url}/{place.repository}{tree}"


def _not_deployed(case: Case, image: ImageName, place: DeploymentsLocation) -> Finding:
    owner = case.name.partition("/")[0]
    if place == case.place and _is_the_default(case, place):
        return case.finding(
            "broken",
            "not-deployed",
            case.page("settings/variables/actions"),
            f"The variable DEPLOYMENTS_OWNER is not set: the hubs of {place.repository} would be moved, "
            f"and none of them refers to {image}.",
            f"gh variable set DEPLOYMENTS_OWNER --repo {case.name} --body {owner}, "
            "and DEPLOYMENTS_REPOSITORY with the name of its deployments.",
        )
    problem = f"No hub refers to {image}: a bump finds nothing to move."
    return case.finding("broken", "not-deployed", _home(case, place), problem, _naming(case, image, place))


def _naming(case: Case, image: ImageName, place: DeploymentsLocation) -> str:
    """Return how the deployments come to name the image."""
    hub = case.variables.get("HUB")
    if not hub or image.short != case.name.rpartition("/")[2].lower():
        # The command would make another repository, which it names after the image.
        return f"Name {image}:{PLACEHOLDER} in the hub's file there."
    usual = place.repository == DeploymentsLocation.repository
    command = f"scripts/new-image-repo {hub}" + ("" if usual else f" --deployments {place.repository}")
    return f"{command} --apply opens the pull request that adds {image.short}:{PLACEHOLDER}; merge it."


def _is_the_default(case: Case, place: DeploymentsLocation) -> bool:
    """Say whether pull requests would go to the template's deployments because a variable is not set."""
    named = "DEPLOYMENTS_OWNER" in case.named("vars") and not case.variables.get("DEPLOYMENTS_OWNER")
    owners = {name.partition("/")[0].lower() for name in (case.name, place.repository)}
    return named and len(owners) > 1


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
                f"Run the build: {_page_of(case, 'build')}",
            )
        elif found is False:
            yield case.finding(
                "broken",
                "tag-missing",
                where,
                f"{one.hub} is to run {reference}, which is not in the registry: no server starts on it.",
                f"Roll back to a tag that is there: {_page_of(case, 'rollback')}",
            )
    yield from _unchecked_tags(case)


def _unchecked_tags(case: Case) -> Iterator[Finding]:
    """Find registries that do not say whether they have the tags; each is told once."""
    unknown: dict[tuple[str, str], list[Deployed]] = defaultdict(list)
    for one in case.deployment.references:
        found = case.deployment.presence.get(str(pulled(one)), True)
        if isinstance(found, str):
            # What differs from tag to tag is the tag alone.
            reason = found.replace(str(pulled(one)), str(one.image)) if one.tag != PLACEHOLDER else ""
            unknown[one.image.registry, reason].append(one)
    for (host, reason), ones in unknown.items():
        yield case.finding(
            "warning",
            "tag-not-checked",
            ", ".join(dict.fromkeys(f"{one.file}:{one.line}" for one in ones)),
            f"Whether {host} has what hubs are to run is not known: {reason}",
            f"Log in with `docker login {host}`, as somebody who may read it.",
        )


def _page_of(case: Case, purpose: str) -> str:
    """Return the page of the workflow that builds the image, or puts the hubs back, where it has one."""
    names = [file.path.rpartition("/")[2] for file in case.workflows if "workflow_dispatch" in file.triggers]
    found = next((name for name in names if purpose in name), "")
    return case.page(f"actions/workflows/{found}" if found else "actions")


def pulled(one: Deployed) -> ImageReference:
    """Return what a cluster pulls for a reference: by digest where it has one."""
    return ImageReference(one.image, "" if one.digest else one.tag, one.digest)
