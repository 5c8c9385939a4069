"""The report of a build, for the instructor who wants to know whether it works."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from hub_image_actions import markdown
from hub_image_actions.checks.diagnosis import Diagnosis
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults
from hub_image_actions.docker.engine import Layer
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, InvalidInputs
from hub_image_actions.images.comparison import Comparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.size import LayerSize
from hub_image_actions.quantities import human_size, human_time

_BIGGEST = 8
_BAR = 20
_DAY = len("2026-11-23")
# GitHub takes 65,536 characters for a comment: the more a report holds, the fewer failures it tells in full.
_MOST_CHARACTERS = 60_000
_MOST_FAILURES = (20, 10, 5, 2, 0)
_MOST_TESTS = 200
_MOST_NAMED = 3
_LONGEST_NAME = 80
_MOST_INSTRUCTION = 90
_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.SKIPPED: "skipped"}
_MIB = 1 << 20


@dataclass(frozen=True)
class ReusedImage:
    """An image that was in the registry already.

    Args:
        run_url: the page of the run that built it; empty where that is not known.
        created: when it was built.
        tested: the results of its tests.
    """

    run_url: str
    created: str
    tested: str

    def markdown(self) -> str:
        """Return what the reader should know of it."""
        run = markdown.link("an earlier run", self.run_url) if self.run_url else "an earlier run"
        return (
            f"♻️ Nothing was built: {run} made this image of the same files, settings and base image "
            f"({markdown.escape(self.created[:_DAY])})."
        )


@dataclass
class BuildReport:
    """What is known of a build so far; it is told as far as it got.

    Attributes:
        image: the full reference under the main tag.
        title: the heading.
        tags: all tags.
        pushed: whether the image is in the registry under all of them.
        digest: the manifest's digest in the registry; empty where it was not pushed.
        size: in bytes, unpacked; 0 where there is no image.
        layers: the image's layers.
        phases: how long each part took, in seconds.
        tests: the results of the image's tests; None where they were not run.
        free: free bytes of the disk before and after.
        cached_from: the image that layers were taken from.
        warnings: what the reader should know besides.
        error: why it failed.
        diagnosis: why the build itself failed.
        run_url: the run's page.
        hub_check: how the image started as on a hub; empty where that was not tried, or failed.
        browser_tests: the results of the tests in a browser; None where there were none.
        contents: what is in the image; None where that was not looked at.
        comparison: the image that it is compared with, and what sets them apart; None where there is none.
        reused: what was taken from the registry instead of building it; None where the image was built.
    """

    image: str
    title: str
    tags: tuple[str, ...] = ()
    pushed: bool = False
    digest: str = ""
    size: int = 0
    layers: tuple[Layer, ...] = ()
    phases: dict[str, float] = field(default_factory=dict)
    tests: SuiteResults | None = None
    free: tuple[int, int] = (0, 0)
    cached_from: str = ""
    warnings: list[str] = field(default_factory=list)
    error: ActionError | None = None
    diagnosis: Diagnosis | None = None
    run_url: str = ""
    hub_check: str = ""
    browser_tests: SuiteResults | None = None
    contents: ImageContents | None = None
    comparison: Comparison | None = None
    reused: ReusedImage | None = None

    @property
    def tested(self) -> str:
        """The results of the tests in few words, empty where there were none."""
        return self.reused.tested if self.reused else str(self.tests or "")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a part of the work."""
        started = monotonic()
        try:
            yield
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + monotonic() - started

    def markdown(self) -> str:
        """Return the report, short enough for a comment."""
        texts = [self._text(most) for most in _MOST_FAILURES]
        return next((text for text in texts if len(text) <= _MOST_CHARACTERS), texts[-1][:_MOST_CHARACTERS])

    def _text(self, most: int) -> str:
        parts = (
            f"### {'❌' if self.error else '✅'} {markdown.escape(self.title)}",
            self._failure(),
            self.reused.markdown() if self.reused else "",
            self._facts(),
            self._failed_tests(most),
            *(f"⚠️ {markdown.prose(warning)}" for warning in self.warnings),
            self.comparison.markdown() if self.comparison else "",
            self._all_tests(),
            self._layers(),
            self._phases(),
        )
        return "\n\n".join(filter(None, parts)) + "\n"

    def _failure(self) -> str:
        if not self.error:
            return ""
        if not self.diagnosis:
            errors = self.error.errors if isinstance(self.error, InvalidInputs) else (self.error,)
            said = [_told(each.problem, each.remedy) for each in errors]
            return said[0] if len(said) == 1 else "\n".join(f"- {each}" for each in said)
        headline = _told(f"{self.diagnosis.name}.", self.diagnosis.remedy)
        return f"{headline}\n\n{markdown.block(self.diagnosis.excerpt)}"

    def _facts(self) -> str:
        failed = self.tests and self.tests.failed
        tests = f"{'❌' if failed else '✅'} {markdown.escape(self.tested)}" if self.tested else ""
        facts = {
            "Image": markdown.code(self.image),
            "Digest": markdown.code(self.digest),
            "Pushed as": ", ".join(map(markdown.code, self.tags)) if self.pushed else "",
            "Size": human_size(self.size) if self.size else "",
            "Tests": tests,
            "As on a hub": f"✅ {markdown.escape(self.hub_check)}" if self.hub_check else "",
            "Packages": self._packages(),
            "Cached layers from": markdown.code(self.cached_from),
            "Run": markdown.link("log", self.run_url) if self.run_url else "",
        }
        return markdown.table(("", ""), ((f"**{name}**", value) for name, value in facts.items() if value))

    def _packages(self) -> str:
        known = self.contents.packages if self.contents else None
        return f"{len(known)}" if known is not None else ""

    @property
    def _suites(self) -> list[SuiteResults]:
        return [suite for suite in (self.tests, self.browser_tests) if suite]

    def _failed_tests(self, most: int) -> str:
        failed = [case for suite in self._suites for case in suite.failed]
        parts = [self._failed_test(case) for case in failed[:most]]
        if len(failed) > most:
            parts.append(f"… and {len(failed) - most} more tests failed.")
        return "\n\n".join(parts)

    def _all_tests(self) -> str:
        cases = [case for suite in self._suites for case in suite.cases]
        rows = [
            (
                _MARKS[case.outcome],
                markdown.code(case.name[:_LONGEST_NAME]),
                markdown.code(case.file[:_LONGEST_NAME]),
                human_time(case.seconds),
            )
            for case in cases[:_MOST_TESTS]
        ]
        more = f"\n\n… and {len(cases) - _MOST_TESTS} more." if len(cases) > _MOST_TESTS else ""
        table = markdown.table(("", "Test", "File", "Time"), rows)
        return markdown.details(f"All tests: {len(cases)}", f"{table}{more}") if rows else ""

    def _failed_test(self, case: CaseResult) -> str:
        place = f"{case.file}:{case.line}" if case.line else case.file
        summary = f"❌ {markdown.html(case.name)} ({markdown.html(place)}): {markdown.html(case.message)}"
        return markdown.details(summary, markdown.block(case.text.splitlines()))

    def _layers(self) -> str:
        biggest = sorted(self.layers, key=lambda layer: layer.size, reverse=True)[:_BIGGEST]
        rows = [
            (human_size(layer.size), _bar(layer.size, self.size), markdown.code(_instruction(layer)))
            for layer in biggest
            if layer.size >= _MIB
        ]
        if not rows:
            return ""
        return markdown.details("Biggest layers", markdown.table(("Size", "Share", "Made by"), rows))

    def _phases(self) -> str:
        total = sum(self.phases.values())
        rows = [
            (markdown.escape(name), human_time(seconds), _bar(seconds, total))
            for name, seconds in self.phases.items()
        ]
        before, after = self.free
        disk = f"\n\nFree disk: {human_size(before)} before, {human_size(after)} after." if before else ""
        table = markdown.table(("", "Time", "Share"), rows)
        return markdown.details(f"Time: {human_time(total)}", f"{table}{disk}") if rows else ""


