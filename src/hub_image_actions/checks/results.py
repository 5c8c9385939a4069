"""Results of an image's tests, read from the JUnit reports that pytest and the notebook runner write.

Source: pytest's ``xunit1`` family, which has the file and line (counted from 0) of each test.
"""

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from xml.etree import ElementTree

from hub_image_actions.docker.container_files import UnusableFile, read_written
from hub_image_actions.errors import ActionError
from hub_image_actions.terminal_text import as_shown

_MOST_TEXT = 4000
# A test's name and what it says are texts of the image's, of any length.
_LONGEST_NAME, _LONGEST_MESSAGE = 300, 1000
_MOST_REPORTS, _MOST_BYTES = 10, 64 << 20
_WHOLE = re.compile(r"[0-9]{1,9}")
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Outcome(Enum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CaseResult:
    """The result of one test.

    Args:
        name: the test's name.
        file: its file, relative to the folder above the tests.
        line: the line that failed, else the line of the test, counted from 1; 0 where it is not known.
        outcome: how it ended.
        message: why it failed or was skipped, in one line.
        text: all that is known of the failure.
        seconds: how long it took.
    """

    name: str
    file: str
    line: int
    outcome: Outcome
    message: str = ""
    text: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class SuiteResults:
    """The results of all tests of an image."""

    cases: tuple[CaseResult, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Return how many tests ended so."""
        return sum(case.outcome is outcome for case in self.cases)

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The tests that failed."""
        return tuple(case for case in self.cases if case.outcome is Outcome.FAILED)

    def __str__(self) -> str:
        counts = [(self.count(outcome), outcome.value) for outcome in Outcome]
        return ", ".join(f"{count} {name}" for count, name in counts if count) or "none"


def read_results(folder: Path) -> SuiteResults:
    """Return the results that the reports in a folder hold.

    Raises:
        ActionError: a report is not one.
    """
    cases: list[CaseResult] = []
    for report in sorted(folder.glob("*.xml"))[:_MOST_REPORTS]:
        try:
            root = ElementTree.fromstring(  # noqa: S314  # expat itself refuses what would blow up
                read_written(report, _MOST_BYTES)
            )
        except UnusableFile as error:
            raise ActionError(
                f"The tests' report cannot be read: {error.problem}", "Look at what the tests do to it."
            ) from error
        # What is no text raises other errors than what is no XML.
        except (ElementTree.ParseError, LookupError, ValueError) as error:
            raise ActionError(
                f"The tests' report {report.name} is cut off: {error}.", "Run again."
            ) from error
        cases += [_case(element) for element in root.iter("testcase")]
    return SuiteResults(tuple(cases))


def _case(element: ElementTree.Element) -> CaseResult:
    problem = next((child for child in element if child.tag in {"failure", "error"}), None)
    skipped = element.find("skipped")
    told = problem if problem is not None else skipped
    text = _shown(told.text or "") if told is not None else ""
    outcome = (
        Outcome.FAILED if problem is not None else Outcome.PASSED if skipped is None else Outcome.SKIPPED
    )
    message = _message(_shown(told.get("message", "")), text) if told is not None else ""
    file = element.get("file", "")[:_LONGEST_NAME]
    return CaseResult(
        name=element.get("name", "?")[:_LONGEST_NAME],
        file=file,
        line=_line_of_failure(file, text) or _line(element.get("line", "")),
        outcome=outcome,
        message=message,
        text=text[-_MOST_TEXT:],
        seconds=_seconds(element.get("time", "")),
    )


def _shown(text: str) -> str:
    """Return a text of several lines as a terminal shows it: tests color what they print."""
    return "\n".join(map(as_shown, text.split("\n")))


def _line(text: str) -> int:
    """Return a line, counted from 1, for one that is counted from 0; 0 where it is not known."""
    return int(text) + 1 if _WHOLE.fullmatch(text) else 0


def _seconds(text: str) -> float:
    return float(text) if _SECONDS.fullmatch(text) else 0.0


def _message(message: str, text: str) -> str:
    """Return why a test failed, in one line."""
    if message in {"", "collection failure"}:
        # What was raised stands at the end, and pytest marks it.
        raised = re.findall(r"^E\s+(\S.*)$", text, re.MULTILINE)
        message = raised[-1] if raised else message or text
    return next(iter(message.strip().splitlines()), "")[:_LONGEST_MESSAGE]


def _line_of_failure(file: str, text: str) -> int:
    """Return the last line of the test's own file that the traceback shows; 0 where it shows none."""
    lines = re.findall(rf"^(?:\S*/)?{re.escape(Path(file).name)}:(\d+): ", text, re.MULTILINE) if file else []
    return int(lines[-1]) if lines and _WHOLE.fullmatch(lines[-1]) else 0
