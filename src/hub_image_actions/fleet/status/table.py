"""The status of all hubs' images as values: a row for a hub and an image, and what is known of it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import MappingProxyType

from hub_image_actions.fleet.workflows.pipelines import Pipeline
from hub_image_actions.references import ImageName

_SHORT_DIGEST = len("sha256:") + 12
# What rows can be filtered by, the worst first.
FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "missing in registry",
        "behind": "behind",
        "differs": "branches differ",
        "held": "held",
        "bump": "open pull request",
        "foreign": "without these actions",
        "idle": "on no hub",
        "problem": "with problems",
    }
)


@dataclass(frozen=True)
class Distance:
    """How far a tag is from its repository's default branch.

    Args:
        committed: when the tag's commit was made; None where that is not known.
        commits: how many commits the tag lacks; None where that is not known.
        pull_requests: how many pull requests were merged by these commits.
        counted_all: whether all of these commits were looked at for pull requests.
        undone: how many commits the tag has that the default branch has not.
        url: the page that compares the two; empty where there is none.
        problem: why it is not known.
    """

    committed: datetime | None = None
    commits: int | None = None
    pull_requests: int = 0
    counted_all: bool = True
    undone: int = 0
    url: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Presence:
    """Whether the registry has an image: yes, no, or None and the reason why that is not known."""

    found: bool | None = None
    problem: str = ""


@dataclass(frozen=True)
class LinkedLine:
    """Where a reference stands."""

    file: str
    line: int
    url: str


@dataclass(frozen=True)
class Deployment:
    """A tag that a hub runs on a branch.

    Args:
        tag: the tag; empty where there is none.
        digest: the digest; empty where there is none.
        places: where that stands.
        holds: what keeps it there.
        distance: how far it is from the image's own repository.
        presence: whether the registry has it.
        problems: what is wrong with the references themselves.
    """

    tag: str
    digest: str
    places: tuple[LinkedLine, ...]
    holds: tuple[str, ...] = ()
    distance: Distance = Distance()
    presence: Presence = Presence()
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: the tag, else the digest's first characters."""
        return self.tag or self.digest[:_SHORT_DIGEST] or "no tag"

    def age(self, now: datetime) -> int | None:
        """Return how many days old the tag's commit is; None where that is not known."""
        committed = self.distance.committed
        return max((now - committed).days, 0) if committed else None


@dataclass(frozen=True)
class OpenBump:
    """An open pull request that moves the image."""

    number: int
    title: str
    url: str


@dataclass(frozen=True)
class Row:
    """A hub and an image that it runs.

    Args:
        hub: the hub; empty where no hub runs the image.
        image: the image, as the deployments write it.
        repository: the image's own repository as ``owner/name``; empty where it is not known.
        url: that repository's page.
        on: by branch, the tags; a branch that could not be read is missing.
        bumps: the open pull requests that move the image.
        pipeline: what the image's workflows call.
        problems: what else is not known, and why.
    """

    hub: str
    image: ImageName
    repository: str = ""
    url: str = ""
    on: Mapping[str, tuple[Deployment, ...]] = field(default_factory=dict)
    bumps: tuple[OpenBump, ...] = ()
    pipeline: Pipeline = field(default_factory=Pipeline)
    problems: tuple[str, ...] = ()

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """The tags on all branches."""
        return tuple(one for tags in self.on.values() for one in tags)

    @property
    def missing_on(self) -> tuple[str, ...]:
        """The branches on which is a tag that the registry has not."""
        return tuple(
            branch for branch, tags in self.on.items() if any(one.presence.found is False for one in tags)
        )

    @property
    def registry(self) -> str:
        """Whether the registry has all tags: `yes`, `no`, `no (staging)`, or a question mark."""
        if not self.deployments:
            return ""
        if self.missing_on:
            everywhere = len(self.missing_on) == sum(map(bool, self.on.values()))
            return "no" if everywhere else f"no ({', '.join(self.missing_on)})"
        return "?" if any(one.presence.found is None for one in self.deployments) else "yes"

    @property
    def all_problems(self) -> tuple[str, ...]:
        """All that is not known or not right about the row, each once."""
        found = [*self.problems, self.pipeline.problem]
        for one in self.deployments:
            found += [*one.problems, one.distance.problem, one.presence.problem]
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def flags(self) -> tuple[str, ...]:
        """The keys of :data:`FLAGS` that hold for this row."""
        tags = self.deployments
        known = bool(self.repository) and not self.pipeline.problem
        holds = {
            "missing": bool(self.missing_on),
            "behind": any(one.distance.commits for one in tags),
            "differs": len({frozenset((one.tag, one.digest) for one in on) for on in self.on.values()}) > 1,
            "held": any(one.holds for one in tags),
            "bump": bool(self.bumps),
            "foreign": known and not self.pipeline.actions,
            "idle": not self.hub,
            "problem": bool(self.all_problems),
        }
        return tuple(flag for flag in FLAGS if holds[flag])