def failed_tests(failed: Sequence[CaseResult]) -> str:
    """Return in a few words which tests failed."""
    names = [case.name for case in failed[:_MOST_NAMED]]
    more = ["…"] if len(failed) > _MOST_NAMED else []
    return f"{len(failed)} of the image's tests failed: {', '.join(names + more)}."


def _told(problem: str, remedy: str) -> str:
    return f"**{markdown.prose(problem)}** {markdown.prose(remedy)}".strip()


def _bar(part: float, whole: float) -> str:
    filled = round(_BAR * part / whole) if whole else 0
    return "█" * filled + "░" * (_BAR - filled)


def _instruction(layer: Layer) -> str:
    text = LayerSize(layer.size, layer.made_by).instruction
    return text if len(text) <= _MOST_INSTRUCTION else f"{text[:_MOST_INSTRUCTION]}…"


def tell(report: BuildReport, runner: Runner, folder: Path) -> Mapping[str, str]:
    """Write the report, and return the outputs that every build has.

    Args:
        report: what is known of the build.
        runner: what is told.
        folder: where the report is kept.
    """
    text = report.markdown()
    # Several images may be built in one job.
    name = "".join(char if char.isalnum() else "-" for char in report.image)
    file = folder / f"report-{name}.md"
    file.write_text(text, encoding="utf-8", errors="replace")
    runner.summary(text)
    return {
        "image": report.image if report.size else "",
        "tag": report.tags[0] if report.size and report.tags else "",
        "digest": report.digest,
        "pushed": str(report.pushed).lower(),
        "size": str(report.size or ""),
        "tests": report.tested,
        "reused": str(report.reused is not None).lower(),
        "built-by": report.reused.run_url if report.reused else report.run_url,
        "report": str(file),
    }
