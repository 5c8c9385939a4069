"""The report of a build, for the instructor who wants to know whether it works."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from hub_image_actions import guide, markdown
from hub_image_actions.build.hub_link import HubLink
from hub_image_actions.build.output_files import OutputFileError, write_output_file
from hub_image_actions.checks.diagnosis import Diagnosis
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults
from hub_image_actions.docker.engine import Layer
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, SeveralErrors
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.size import LayerSize
from hub_image_actions.quantities import human_size, human_time
from hub_image_actions.references import ImageReference, commit_of, find_reference

_BIGGEST = 8
_BAR = 20
_DAY = len("2026-11-23")
_NEWER_BASE = "A base image has a newer version, which the next build takes."
# The more a report holds, the fewer failures it tells in full.
_MOST_FAILURES = (20, 10, 5, 2, 0)
_MOST_TESTS = 200
_MOST_NAMED = 3
_LONGEST_NAME = 80
_MOST_INSTRUCTION = 90
_MARKS = {Outcome.PASSED: "✅", Outcome.FAILED: "❌", Outcome.SKIPPED: "skipped"}
_MIB = 1 << 20
WHEN_WRONG = markdown.link("when something is wrong", f"{guide.CHANGING}#when-something-is-wrong")
READY = (
    "**Next:** ready for review. Whoever looks after this image reads the change and merges it: "
    f"{markdown.link('what a merge does', f'{guide.CHANGING}#5-review')}."
)


@dataclass(frozen=True)
class ReusedImage:
    """An image that was in the registry already.

    Args:
        run_url: the page of the run that built it; empty where that is not known.
        created: when it was built.
        tested: the results of its tests.
        source: where it was kept, if it had to be brought from there; else empty.
        moved: how it was brought, in our own words.
        same_as: the first tag under which the default branch pushed it before; empty where it did not.
        has_older_base: whether a base image has moved on since it was built.
    """

    run_url: str
    created: str
    tested: str
    source: str = ""
    moved: str = ""
    same_as: str = ""
    has_older_base: bool = False

    @property
    def day(self) -> str:
        """The day on which it was built and tested."""
        return self.created[:_DAY]

    def __str__(self) -> str:
        """Return in one sentence why nothing is built, for the log."""
        if not self.same_as:
            made = "was made of the same files, settings and base image"
            return f"Nothing is built: the image of {self.day} {made}."
        return f"Nothing that makes the image changed; {self.same_as} {self._passed} on {self.day}."

    @property
    def _passed(self) -> str:
        return "passed its tests" if self.tested else "was built"

    def markdown(self) -> str:
        """Return what the reader should know of it."""
        if self.same_as:
            passed = markdown.link(self._passed, self.run_url) if self.run_url else self._passed
            day, base = markdown.escape(self.day), f" {_NEWER_BASE}" if self.has_older_base else ""
            tag = markdown.code(self.same_as)
            return f"♻️ Nothing that makes the image changed; {tag} {passed} on {day}.{base}"
        run = markdown.link("an earlier run", self.run_url) if self.run_url else "an earlier run"
        made = (
            f"♻️ Nothing was built: {run} made this image of the same files, settings and base image "
            f"({markdown.escape(self.day)})."
        )
        brought = f" It was kept as {markdown.code(self.source)}; {self.moved}."
        return made + (brought if self.source else "")


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
        pullable: the reference that the image can be pulled by; empty where no registry has it.
        is_kept: whether it was kept among the candidates, for the merge.
        is_test: whether it is about a build that pushes nothing but candidates.
        hub: where people can try the image; None where no hub is named.
        reused: what was taken from the registry instead of building it; None where the image was built.
        is_for_review: whether it is about a pull request, whose author wants to know what comes next.
        source: in Markdown of our own, whose words these are where they are not this run's.
        conclusion: how the run as a whole ended, as GitHub has it; None while it is this run.
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
    comparison: ImageComparison | None = None
    pullable: str = ""
    is_kept: bool = False
    is_test: bool = False
    hub: HubLink | None = None
    reused: ReusedImage | None = None
    is_for_review: bool = False
    source: str = ""
    conclusion: str | None = None

    @property
    def has_passed(self) -> bool:
        """Whether all went well: by GitHub's word where the report is somebody else's."""
        return not self.error if self.conclusion is None else self.conclusion == "success"

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

    @property
    def cases(self) -> list[CaseResult]:
        """The results of all tests, those in a browser last."""
        return [case for suite in (self.tests, self.browser_tests) if suite for case in suite.cases]

    def markdown(self) -> str:
        """Return the report, short enough for a comment."""
        return markdown.first_that_fits(_text(self, most) for most in _MOST_FAILURES)


def _text(report: BuildReport, most: int) -> str:
    """Return the report from top to bottom: this is what stands in the comment and in the summary.

    What is empty is left out, be it a paragraph, a row of the facts, or a table that is folded away.

    Args:
        report: what is known of the build.
        most: how many failures are told in full.
    """
    failed = [case for case in report.cases if case.outcome is Outcome.FAILED]
    paragraphs = (
        f"### {'✅' if report.has_passed else '❌'} {markdown.escape(report.title)}",
        report.source,
        _failure(report.error, report.diagnosis),
        _reused(report),
        _next(report) if report.is_for_review else "",
        _facts(_facts_of(report)),
        _try_it(report, report.hub),
        *map(_failed_test, failed[:most]),
        _more(len(failed) - most, " tests failed"),
        *(f"⚠️ {markdown.prose(warning)}" for warning in report.warnings),
        report.comparison.markdown() if report.comparison else "",
        _folded(f"All tests: {len(report.cases)}", ("", "Test", "File", "Time"), *_all_tests(report.cases)),
        _folded("Biggest layers", ("Size", "Share", "Made by"), _biggest_layers(report)),
        _folded(
            f"Time: {human_time(sum(report.phases.values()))}",
            ("", "Time", "Share"),
            _times(report.phases),
            _disk(report.free),
        ),
    )
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _facts_of(report: BuildReport) -> Mapping[str, str]:
    return {
        "Image": _image(report),
        "Digest": markdown.code(report.digest),
        "Pushed as": ", ".join(map(markdown.code, report.tags)) if report.pushed else "",
        "Size": human_size(report.size) if report.size else "",
        "Tests": _tested(report),
        "As on a hub": f"✅ {markdown.escape(report.hub_check)}" if report.hub_check else "",
        "Packages": _number_of_packages(report.contents),
        "Cached layers from": markdown.code(report.cached_from),
        "Run": markdown.link("log", report.run_url) if report.run_url else "",
    }


def _failure(error: ActionError | None, diagnosis: Diagnosis | None) -> str:
    if not error:
        return ""
    if diagnosis:
        # Where it is not known what to do, the line itself is the best that there is.
        line = "" if diagnosis.remedy else markdown.code(diagnosis.line)
        place = markdown.code(f"{error.file}:{error.line}") if error.file else ""
        headline = " ".join(filter(None, (_told(f"{diagnosis.name}.", diagnosis.remedy), line, place)))
        return f"{headline}\n\n{markdown.block(diagnosis.excerpt)}"
    errors = error.errors if isinstance(error, SeveralErrors) else (error,)
    told = [_told(each.problem, each.remedy) for each in errors]
    return told[0] if len(told) == 1 else "\n".join(f"- {each}" for each in told)


def _image(report: BuildReport) -> str:
    """Return what the image can be pulled by: a name that no registry has would mislead."""
    if report.pullable:
        return f"{markdown.code(report.pullable)}{', kept for the merge' if report.is_kept else ''}"
    if not report.size:
        return ""
    return "not kept" if report.is_test else f"{markdown.code(report.image)}, not pushed"


def _reused(report: BuildReport) -> str:
    reused = report.reused
    if not reused:
        return ""
    # A version is for hubs to move to, whatever image it names.
    is_named_by_commit = bool(report.tags and commit_of(report.tags[0]))
    may_stay = reused.same_as and report.pushed and is_named_by_commit
    return reused.markdown() + (" Hubs keep that tag." if may_stay else "")


def _try_it(report: BuildReport, hub: HubLink | None) -> str:
    """Return the link that starts the image on a hub, where there is a hub and it could pull the image."""
    pulled_by = find_reference(report.pullable)
    if report.error or not hub or not pulled_by or not report.digest:
        return ""
    # A tag may be given to another image before somebody presses the link.
    url = hub.start(ImageReference(pulled_by.name, digest=report.digest))
    link = markdown.link("Try it on the staging hub", url)
    return (
        f"🚀 **{link}** ({markdown.code(hub.host)}): it starts your server there from this image. "
        "What the pull request brings runs there with your files. A server that is running stays as it is: "
        "stop it first, with *File*, *Hub Control Panel*, *Stop My Server*."
    )


def _next(report: BuildReport) -> str:
    """Return what comes next, for whoever opened the pull request, and the page that helps."""
    if report.has_passed:
        return READY
    page = markdown.link("what builds fail of", guide.TROUBLESHOOTING) if report.diagnosis else WHEN_WRONG
    failed = next((case for case in report.cases if case.outcome is Outcome.FAILED and case.file), None)
    file, line = (failed.file, failed.line) if failed else _place(report.error)
    if file:
        what = f"fix {markdown.code(f'{file}:{line}' if line else file)}"
    else:
        what = "do what is said above" if report.error else "look at the run's log"
    return f"**Next:** {what}, and push to the same branch: everything runs again. See {page}."


def _place(error: ActionError | None) -> tuple[str, int]:
    return (error.file, error.line) if error else ("", 0)


def _facts(facts: Mapping[str, str]) -> str:
    return markdown.table(("", ""), ((f"**{name}**", value) for name, value in facts.items() if value))


def _tested(report: BuildReport) -> str:
    failed = report.tests and report.tests.failed
    return f"{'❌' if failed else '✅'} {markdown.escape(report.tested)}" if report.tested else ""


def _number_of_packages(contents: ImageContents | None) -> str:
    return str(len(contents.packages)) if contents and contents.packages is not None else ""


def _failed_test(case: CaseResult) -> str:
    place = f"{case.file}:{case.line}" if case.line else case.file
    summary = f"❌ {markdown.html(case.name)} ({markdown.html(place)}): {markdown.html(case.message)}"
    return markdown.details(summary, markdown.block(case.text.splitlines()))


def _more(number: int, what: str = "") -> str:
    return f"… and {number} more{what}." if number > 0 else ""


def _folded(summary: str, header: Sequence[str], rows: Sequence[Sequence[str]], below: str = "") -> str:
    """Return a table with a line below it, folded away; nothing where it has no rows."""
    body = "\n\n".join(filter(None, (markdown.table(header, rows), below)))
    return markdown.details(summary, body) if rows else ""


def _all_tests(cases: Sequence[CaseResult]) -> tuple[list[tuple[str, ...]], str]:
    """Return the rows of the table of tests, and what to say of those that are not in it."""
    rows: list[tuple[str, ...]] = [
        (
            _MARKS[case.outcome],
            markdown.code(case.name[:_LONGEST_NAME]),
            markdown.code(case.file[:_LONGEST_NAME]),
            human_time(case.seconds),
        )
        for case in cases[:_MOST_TESTS]
    ]
    return rows, _more(len(cases) - _MOST_TESTS)


def _biggest_layers(report: BuildReport) -> list[tuple[str, ...]]:
    biggest = sorted(report.layers, key=lambda layer: layer.size, reverse=True)[:_BIGGEST]
    return [
        (human_size(layer.size), _bar(layer.size, report.size), markdown.code(_instruction(layer)))
        for layer in biggest
        if layer.size >= _MIB
    ]


def _times(phases: Mapping[str, float]) -> list[tuple[str, ...]]:
    total = sum(phases.values())
    return [
        (markdown.escape(name), human_time(seconds), _bar(seconds, total)) for name, seconds in phases.items()
    ]


def _disk(free: tuple[int, int]) -> str:
    before, after = free
    return f"Free disk: {human_size(before)} before, {human_size(after)} after." if before else ""


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


def file_part(image: str) -> str:
    """Return an image's name as a part of a file's: several images may be built in one job."""
    return "".join(char if char.isalnum() else "-" for char in image)


def tell(report: BuildReport, runner: Runner, folder: Path) -> Mapping[str, str]:
    """Write the report, and return the outputs that every build has.

    Args:
        report: what is known of the build.
        runner: what is told.
        folder: where the report is kept.
    """
    text = report.markdown()
    file = folder / f"report-{file_part(report.image)}.md"
    try:
        write_output_file(folder, file.name, text)
    except OutputFileError as error:
        # What was built is built: the outputs are set all the same, and the summary shows the report.
        runner.warning(f"The report cannot be kept in {folder}. {error.problem}")
        kept = ""
    else:
        kept = str(file)
    runner.summary(text)
    return {
        "image": report.image if report.size else "",
        "tag": report.tags[0] if report.size and report.tags else "",
        "digest": report.digest,
        "pushed": str(report.pushed).lower(),
        "size": str(report.size or ""),
        "tests": report.tested,
        "reused": str(report.reused is not None).lower(),
        "unchanged": str(bool(report.reused and report.reused.same_as)).lower(),
        "unchanged-since": report.reused.same_as if report.reused else "",
        "built-by": report.reused.run_url if report.reused else report.run_url,
        "report": kept,
    }
