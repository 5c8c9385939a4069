"""A rollout: every repository brought to a release, at once or wave by wave, as far as it can go now.

Where it stands is on GitHub alone, in pull requests, builds, labels and the tracking issue: whoever runs it
again, from wherever, goes on from there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.upgrade.result import Listed, Result
from hub_image_actions.fleet.upgrade.tracking import RolloutReport, Tracking, WaveReport
from hub_image_actions.fleet.upgrade.waves import STOPPING, Verdict, Wave, assign, judge, record_of


class Upgrading(Protocol):
    """What brings one repository to a release, as `hub_image_actions.fleet.upgrade.upgrade.Upgrade` does."""

    def newest(self, full_name: str) -> Listed | None:
        """Return the newest pull request of ours."""

    def is_merged(self, newest: Listed | None) -> bool:
        """Say whether it has brought the repository to the release."""

    def carry_out(self, full_name: str, newest: Listed | None, wave: str = "") -> Result:
        """Have one open pull request, if there is something to do."""


Progress = Callable[[Sequence[str], Callable[[str], str]], Iterator[str]]


class Rollout:
    """Goes through repositories, one after the other; what fails in one is in its result.

    Args:
        upgrade: brings one of them to the release.
        progress: told which one it is.
    """

    def __init__(self, upgrade: Upgrading, progress: Progress) -> None:
        self._upgrade = upgrade
        self._progress = progress

    def at_once(self, names: Sequence[str]) -> list[Result]:
        """Bring all repositories to the release.

        Args:
            names: the repositories.
        """
        return [self._one(name) for name in self._progress(names, str)]

    def wave(self, wave: str, names: Sequence[str]) -> list[Result]:
        """Bring the repositories of a wave to the release; beside a red or undone one, nothing new begins.

        Args:
            wave: the wave's name.
            names: its repositories.
        """
        newest: dict[str, Listed | None] = {}
        results: dict[str, Result] = {}
        # What is merged is looked at first: it tells whether the others may go on.
        for name in self._progress(names, lambda name: f"{wave}: {name}, its pull request"):
            try:
                newest[name] = self._upgrade.newest(name)
            except ActionError as error:
                results[name] = _failed(name, wave, error)
                continue
            if self._upgrade.is_merged(newest[name]):
                results[name] = self._carried_out(name, newest[name], wave)
        left = [name for name in names if name not in results]
        if any(result.state in STOPPING for result in results.values()):
            results |= {name: _held_back(name, wave, newest[name]) for name in left}
        else:
            for name in self._progress(left, lambda name: f"{wave}: {name}"):
                results[name] = self._carried_out(name, newest[name], wave)
        return [results[name] for name in names]

    def _one(self, name: str) -> Result:
        try:
            return self._upgrade.carry_out(name, self._upgrade.newest(name))
        except ActionError as error:
            return _failed(name, "", error)

    def _carried_out(self, name: str, newest: Listed | None, wave: str) -> Result:
        try:
            return self._upgrade.carry_out(name, newest, wave)
        except ActionError as error:
            return _failed(name, wave, error)


@dataclass(frozen=True)
class Stages:
    """The waves of a rollout, and where it is written down.

    Args:
        waves: the waves as they are asked for.
        names: the repositories.
        tracking: the tracking issue.
        ref: the release.
        server_url: the address of GitHub, for links.
        apply: whether the tracking issue is written.
    """

    waves: Sequence[Wave]
    names: Sequence[str]
    tracking: Tracking
    ref: str
    server_url: str
    apply: bool

    def carry_out(self, rollout: Rollout) -> RolloutReport:
        """Go through the waves up to the one that is not done yet; nothing is asked about those behind it.

        Raises:
            ActionError: the waves do not fit the repositories, or the tracking issue cannot be kept.
        """
        assigned = assign(self.waves, self.names, self.tracking.record)
        record = record_of(self.waves, assigned)
        reports = [_waiting(name, members, "") for name, members in assigned.items()]
        if not self.tracking.url:
            # Who is in which wave is on GitHub before anything else: a run that breaks off is gone on with.
            self._keep(reports, record)
        before = ""
        for index, (name, members) in enumerate(assigned.items()):
            if before:
                reports[index] = _waiting(name, members, before)
                continue
            results = rollout.wave(name, members)
            verdict = judge({result.repository: result.state for result in results})
            reports[index] = WaveReport(name, verdict, tuple(results))
            before = "" if verdict.state == "done" else name
            if not before and not self.tracking.tells(reports[index]):
                # The wave that begins now may take hours.
                self._keep(reports, record)
        return self._keep(reports, record)

    def _keep(self, reports: Sequence[WaveReport], record: Mapping[str, Sequence[str]]) -> RolloutReport:
        report = RolloutReport(self.ref, self.server_url, tuple(reports), record)
        if self.apply:
            self.tracking.keep(report)
        return report


def _waiting(wave: str, names: Sequence[str], before: str) -> WaveReport:
    status = f"waits for the wave {before}" if before else "has not begun"
    results = tuple(Result(name, "waiting", status, wave) for name in names)
    return WaveReport(wave, Verdict("waiting", status), results)


def _held_back(name: str, wave: str, newest: Listed | None) -> Result:
    if newest and newest.pull.is_open:
        told = "its pull request is left as it is: the wave is stopped"
        return Result(name, "open", told, wave, newest.pull.number, newest.pull.url)
    return Result(name, "waiting", "nothing is begun: the wave is stopped", wave)


def _failed(name: str, wave: str, error: ActionError) -> Result:
    return Result(name, "failed", "failed", wave, error=str(error))
