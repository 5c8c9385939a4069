"""The demonstration, as people run it, and what it leaves for them."""

import html
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(1800)
TOKEN = re.compile(r"gh[a-z]_[0-9A-Za-z]{16,}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
BADGE = "https://mybinder.org/"
# What reports lead to, with more about what they say.
OUR_PAGES = "https://github.com/berkeley-dsep-infra/hub-image-actions/blob/v1/"


@dataclass(frozen=True)
class Shown:
    """What the demonstration wrote: its text, and its pages by name."""

    text: str
    errors: str
    status: int
    pages: dict[str, str]

    def step(self, words: str) -> str:
        """Returns the text of the step whose title holds these words."""
        (found,) = (part for part in re.split(r"\n(?=\d+\. )", self.text) if words in part.partition("\n")[0])
        return found


@pytest.fixture(scope="module")
def shown(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Runs scripts/demo once, away from a terminal."""
    output = tmp_path_factory.mktemp("demo") / "pages"
    # The Python of .venv first, so that the set-up finds .venv as it is, whatever else is on the machine.
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(root / "scripts/demo"), "--no-wait", "--output", str(output)],
        cwd=output.parent,
        env={**os.environ, "PATH": search, "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )
    pages = {path.name: path.read_text() for path in output.glob("*.html")}
    return Shown(done.stdout, done.stderr, done.returncode, pages)


def test_it_ends_well_and_by_itself_without_a_terminal(shown: Shown) -> None:
    assert (shown.status, shown.errors) == (0, "")


def test_its_steps_are_numbered(shown: Shown) -> None:
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", shown.text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 12


def test_it_writes_no_colours_into_a_file(shown: Shown) -> None:
    assert "\033" not in shown.text


def test_it_shows_no_token(shown: Shown) -> None:
    assert not TOKEN.search(shown.text)
    assert [name for name, page in shown.pages.items() if TOKEN.search(page)] == []


def test_the_image_repository_is_made_from_the_template(shown: Shown, root: Path) -> None:
    step = shown.step("An image repository is made")
    for workflow in (root / "template/.github/workflows").iterdir():
        assert workflow.name in step


def test_every_job_ends_well(shown: Shown) -> None:
    jobs = re.findall(r"^   ([✓✗]) (.+)$", shown.text, re.MULTILINE)
    assert [job for mark, job in jobs if mark == "✗"] == []
    ended = Counter(job for _, job in jobs)
    # One badge of what is to be built, at once, and one for each image that there is then.
    assert (ended["Build and test"], ended["Badge"]) == (2, 3)
    assert (ended["Build, test, push"], ended["Open pull request"]) == (4, 4)


def test_it_says_how_long_each_step_took_that_took_long(shown: Shown) -> None:
    for words in ("built from nothing", "builds the image, runs image-tests/", "builds with Docker"):
        assert re.search(r"^   \(\d+ s\)$", shown.step(words), re.MULTILINE)
    assert re.search(r"^   All of this took \d+ s\.$", shown.text, re.MULTILINE)


def test_the_image_is_made_of_the_templates_environment(shown: Shown) -> None:
    assert "Dockerfile" not in shown.step("An image repository is made")
    packages = re.search(r"packages +(\d+), of which conda's (\d+)", shown.step("in the registry"))
    assert packages
    assert int(packages[1]) > int(packages[2]) > 150


@pytest.mark.parametrize("step", ["builds the image, runs image-tests/", "what changes in the packages"])
def test_what_changes_in_condas_packages_is_shown(shown: Shown, step: str) -> None:
    lines = [line.split() for line in shown.step(step).splitlines()]
    assert ["│", "humanize", "4.17.0", "conda"] in lines
    assert ["│", "nbgitpuller", "1.2.2", "1.3.0", "conda"] in lines


def test_the_second_act_is_built_by_a_dockerfile(shown: Shown) -> None:
    assert "+FROM " in shown.step("Second act")
    assert re.search(r"Tests +✅ \d+ passed", shown.step("builds with Docker"))


def test_the_pull_request_is_built_and_tested_and_says_so(shown: Shown) -> None:
    step = shown.step("builds the image, runs image-tests/")
    assert re.search(r"Tests +✅ \d+ passed", step)
    assert re.search(r"As on a hub +✅ ready in", step)
    assert "▸ Biggest layers" in step


def test_what_is_folded_away_in_a_comment_is_not_shown(shown: Shown) -> None:
    assert "Made by" not in shown.text


def test_the_badge_launches_the_pull_request(shown: Shown) -> None:
    step = shown.step("a badge")
    assert "Test this PR on Binder" in step
    assert re.search(re.escape(BADGE) + r"v2/git/\S+%2Fdata101-user-image/[0-9a-f]{40}\?urlpath=lab", step)


def test_the_pull_request_names_the_image_by_the_digest_that_the_registry_has(shown: Shown) -> None:
    (digest,) = DIGEST.findall(shown.step("in the registry"))
    body = re.sub(r"\n *│ ?", "", shown.step("what changes in the packages"))
    assert DIGEST.findall(body) == [digest]


def test_there_are_a_dozen_hubs_in_all_shapes(shown: Shown) -> None:
    step = shown.step("a dozen hubs")
    hubs = re.findall(r"^   (\w+)  ", step, re.MULTILINE)
    assert len(set(hubs)) >= 12
    for shape in (
        "images list",
        "image_name",
        "name and tag",
        "profile override",
        "profile choice",
        "extra container",
        "init container",
        "pre-puller image",
        "environment variable",
        "display name",
    ):
        assert shape in step
    # The template's reference is found around its placeholders, and named as in the hubs made of it.
    assert re.search(r"^   template +images list$", step, re.MULTILINE)


def test_every_removed_line_of_the_diff_comes_back_with_the_new_tag_alone(shown: Shown) -> None:
    step = shown.step("What it changes")
    removed, added = (re.findall(rf"^   {re.escape(sign)}(.*)", step, re.MULTILINE) for sign in "-+")
    (new,) = set(re.findall(r"image tag to ([0-9a-f]{12})", shown.step("as its reader sees it")))
    tags = re.compile(r"(?<=[: '\"])([0-9a-f]{12}|PLACEHOLDER)(@sha256:[0-9a-f]{64})?(?=['\"\s]|$)")
    assert len(removed) >= 14
    assert [tags.sub("…", line) for line in removed] == [tags.sub("…", line) for line in added]
    assert [line for line in added if new not in line] == []
    assert [line for line in removed if new in line] == []


def test_the_hold_is_shown_to_the_reader(shown: Shown) -> None:
    assert "held until" in shown.step("as its reader sees it").replace("\n", " ")


def test_the_pull_request_is_shown_without_markup(shown: Shown) -> None:
    step = shown.step("as its reader sees it")
    assert "](http" not in step
    assert "| ---" not in step
    assert "<!--" not in step


def test_a_second_run_does_nothing_twice(shown: Shown) -> None:
    step = " ".join(shown.step("The same run again").split())
    assert "attempt 2" in step
    assert "1 open pull request, 1 branch beside staging" in step
    assert "CHANGED" not in step


def test_a_newer_tag_supersedes_the_older_pull_request(shown: Shown) -> None:
    step = shown.step("the new one takes its place")
    assert re.search(r"#1 .* merged$", step, re.MULTILINE)
    assert re.search(r"#2 .* closed$", step, re.MULTILINE)
    assert re.search(r"#3 .* open$", step, re.MULTILINE)
    assert "Superseded by" in step
    assert "1 open pull request, 1 branch beside staging" in step


def test_the_pages_lead_to_each_other_and_nowhere_else(shown: Shown) -> None:
    links = {link for page in shown.pages.values() for link in re.findall(r'href="([^"#]+)', page)}
    assert "index.html" in links
    elsewhere = links - set(shown.pages)
    assert [link for link in elsewhere if not link.startswith((BADGE, OUR_PAGES))] == []


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (1, "Tell the labs where their data are"),
        (2, "Raise nbgitpuller to 1.3"),
        (3, "Build on a base image of our own"),
    ],
)
def test_the_page_of_each_pull_request_is_kept(shown: Shown, number: int, change: str) -> None:
    (page,) = (page for name, page in shown.pages.items() if name.endswith(f"datahub-pull-{number}.html"))
    assert "update data101 image tag to" in html.unescape(page)
    assert change in page


def test_the_first_page_leads_through_what_happened(shown: Shown) -> None:
    stops = re.findall(r'<li>(\d+)\. <a href="([^"#]+)', shown.pages["index.html"])
    assert [int(number) for number, _ in stops] == list(range(1, len(stops) + 1))
    assert len({page for _, page in stops}) == len(stops) >= 10


def test_the_page_of_a_run_has_its_log(shown: Shown) -> None:
    (page,) = (page for name, page in shown.pages.items() if name.endswith("runs-2-attempts-1.html"))
    assert "test_what_is_listed_is_installed_in_its_version[humanize=4.17.*] PASSED" in page
    assert re.search(r"\d+ passed", page)


def test_both_attempts_of_the_run_that_was_run_again_are_kept(shown: Shown) -> None:
    kept = {name[-len("4-attempts-1.html") :] for name in shown.pages if "runs-4-attempts" in name}
    assert kept == {"4-attempts-1.html", "4-attempts-2.html"}


def test_the_page_of_the_image_has_its_digest(shown: Shown) -> None:
    (digest,) = DIGEST.findall(shown.step("in the registry"))
    (page,) = (page for name, page in shown.pages.items() if "-image-image-" in name)
    assert digest in page


def test_no_page_is_one_of_a_page_that_is_not_there(shown: Shown) -> None:
    assert [name for name, page in shown.pages.items() if "There is no such page" in page] == []


@pytest.fixture
def show(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Returns what lays out Markdown for a terminal of a width."""
    monkeypatch.syspath_prepend(str(root))
    from demo.terminal import MarkdownView, Painter

    def lines(markdown: str, width: int = 40, *, coloured: bool = False) -> list[str]:
        return MarkdownView(Painter(coloured), width).show(markdown)

    return lines


def test_a_paragraph_is_wrapped(show: Callable[..., list[str]]) -> None:
    assert show("one two `three` four", 10) == ["one two", "three four"]


def test_a_list_hangs_below_its_bullets(show: Callable[..., list[str]]) -> None:
    assert show("- one two\n- three", 8) == ["• one", "  two", "• three"]


def test_a_table_has_columns_and_wraps_what_is_too_wide_behind_a_slash(
    show: Callable[..., list[str]],
) -> None:
    table = "| A | Where |\n| --- | --- |\n| **x** | deployments/hub/file |\n"
    assert show(table, 20) == [
        "A  Where",
        "─  ─────────────────",
        "x  deployments/hub/",
        "   file",
    ]


def test_a_line_break_in_a_table_stays_in_its_cell(show: Callable[..., list[str]]) -> None:
    assert show("| A |\n| --- |\n| one<br>two |\n") == ["A", "───────", "one two"]


def test_a_comment_is_not_shown(show: Callable[..., list[str]]) -> None:
    assert show("text\n\n<!-- a marker -->") == ["text"]


def test_what_is_folded_away_is_shown_under_its_summary(show: Callable[..., list[str]]) -> None:
    assert show("<details><summary>three left</summary>\n\ninside\n\n</details>") == [
        "▾ three left",
        "",
        "inside",
    ]


def test_a_terminal_gets_styles_and_links(show: Callable[..., list[str]]) -> None:
    (line,) = show("[page](http://127.0.0.1/x) **now**", coloured=True)
    assert line == "\033]8;;http://127.0.0.1/x\033\\\033[34mpage\033[0m\033]8;;\033\\ \033[1mnow\033[0m"


def test_a_change_of_a_line_that_is_not_there_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(root))
    from demo.world import Change

    change = Change("newer", "Raise it", (("environment.yml", "pandas=3.1", "pandas=3.2"),))
    assert change.edited(lambda _: b"- pandas=3.1\n") == {"environment.yml": b"- pandas=3.2\n"}
    with pytest.raises(ValueError, match=r"environment\.yml does not hold"):
        change.edited(lambda _: b"- numpy\n")


def test_only_what_the_story_is_about_is_unfolded(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(root))
    from demo.screen import Screen
    from demo.terminal import Painter

    folded = "<details><summary>{}: 1</summary>\n\n{}\n\n</details>\n\n"
    text = folded.format("Added", "humanize") + folded.format("Tests", "all of them")
    Screen(Painter(False), 80).markdown(text, ("Added",))
    shown = capsys.readouterr().out
    assert "▾ Added: 1" in shown
    assert "humanize" in shown
    assert "▸ Tests: 1" in shown
    assert "all of them" not in shown
