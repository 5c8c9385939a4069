"""The link that starts a server from an image on a hub, and the inputs that describe the hub."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from hub_image_actions.build.hub_link import Content, HubLink, parse_content, read_hub_link
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.errors import InvalidInputs
from hub_image_actions.references import ImageReference, parse_image_name

DIGEST = f"sha256:{'1f' * 32}"
IMAGE = ImageReference(parse_image_name("quay.io/candidates/data100-user-image"), digest=DIGEST)
MATERIALS = Content("https://github.com/data-8/materials", "fa26", "lab/tree/materials")
PULL = (
    "/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fdata-8%2Fmaterials&branch=fa26"
    "&urlpath=lab%2Ftree%2Fmaterials"
)


def link(**texts: str) -> HubLink | None:
    """Return the link that some inputs describe."""
    inputs = Inputs(lambda name: texts.get(name.replace("-", "_"), ""))
    made = read_hub_link(inputs)
    inputs.check()
    return made


def queried(url: str) -> dict[str, str]:
    return {name: text for name, (text,) in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def test_kubespawner_reads_profile_and_image_from_the_query() -> None:
    url = HubLink("https://hub.example.org", "any-image").start(IMAGE)
    assert url.startswith("https://hub.example.org/hub/spawn?")
    assert queried(url) == {
        "profile": "any-image",
        "profile-option-any-image--image--unlisted-choice": str(IMAGE),
    }


def test_fancy_profiles_read_them_from_a_fragment_that_a_login_keeps() -> None:
    url = HubLink("https://hub.example.org", "any-image", "fancy-profiles", "picture").start(IMAGE)
    assert url.startswith("https://hub.example.org/hub/login?next=")
    then = urlsplit(queried(url)["next"])
    assert (then.scheme, then.netloc, then.path, then.query) == ("", "", "/hub/spawn", "")
    (form,) = parse_qs(then.fragment)["fancy-forms-config"]
    assert json.loads(form) == {
        "profile": "any-image",
        "picture": "unlisted_choice",
        "picture:unlisted_choice": str(IMAGE),
        "autoStart": "true",
    }


@pytest.mark.parametrize("below", ["", "/courses/data"])
def test_content_is_pulled_once_the_server_runs(below: str) -> None:
    hub = f"https://hub.example.org{below}"
    assert queried(HubLink(hub, "p", content=MATERIALS).start(IMAGE))["next"] == f"{below}{PULL}"
    fancy = HubLink(hub, "p", "fancy-profiles", content=MATERIALS).start(IMAGE)
    then = queried(fancy)["next"]
    assert then.startswith(f"{below}/hub/spawn?next=")
    assert queried(then)["next"] == f"{below}{PULL}"


@pytest.mark.parametrize(
    "url", ["https://hub.example.org", "https://hub.example.org/", "https://hub.example.org/hub/"]
)
def test_a_hub_is_named_by_its_address(url: str) -> None:
    made = link(hub_url=url, hub_profile="any", hub_form="fancy-profiles", hub_option="picture")
    assert made == HubLink("https://hub.example.org", "any", "fancy-profiles", "picture")


def test_without_an_address_there_is_no_hub() -> None:
    assert link(hub_profile="any") is None


@pytest.mark.parametrize(
    ("text", "page", "content"),
    [
        ("data-8/materials", "/lab", ("https://github.com/data-8/materials", "", "lab/tree/materials")),
        ("data-8/materials@fa26", "/tree", ("https://github.com/data-8/materials", "fa26", "tree/materials")),
        ("https://gitlab.com/a/b/c.git@x/y", "/rstudio", ("https://gitlab.com/a/b/c.git", "x/y", "rstudio")),
    ],
)
def test_content_opens_where_the_hub_opens(text: str, page: str, content: tuple[str, str, str]) -> None:
    assert parse_content(text, page, "https://github.com") == Content(*content)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hub-url", "javascript:alert(1)//hub"),
        ("hub-url", "http://hub.example.org"),
        ("hub-url", "https://alice:secret@hub.example.org"),
        ("hub-url", "https://hub.example.org@evil.example"),
        ("hub-url", "https://hub.example.org?next=//evil.example"),
        ("hub-url", "https://hub.example.org/#fancy"),
        ("hub-url", "https://hub.example.org\\@evil.example"),
        ("hub-url", "https://hub.example.org/a)[x](https://evil.example"),
        ("hub-url", "https://hub.example.org/<img src=x>"),
        ("hub-url", "https://hub.example.org//evil.example"),
        ("hub-url", "https://hub.example.org/hub/spawn"),
        ("hub-url", "https://hub.example.org/courses/../evil"),
        ("hub-url", "https://<b>"),
        ("hub-url", "https://a`b|c"),
        ("hub-url", "https://."),
        ("hub-url", "https://"),
        ("hub-url", "hub.example.org"),
        ("hub-profile", "any&next=//evil.example"),
        ("hub-profile", ""),
        ("hub-option", "image--unlisted choice"),
        ("hub-form", "binder"),
        ("hub-content", "ssh://git@evil.example/a"),
        ("hub-content", "https://token@github.com/a/b"),
        ("hub-content", "a/b/c"),
        ("hub-content", "a/b@"),
        ("hub-content", "a/b@-x"),
    ],
)
def test_what_would_lead_elsewhere_is_refused(name: str, text: str) -> None:
    usual = {"hub_url": "https://hub.example.org", "hub_profile": "any"}
    with pytest.raises(InvalidInputs) as caught:
        link(**{**usual, name.replace("-", "_"): text})
    assert [error.name for error in caught.value.errors] == [name]
