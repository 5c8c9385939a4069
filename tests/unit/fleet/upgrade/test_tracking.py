"""The tracking issue of a rollout: what it says, how it is found again, and when it is written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from hub_image_actions.errors import ActionError
from hub_image_actions.exchange import Response
from hub_image_actions.fleet.upgrade.result import Result
from hub_image_actions.fleet.upgrade.tracking import LABEL, RolloutReport, Tracking, WaveReport, marker_of
from hub_image_actions.fleet.upgrade.waves import Verdict
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.values import Json
from hub_image_actions.http import Http

URL = "https://example.org/o/r/issues/1"
GREEN = Result("o/a", "green", "built", "canary", 5, "https://example.org/5", "https://example.org/run")
RED = Result("o/b", "red", "build failed", "canary")
CANARY = WaveReport("canary", Verdict("stopped", "o/b is red."), (GREEN, RED))
REPORT = RolloutReport("v1.4.0", "https://example.org", (CANARY,), {"canary": ("o/a", "o/b")})
DONE = replace(REPORT, waves=(replace(CANARY, verdict=Verdict("done", "All are green.")),))


class Issues(Http):
    """Has issues, and keeps what is written to them."""

    def __init__(self, *issues: Mapping[str, object]) -> None:
        super().__init__()
        self._issues: list[Json] = [dict(issue) for issue in issues]
        self.written: list[tuple[str, str, Json]] = []

    def request(self, method: str, url: str, **sent: object) -> Response:
        if method == "GET":
            return Response(200, body=json.dumps(self._issues).encode())
        given = sent.get("body")
        assert isinstance(given, bytes)
        body = json.loads(given)
        path = url.removeprefix("https://api.example.org/repos/o/r/")
        self.written.append((method, path, body))
        if path == "labels":
            return Response(422, body=b'{"message": "Validation Failed"}')
        made = issue(body["body"], body.get("state", "open"))
        return Response(201, body=json.dumps(made).encode())


def issue(body: str | None, state: str = "open", number: int = 1) -> Mapping[str, object]:
    return {"number": number, "html_url": URL, "body": body, "state": state}


def tracking(http: Http) -> Tracking:
    return Tracking(GitHub(http, "https://api.example.org", "https://example.org", ""), "o/r", "v1.4.0")


def test_what_a_person_has_to_look_at_comes_first() -> None:
    body = REPORT.body()
    assert 0 < body.index("[`o/b`](https://example.org/o/b)") < body.index("[`o/a`]")


def test_a_repository_has_its_pull_request_state_and_build_in_its_row() -> None:
    row = next(line for line in REPORT.body().splitlines() if "`o/a`" in line)
    assert row == (
        "| [`o/a`](https://example.org/o/a) | canary | [#5](https://example.org/5) | built "
        "| [build](https://example.org/run) |"
    )


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (replace(GREEN, state="open", status="opened"), "to be merged"),
        (replace(GREEN, state="failed", status="failed", error="Gone"), "Gone"),
    ],
)
def test_a_row_tells_how_it_is_and_not_what_a_run_did(result: Result, state: str) -> None:
    report = replace(REPORT, waves=(replace(CANARY, results=(result,)),))
    assert f"| {state} |" in report.body()


def test_a_table_that_is_too_long_is_cut_at_its_end_and_counted() -> None:
    many = tuple(replace(GREEN, repository=f"o/{number:04}{'x' * 90}") for number in range(400))
    body = replace(REPORT, waves=(replace(CANARY, results=(*many, RED)),)).body()
    shown = sum(line.startswith("| [") for line in body.splitlines())
    assert len(body) < 65_536
    assert "`o/b`" in body
    assert 100 < shown < 401
    assert f"… and {401 - shown} more." in body


def test_the_record_of_the_waves_is_read_as_it_was_written() -> None:
    found = tracking(Issues(issue(REPORT.body())))
    assert (found.url, found.record) == (URL, {"canary": ["o/a", "o/b"]})


@pytest.mark.parametrize(
    "record", ["", "<!-- waves {] -->", "<!-- waves {1} -->", '<!-- waves {"canary": [1]} -->']
)
def test_a_record_that_somebody_damaged_is_an_error(record: str) -> None:
    damaged = tracking(Issues(issue(f"{record}\n{marker_of('v1.4.0')}")))
    with pytest.raises(ActionError, match="has lost its hidden record"):
        damaged.record  # noqa: B018  # the property raises


@pytest.mark.parametrize(
    "other",
    [
        issue(None),
        issue(marker_of("v1.4.1")),
        {**issue(REPORT.body()), "pull_request": {}},
    ],
)
def test_what_is_no_issue_of_this_rollout_is_not_taken_for_it(other: Mapping[str, object]) -> None:
    found = tracking(Issues(other))
    assert (found.url, found.record, found.tells(CANARY)) == ("", {}, False)


def test_an_issue_tells_of_a_wave_only_what_it_says() -> None:
    found = tracking(Issues(issue(REPORT.body())))
    assert [found.tells(CANARY), found.tells(DONE.waves[0])] == [True, False]


@pytest.mark.parametrize("body", [REPORT.body(), REPORT.body().replace("\n", "\r\n") + "\r\n"])
def test_an_issue_that_says_so_already_is_not_written(body: str) -> None:
    http = Issues(issue(body))
    tracking(http).keep(REPORT)
    assert http.written == []


@pytest.mark.parametrize(
    ("there", "report", "state"),
    [
        (issue("Old.\n" + marker_of("v1.4.0")), REPORT, "open"),
        (issue(REPORT.body(), "closed"), REPORT, "open"),
        (issue(DONE.body()), DONE, "closed"),
    ],
)
def test_an_issue_is_written_where_its_text_or_state_is_another(
    there: Mapping[str, object], report: RolloutReport, state: str
) -> None:
    http = Issues(there)
    tracking(http).keep(report)
    assert http.written == [("PATCH", "issues/1", {"body": report.body(), "state": state})]


def test_a_new_issue_is_made_with_its_label_even_where_the_label_is_there() -> None:
    http = Issues()
    kept = tracking(http)
    kept.keep(REPORT)
    assert kept.url == URL
    assert [path for _, path, _ in http.written] == ["labels", "issues"]
    sent: Sequence[object] = [http.written[1][2][key] for key in ("body", "labels")]
    assert sent == [REPORT.body(), [LABEL]]


def test_programs_get_the_verdict_and_the_repositories_of_a_wave() -> None:
    assert CANARY.as_json() == {
        "name": "canary",
        "state": "stopped",
        "reason": "o/b is red.",
        "repositories": ["o/a", "o/b"],
    }