@dataclass(frozen=True)
class Status:
    """The table.

    Args:
        deployments: the deployments repository as ``owner/name``.
        url: its page.
        branches: the branches, in the order of their columns.
        rows: one for each hub and image.
        made: when the questions were asked.
        problems: what is not known of the whole table, and why.
        others: where there are no rows, the images that are deployed.
    """

    deployments: str
    url: str
    branches: tuple[str, ...]
    rows: tuple[Row, ...]
    made: datetime
    problems: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def hubs(self) -> tuple[str, ...]:
        """The hubs, each once."""
        return tuple(dict.fromkeys(row.hub for row in self.rows if row.hub))

    def count(self, flag: str) -> int:
        """Return for how many rows a flag holds."""
        return sum(flag in row.flags for row in self.rows)

    def as_json(self) -> dict[str, object]:
        """Return the table for programs."""
        return {
            "deployments": self.deployments,
            "branches": list(self.branches),
            "made": self.made.isoformat(timespec="seconds"),
            "problems": list(self.problems),
            "rows": [self._row(row) for row in self.rows],
        }

    def header(self) -> tuple[str, ...]:
        """Return the columns' titles for a terminal."""
        tags = [title for branch in self.branches for title in (branch.upper(), "AGE", "BEHIND")]
        return ("HUB", "IMAGE", *tags, "REGISTRY", "HOLD", "PULL REQUESTS", "ACTIONS")

    def lines(self) -> list[tuple[str, ...]]:
        """Return the rows for a terminal, as texts in the order of the header; each tag has a line."""
        return [line for row in self.rows for line in self._lines(row)]

    def summary(self) -> str:
        """Return the table in one line."""
        counts = [f"{self.count(flag)} {text}" for flag, text in FLAGS.items() if self.count(flag)]
        hubs, rows = len(self.hubs), len(self.rows)
        start = f"{hubs} hub{'s' * (hubs != 1)}, {rows} row{'s' * (rows != 1)}"
        return f"{start}: {', '.join(counts)}." if counts else f"{start}: all up to date."

    def _lines(self, row: Row) -> Iterator[tuple[str, ...]]:
        holds = dict.fromkeys(hold.removeprefix("held ") for one in row.deployments for hold in one.holds)
        bumps = ", ".join(f"#{bump.number}" for bump in row.bumps)
        last = (row.registry, "; ".join(holds), bumps, row.pipeline.text)
        for number in range(max([1, *map(len, row.on.values())])):
            tags = [text for branch in self.branches for text in self._on(row, branch, number)]
            if number == 0:
                yield tuple(text or "-" for text in (row.hub, row.image.short, *tags, *last))
            else:
                yield ("", "", *tags, *("" for _ in last))

    def _on(self, row: Row, branch: str, number: int) -> tuple[str, str, str]:
        """Return tag, age and distance of one of the tags on a branch."""
        if branch not in row.on:
            return ("?", "?", "?")
        if number >= len(row.on[branch]):
            return ("", "", "")
        one = row.on[branch][number]
        return one.name, age_text(one.age(self.made)), behind_text(one.distance)

    def _row(self, row: Row) -> dict[str, object]:
        return {
            "hub": row.hub,
            "image": str(row.image),
            "repository": row.repository,
            "flags": list(row.flags),
            "on": {
                branch: [self._deployment(one) for one in row.on[branch]] if branch in row.on else None
                for branch in self.branches
            },
            "pull_requests": [asdict(bump) for bump in row.bumps],
            "actions": list(row.pipeline.actions),
            "other_pipelines": list(row.pipeline.others),
            "problems": list(row.all_problems),
        }

    def _deployment(self, one: Deployment) -> dict[str, object]:
        far = one.distance
        return {
            "tag": one.tag,
            "digest": one.digest,
            "places": [asdict(place) for place in one.places],
            "holds": list(one.holds),
            "committed": far.committed.isoformat() if far.committed else None,
            "age_days": one.age(self.made),
            "commits_behind": far.commits,
            "pull_requests_behind": None if far.commits is None else far.pull_requests,
            "commits_not_on_main": far.undone,
            "compare_url": far.url,
            "in_registry": one.presence.found,
        }


def age_text(days: int | None) -> str:
    """Return an age in a few characters; a question mark where it is not known."""
    return "?" if days is None else "today" if days == 0 else f"{days} d"


def behind_text(far: Distance) -> str:
    """Return how far a tag is behind, such as ``3 commits, 1 PR``."""
    if far.commits is None:
        return "?"
    pulls = f"{far.pull_requests}{'' if far.counted_all else '+'} PR{'s' * (far.pull_requests != 1)}"
    behind = f"{far.commits} commit{'s' * (far.commits != 1)}" + f", {pulls}" * bool(far.pull_requests)
    aside = f"{far.undone} not on main" if far.undone else ""
    return "; ".join(filter(None, (behind if far.commits else "", aside))) or "no"
