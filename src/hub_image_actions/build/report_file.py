"""A build's report as a file, for a workflow whose token may comment where the build's own may not.

It is written by the run of a pull request and read with the rights of the base repository. A fork may change
what its runs leave: each field is read by its form and size, none is Markdown, and none leads anywhere.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from hub_image_actions.build.report import BuildReport, ReusedImage
from hub_image_actions.checks.diagnosis import Diagnosis
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults
from hub_image_actions.docker.engine import Layer
from hub_image_actions.errors import ActionError, SeveralErrors
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.size import ImageSize, LayerSize
from hub_image_actions.packages.package_list import DamagedPackages, PackageList
from hub_image_actions.untrusted_json import InvalidJson, parse_json

FILE = "build-test-report.json"
MOST_BYTES = 1 << 20
_FORM = 1
_LONGEST, _LONGEST_TEXT = 500, 4000
_MOST, _MOST_LAYERS = 20, 200
_LARGEST = 10**15
# The more a build has to tell, the less of it fits: how many tests, and whether all packages.
_FITTING = ((2000, True), (2000, False), (200, False), (20, False))
_IN_LINES = "\n\t"

T = TypeVar("T")


class UnusableReport(ActionError):
    """A file that is no report of a build."""


def write_report(report: BuildReport) -> bytes:
    """Return the file that holds a report: as much of it as fits."""
    content = b""
    for most_cases, with_packages in _FITTING:
        content = json.dumps(_as_value(report, most_cases, with_packages=with_packages)).encode()
        if len(content) <= MOST_BYTES:
            break
    return content


def read_report(content: bytes, title: str) -> BuildReport:
    """Return the report that a file of a stranger's holds.

    Args:
        content: the file.
        title: the heading, which is ours.

    Raises:
        UnusableReport: it has another form than :func:`write_report` gives it.
    """
    try:
        return _report(_object(parse_json(content), _FIELDS), title)
    except InvalidJson as error:
        raise UnusableReport(f"It is not JSON: {error.reason}.") from error
    except DamagedPackages as error:
        raise UnusableReport("It has a list of packages that is none.") from error


# ---- writing


def _as_value(report: BuildReport, most_cases: int, *, with_packages: bool) -> dict[str, Any]:
    error, reused, comparison = report.error, report.reused, report.comparison
    errors = error.errors if isinstance(error, SeveralErrors) else (error,) if error else ()
    biggest = sorted(report.layers, key=lambda layer: layer.size, reverse=True)[:_MOST]
    return {
        "form": _FORM,
        "pullable": report.pullable[:_LONGEST],
        "digest": report.digest[:_LONGEST],
        "size": report.size,
        "hub_check": report.hub_check[:_LONGEST],
        "cached_from": report.cached_from[:_LONGEST],
        "warnings": [warning[:_LONGEST] for warning in report.warnings[:_MOST]],
        "errors": [_error(each) for each in errors[:_MOST]],
        "diagnosis": _diagnosis(report.diagnosis) if report.diagnosis else None,
        "reused": _reused(reused) if reused else None,
        "tests": _cases(report.tests, most_cases),
        "browser_tests": _cases(report.browser_tests, most_cases),
        "layers": [[layer.size, layer.made_by[:_LONGEST]] for layer in biggest],
        "phases": [[name[:_LONGEST], seconds] for name, seconds in list(report.phases.items())[:_MOST]],
        "free": list(report.free),
        "contents": _contents(report.contents, with_packages=with_packages),
        "compared": (
            [comparison.old_name[:_LONGEST], _contents(comparison.old, with_packages=with_packages)]
            if comparison
            else None
        ),
    }


def _error(error: ActionError) -> list[Any]:
    return [error.problem[:_LONGEST], error.remedy[:_LONGEST], error.file[:_LONGEST], error.line]


def _diagnosis(found: Diagnosis) -> list[Any]:
    excerpt = [line[:_LONGEST] for line in found.excerpt[:_MOST]]
    return [found.name[:_LONGEST], found.remedy[:_LONGEST], found.line[:_LONGEST], excerpt]


def _reused(image: ReusedImage) -> list[Any]:
    told = (image.created, image.tested, image.same_as)
    return [*(text[:_LONGEST] for text in told), image.has_older_base]


def _cases(suite: SuiteResults | None, most: int) -> list[list[Any]] | None:
    if suite is None:
        return None
    # The failing ones first, as what is left out should be what went well; and of few, all that is known.
    ordered = sorted(suite.cases, key=lambda case: case.outcome is not Outcome.FAILED)[:most]
    return [
        [
            case.name[:_LONGEST],
            case.file[:_LONGEST],
            case.line,
            case.outcome.value,
            case.message[:_LONGEST] if number < _MOST else "",
            case.text[-_LONGEST_TEXT:] if number < _MOST else "",
            case.seconds,
        ]
        for number, case in enumerate(ordered)
    ]


def _contents(contents: ImageContents | None, *, with_packages: bool) -> list[Any] | None:
    if contents is None:
        return None
    listed, size = contents.packages if with_packages else None, contents.unpacked
    layers = [[layer.size, layer.made_by[:_LONGEST]] for layer in size.layers] if size else []
    known = listed.as_value() if listed is not None else None
    problem = contents.problem or ("" if known else "the list is too long")
    fits = size and len(layers) <= _MOST_LAYERS
    return [known, layers if fits else None, bool(size and size.in_blocks), problem[:_LONGEST]]


# ---- reading

_FIELDS = frozenset(
    {
        *(
            "form",
            "pullable",
            "digest",
            "size",
            "hub_check",
            "cached_from",
            "warnings",
            "errors",
            "diagnosis",
        ),
        *("reused", "tests", "browser_tests", "layers", "phases", "free", "contents", "compared"),
    }
)


def _report(told: Mapping[str, Any], title: str) -> BuildReport:
    if told["form"] != _FORM:
        raise UnusableReport("It has another form: the two workflows are of different releases.")
    free, phases = _row(told["free"], 2), [_row(phase, 2) for phase in _list(told["phases"], _MOST)]
    contents = _optional(told["contents"], _read_contents)
    return BuildReport(
        "",
        title,
        is_test=True,
        pullable=_text(told["pullable"]),
        digest=_text(told["digest"]),
        size=_whole(told["size"]),
        layers=tuple(Layer(size, text) for size, text in _sized(told["layers"], _MOST)),
        phases={_text(name): _number(seconds) for name, seconds in phases},
        tests=_optional(told["tests"], _read_cases),
        free=(_whole(free[0]), _whole(free[1])),
        cached_from=_text(told["cached_from"]),
        warnings=[_text(warning) for warning in _list(told["warnings"], _MOST)],
        error=_read_errors(told["errors"]),
        diagnosis=_optional(told["diagnosis"], _read_diagnosis),
        hub_check=_text(told["hub_check"]),
        browser_tests=_optional(told["browser_tests"], _read_cases),
        contents=contents,
        comparison=_read_comparison(told["compared"], contents),
        reused=_optional(told["reused"], _read_reused),
    )


def _read_errors(value: object) -> ActionError | None:
    rows = [_row(error, 4) for error in _list(value, _MOST)]
    errors = tuple(
        ActionError(_text(problem), _text(remedy), file=_text(file), line=_whole(line))
        for problem, remedy, file, line in rows
    )
    if len(errors) > 1:
        return SeveralErrors(f"{len(errors)} things are wrong.", errors)
    return errors[0] if errors else None


def _read_diagnosis(value: object) -> Diagnosis:
    name, remedy, line, excerpt = _row(value, 4)
    lines = tuple(_text(text) for text in _list(excerpt, _MOST))
    return Diagnosis(_text(name), _text(remedy), _text(line), lines)


def _read_reused(value: object) -> ReusedImage:
    created, tested, same_as, has_older_base = _row(value, 4)
    # Which run it was, a stranger could say of any page.
    return ReusedImage(
        run_url="",
        created=_text(created),
        tested=_text(tested),
        same_as=_text(same_as),
        has_older_base=has_older_base is True,
    )


def _read_cases(value: object) -> SuiteResults:
    outcomes = {outcome.value: outcome for outcome in Outcome}
    cases = []
    for name, file, line, outcome, message, text, seconds in (_row(case, 7) for case in _list(value, 2000)):
        if not isinstance(outcome, str) or outcome not in outcomes:
            raise UnusableReport("It has a test that ended in no known way.")
        cases.append(
            CaseResult(
                name=_text(name),
                file=_text(file),
                line=_whole(line),
                outcome=outcomes[outcome],
                message=_text(message),
                text=_text(text, _LONGEST_TEXT),
                seconds=_number(seconds),
            )
        )
    return SuiteResults(tuple(cases))


def _read_contents(value: object) -> ImageContents:
    packages, layers, in_blocks, problem = _row(value, 4)
    sized = _optional(layers, lambda listed: _sized(listed, _MOST_LAYERS))
    size = ImageSize(tuple(LayerSize(*layer) for layer in sized), in_blocks is True) if sized else None
    return ImageContents(_optional(packages, PackageList.from_value), size, problem=_text(problem))


def _read_comparison(value: object, new: ImageContents | None) -> ImageComparison | None:
    if value is None or new is None:
        return None
    name, old = _row(value, 2)
    return ImageComparison(_read_contents(old), new, _text(name))


def _sized(value: object, most: int) -> list[tuple[int, str]]:
    rows = (_row(layer, 2) for layer in _list(value, most))
    return [(_whole(size), _text(text)) for size, text in rows]


def _optional(value: object, read: Callable[[object], T]) -> T | None:
    return None if value is None else read(value)


def _object(value: object, fields: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or value.keys() != fields:
        raise UnusableReport("It has other fields than a report.")
    return value


def _list(value: object, most: int) -> Sequence[object]:
    if not isinstance(value, list):
        raise UnusableReport("It has no list where one belongs.")
    return value[:most]


def _row(value: object, length: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        raise UnusableReport(f"It has no row of {length} where one belongs.")
    return value


def _text(value: object, most: int = _LONGEST) -> str:
    if not isinstance(value, str):
        raise UnusableReport("It has no text where one belongs.")
    # What is not seen can turn around what is: controls, and marks for writing from right to left.
    return "".join(char for char in value[:most] if char.isprintable() or char in _IN_LINES)


def _number(value: object) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value <= _LARGEST:  # type: ignore[arg-type,operator]  # it is one
        raise UnusableReport("It has no number where one belongs.")
    return float(value)  # type: ignore[arg-type]  # it is one


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise UnusableReport("It has no whole number where one belongs.")
    return value
