"""Launch links: every reference and path arrives at BinderHub as it is, and nothing in it breaks out."""

from urllib.parse import parse_qs, unquote, urlsplit

import cmarkgfm
import pytest

from hub_image_actions.binder.launch import BinderRepository, InvalidRepository, Launch, parse_repository
from hub_image_actions.errors import ActionError

HOSTILE = [
    "main",
    "feature/new-kernel",
    "fix#12",
    "a b",
    "größe-日本",
    'it\'s"quoted"',
    "](https://evil.example)![x",
    "<script>alert(1)</script>",
    "a|b`c`",
    "%2e%2e/..",
    "?urlpath=terminals/1&x",
]


@pytest.mark.parametrize("ref", HOSTILE)
def test_a_ref_arrives_as_it_is(ref: str) -> None:
    path = urlsplit(Launch("https://hub.example", BinderRepository("gh", "o/r"), ref).url).path
    assert unquote(path.removeprefix("/v2/gh/o/r/")) == ref
    assert path.count("/") == "/v2/gh/o/r/".count("/")


@pytest.mark.parametrize("urlpath", ["lab", "rstudio", "lab/tree/a b.ipynb", "lab?reset&x=1#y", "größe"])
def test_what_is_opened_arrives_as_it_is(urlpath: str) -> None:
    url = Launch("https://hub.example", BinderRepository("gh", "o/r"), "main", urlpath=urlpath).url
    assert parse_qs(urlsplit(url).query) == {"urlpath": [urlpath]}
    assert not urlsplit(url).fragment


def test_a_file_is_opened_by_its_path() -> None:
    url = Launch("https://hub.example", BinderRepository("gh", "o/r"), "main", filepath="a/b.ipynb").url
    assert url == "https://hub.example/v2/gh/o/r/main?filepath=a%2Fb.ipynb"


@pytest.mark.parametrize("ref", HOSTILE)
def test_a_badge_is_one_link_around_one_picture_whatever_the_ref(ref: str) -> None:
    launch = Launch("https://hub.example", BinderRepository("gh", "o/r"), ref, urlpath=ref)
    html = cmarkgfm.github_flavored_markdown_to_html(launch.badge("Test this PR on Binder"))
    assert html.count("<a ") == html.count("<img ") == 1
    assert "<script" not in html
    assert 'alt="Test this PR on Binder"' in html


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("owner/name", "gh/owner/name/v1"),
        ("gh:owner/name", "gh/owner/name/v1"),
        ("gl:group/sub/project", "gl/group%2Fsub%2Fproject/v1"),
        ("gist:user/0123abc", "gist/user/0123abc/v1"),
        ("git:https://git.example.org/a/b.git", "git/https%3A%2F%2Fgit.example.org%2Fa%2Fb.git/v1"),
        ("zenodo:10.5281/zenodo.3242074", "zenodo/10.5281/zenodo.3242074"),
    ],
)
def test_each_provider_has_its_own_form(text: str, path: str) -> None:
    assert parse_repository(text).path("v1") == path


def test_a_repository_of_another_github_goes_by_its_address() -> None:
    repository = parse_repository("owner/name", "https://github.example.edu")
    assert repository == BinderRepository("git", "https://github.example.edu/owner/name")


@pytest.mark.parametrize(
    "text",
    ["", "owner", "a/b/c", "gl:project", "git:not an address", "zenodo:12/3", "git:file:///etc", "../x"],
)
def test_what_no_provider_takes_is_refused(text: str) -> None:
    with pytest.raises(ActionError):
        parse_repository(text)


def test_the_error_names_the_forms_that_are_taken() -> None:
    with pytest.raises(InvalidRepository, match="gl:group/project"):
        parse_repository("gl:project")
