"""The status of thirty hubs: most are well, and everything that can be amiss is there once."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from hub_image_actions.fleet.status.table import (
    Deployment,
    Distance,
    LinkedLine,
    OpenBump,
    Presence,
    Row,
    Status,
)
from hub_image_actions.fleet.workflows.pipelines import Pipeline
from hub_image_actions.references import ImageName

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=timezone.utc)
SERVER = "https://github.example.org"
DEPLOYMENTS = "berkeley-dsep-infra/datahub"
HOST = "us-central1-docker.pkg.dev"
BRANCHES = ("staging", "prod")
HUBS = (
    "a11y",
    "astro",
    "biology",
    "biomed",
    "cee",
    "data100",
    "data101",
    "data102",
    "data8",
    "datahub",
    "dev",
    "econ",
    "eecs",
    "gradebook",
    "highschool",
    "ischool",
    "julia",
    "logodev",
    "nature",
    "neuro",
    "nature140",
    "physics",
    "prob140",
    "psych",
    "publichealth",
    "sociology",
    "stat131a",
    "stat159",
    "stat20",
    "ugr01",
)
# What stands in YAML and titles is other people's text.
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def tag_of(name: str, number: int) -> str:
    """Return the tag of an image's commit."""
    return hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:12]


def deployment(hub: str, number: int, days: int, commits: int | None, pulls: int = 0) -> Deployment:
    """Return a tag on a branch."""
    tag = tag_of(hub, number)
    name = f"berkeley-dsep-infra/{hub}-user-image"
    file = f"deployments/{hub}/hubploy.yaml"
    distance = Distance(
        NOW - timedelta(days=days, hours=3),
        commits,
        pulls,
        url=f"{SERVER}/{name}/compare/{tag}...main",
    )
    return Deployment(
        tag,
        "",
        (LinkedLine(file, 4, f"{SERVER}/{DEPLOYMENTS}/blob/0/{file}#L4"),),
        distance=distance,
        presence=Presence(True),
    )


def image_of(hub: str) -> ImageName:
    """Return a hub's image."""
    return ImageName(HOST, f"ucb-datahub-2018/user-images/{hub}-user-image")


def row(hub: str, staging: tuple[Deployment, ...], prod: tuple[Deployment, ...], version: str = "v1") -> Row:
    """Return a hub's row."""
    name = f"berkeley-dsep-infra/{hub}-user-image"
    on = {"staging": staging, "prod": prod}
    return Row(hub, image_of(hub), name, f"{SERVER}/{name}", on, pipeline=Pipeline((version,)))


def usual_rows() -> Iterator[Row]:
    """Yield the rows of hubs among which nothing is amiss: current, or a little behind."""
    for index, hub in enumerate(HUBS):
        new = deployment(hub, 2, 3 + index * 2, 0)
        old = deployment(hub, 1, 20 + index * 3, 2 + index % 4, index % 3)
        yield row(hub, (new,), (old,) if index % 3 == 0 else (new,), "v1" if index % 4 else "v1.2.0")


def example() -> Status:
    """Return the table."""
    rows = {one.hub: one for one in usual_rows()}
    rows |= {one.hub: one for one in unusual_rows()}
    idle_name = "berkeley-dsep-infra/base-user-image"
    idle = Row(
        "",
        ImageName(HOST, "ucb-datahub-2018/base-images/base-user-image"),
        idle_name,
        f"{SERVER}/{idle_name}",
        dict.fromkeys(BRANCHES, ()),
        pipeline=Pipeline((), ("update-deployment@main",)),
    )
    problem = "staging: deployments/old/notes.yaml is not UTF-8; what it deploys is not known."
    return Status(
        DEPLOYMENTS,
        f"{SERVER}/{DEPLOYMENTS}",
        BRANCHES,
        (*(rows[hub] for hub in sorted(rows)), idle),
        NOW,
        (problem,),
    )


def unusual_rows() -> Iterator[Row]:
    """Yield a row for everything that can be amiss."""
    yield with_parts(
        "data100", bumps=(OpenBump(412, "update data100 image tag to 511c4637d702", f"{SERVER}/p/412"),)
    )
    held = ("held until 2026-12-18: finals week",)
    yield row(
        "stat20",
        (replace(deployment("stat20", 1, 61, 9, 4), holds=held),),
        (deployment("stat20", 1, 61, 9, 4),),
    )
    missing = replace(deployment("eecs", 3, 1, 0), presence=Presence(False))
    yield row("eecs", (missing,), (deployment("eecs", 2, 14, 3, 1),), "v1.2.0")
    several = tuple(deployment("dev", number, 40 - number * 9, 8 - number * 2, 2) for number in range(3))
    yield row("dev", several, several[:1])
    unknown = Distance(problem="GET /repos/… answered 502: Bad Gateway. Run again later.")
    yield row(
        "julia",
        (replace(deployment("julia", 2, 9, 0), distance=unknown),),
        (deployment("julia", 1, 9, 4, 1),),
    )
    placeholder = Distance(problem="The tag PLACEHOLDER is neither a commit nor a version of its repository.")
    new = replace(
        deployment("logodev", 1, 1, 0), tag="PLACEHOLDER", distance=placeholder, presence=Presence(False)
    )
    yield row("logodev", (new,), ())
    hostile = replace(deployment("nature140", 1, 5, 0), holds=(f"held until 2026-12-18: {HOSTILE}",))
    yield with_parts(
        "nature140",
        on={"staging": (hostile,), "prod": (hostile,)},
        bumps=(OpenBump(400, HOSTILE, "javascript:alert(3)"),),
        url="javascript:alert(4)",
    )
    yield with_parts("highschool", pipeline=Pipeline((), ("update-deployment@main",)))


def with_parts(hub: str, **parts: Any) -> Row:
    """Return a usual row with some of its parts replaced."""
    return replace(next(one for one in usual_rows() if one.hub == hub), **parts)
