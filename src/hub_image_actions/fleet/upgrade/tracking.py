"""The tracking issue of a rollout: one issue, found again by its marker, whose table is kept current."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from hub_image_actions import markdown
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.upgrade.result import Result
from hub_image_actions.fleet.upgrade.waves import State, Verdict
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.creation import create_once
from hub_image_actions.github.values import Json
from hub_image_actions.untrusted_json import parse_json

LABEL = "hub-image-actions rollout"
_RECORD = re.compile(r"^<!-- waves (?P<record>\{.*\}) -->\s*$", re.MULTILINE)
# GitHub takes 65,536 characters.
_LONGEST = 60_000
# What a person has to look at comes first: of a long table, the end is left out.
_ORDER: Sequence[State] = (
    "red",
    "undone",
    "failed",
    "unbuilt",
    "building",
    "open",
    "declined",
    "green",
    "current",
    "waiting",
)


@dataclass(frozen=True)
class WaveReport:
    """One wave: its verdict, and its repositories."""

    name: str
    verdict: Verdict
    results: tuple[Result, ...] = field(repr=False)

    @property
    def row(self) -> tuple[str, ...]:
        """The wave as a row of the issue's table."""
        verdict = self.verdict
        return markdown.escape(self.name), f"**{verdict.state}**", markdown.escape(verdict.reason)

    def as_json(self) -> dict[str, object]:
        """Return the wave for programs."""
        names = [result.repository for result in self.results]
        return {
            "name": self.name,
            "state": self.verdict.state,
            "reason": self.verdict.reason,
            "repositories": names,
        }


@dataclass(frozen=True)
class RolloutReport:
    """All waves of a rollout; nothing in its text depends on when it is written.

    Args:
        ref: the release.
        server_url: the address of GitHub, for links.
        waves: the waves.
        record: who was counted into which wave.
    """

    ref: str
    server_url: str
    waves: Sequence[WaveReport]
    record: Mapping[str, Sequence[str]]

    @property
    def is_done(self) -> bool:
        """Whether every wave is done."""
        return all(wave.verdict.state == "done" for wave in self.waves)

    def body(self) -> str:
        """Return the issue's text, no longer than GitHub takes."""
        lead = (
            f"Brings the image repositories to {markdown.code(self.ref)}, wave by wave, with one pull "
            "request each. The next wave begins when all of the one before are merged and built. "
            "`scripts/upgrade-image-repos` keeps this text current: what is changed by hand is lost."
        )
        summary = markdown.table(("Wave", "State", "Why"), [wave.row for wave in self.waves])
        kept = f"<!-- waves {json.dumps({name: list(names) for name, names in self.record.items()})} -->"
        end = f"{kept}\n{marker_of(self.ref)}"
        room = _LONGEST - len(lead) - len(summary) - len(end)
        return "\n\n".join([lead, summary, self._table(room), end])

    def _table(self, room: int) -> str:
        every = [result for wave in self.waves for result in wave.results]
        every.sort(key=lambda result: _ORDER.index(result.state))
        rows, left = [], room
        for result in every:
            row = self._row(result)
            left -= sum(map(len, row)) + 3 * len(row)
            if left < 0:
                break
            rows.append(row)
        shown = markdown.table(("Repository", "Wave", "Pull request", "State", "Build"), rows) if rows else ""
        more = len(every) - len(rows)
        return f"{shown}\n\n… and {more} more." if more else shown

    def _row(self, result: Result) -> tuple[str, ...]:
        repository = markdown.link(markdown.code(result.repository), f"{self.server_url}/{result.repository}")
        pull = markdown.link(f"#{result.number}", result.url) if result.number else ""
        # What a run did is not what it left: else the next one would have to write the table again.
        state = "to be merged" if result.state == "open" else result.error or result.status
        build = markdown.link("build", result.build) if result.build else ""
        return repository, markdown.escape(result.wave), pull, markdown.escape(state), build


def marker_of(ref: str) -> str:
    """Return the hidden text by which the issue is found again."""
    return markdown.marker(f"rollout to {ref}")


class Tracking:
    """The tracking issue of one rollout.

    Args:
        github: who asks and writes.
        full_name: the repository that has the issue.
        ref: the release.

    Raises:
        ActionError: the issue's record of the waves was damaged by hand.
        GitHubError: GitHub does not answer, or there is no such repository.
    """

    def __init__(self, github: GitHub, full_name: str, ref: str) -> None:
        self._github = github
        self._path = f"/repos/{full_name}"
        self._ref = ref
        self._issue = self._found()

    @property
    def url(self) -> str:
        """The issue's address; empty as long as there is none."""
        return str(self._issue["html_url"]) if self._issue else ""

    @property
    def record(self) -> Mapping[str, Sequence[str]]:
        """Who was counted into which wave when the rollout began."""
        match = _RECORD.search(self._issue["body"] or "") if self._issue else None
        if not self._issue:
            return {}
        try:
            held = parse_json(match["record"]) if match else None
        except ValueError:
            held = None
        if not isinstance(held, dict) or not all(map(_is_list_of_names, held.values())):
            remedy = "Restore it from the issue's history, or delete the issue to begin anew."
            raise ActionError(f"{self.url} has lost its hidden record of the waves.", remedy)
        return held

    def tells(self, wave: WaveReport) -> bool:
        """Say whether the issue tells of a wave what is the case."""
        return self._issue is not None and " | ".join(wave.row) in (self._issue["body"] or "")

    def keep(self, report: RolloutReport) -> None:
        """Have the issue say what the report says; one call, and none where it says so already.

        Raises:
            GitHubError: the token may not write issues and labels there.
        """
        body = report.body()
        if self._issue is None:
            self._create_label()
            self._issue = create_once(self._found, lambda: self._create(body))
        wanted = {"body": body, "state": "closed" if report.is_done else "open"}
        there = {"body": _lines(self._issue["body"] or ""), "state": self._issue["state"]}
        if there != {**wanted, "body": _lines(body)}:
            self._issue = self._github.send("PATCH", f"{self._path}/issues/{self._issue['number']}", wanted)

    def _found(self) -> Json | None:
        # The label is what keeps strangers out: nobody without a right in the repository can give it.
        listed = self._github.pages(f"{self._path}/issues", state="all", labels=LABEL, direction="asc")
        wanted = marker_of(self._ref)
        return next(
            (item for item in listed if wanted in (item["body"] or "") and "pull_request" not in item), None
        )

    def _create_label(self) -> None:
        """Make the label: to an issue of somebody who may not make it, it would not be given, silently."""
        request = {"name": LABEL, "color": "0969da", "description": "A rollout to the image repositories"}
        try:
            self._github.send("POST", f"{self._path}/labels", request, idempotent=True)
        except GitHubError as error:
            # What is asked for is valid: it can only be there already.
            if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise

    def _create(self, body: str) -> Json:
        request = {"title": f"Upgrade the image repositories to {self._ref}", "body": body, "labels": [LABEL]}
        made: Json = self._github.send("POST", f"{self._path}/issues", request)
        return made


def _is_list_of_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _lines(text: str) -> list[str]:
    # GitHub's web page turns line ends into CRLF when somebody edits a text there.
    return [line.rstrip() for line in text.strip().splitlines()]
