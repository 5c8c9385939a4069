"""A reviewer presses the link of `build-test`'s comment, and a real hub starts the pull request's image."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from browser import running_browser
from scenarios.candidates import candidate, candidates, ever_new, kept, kept_in
from scenarios.images import NAME, ImageRepository
from testbed.profile_hub import ProfileHub

LINK = "Try it on the staging hub"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser."""
    with running_browser() as running:
        yield running


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository whose image is another each time that it is built, of an image name of its own."""
    return ever_new(images, small_base_image)


def pull_request(browser: Browser, repository: ImageRepository) -> Page:
    """Return the pull request as its reviewer sees it."""
    (pull,) = repository.remote.pulls
    page = browser.new_page()
    page.goto(f"{repository.github.server_url}/{NAME}/pull/{pull.number}")
    return page


def log_in(page: Page) -> None:
    """Log in to the hub as somebody who has no server there yet."""
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("any")
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(
    ("form", "below"), [("kubespawner", ""), ("kubespawner", "/courses"), ("fancy-profiles", "")]
)
def test_a_reviewer_starts_the_image_on_a_hub(
    repository: ImageRepository, browser: Browser, tmp_path: Path, form: str, below: str
) -> None:
    with ProfileHub(tmp_path, below=below, fancy=form == "fancy-profiles") as hub:
        result = candidate(
            repository,
            hub_url=hub.url,
            hub_profile="any-image",
            hub_form=form,
            hub_content="data-8/materials@fa26",
        )
        page = pull_request(browser, repository)
        page.get_by_role("link", name=LINK).click()
        log_in(page)
        page.wait_for_url("**/user/alice/git-pull**")
        (started,) = hub.started
        name = f"{repository.registry.host}/{candidates(repository)}"
        digest = repository.registry.digest(candidates(repository), *kept(repository))
        assert started.image == f"{name}@{digest}" == f"{name}@{result.outputs['digest']}"
        # The rest of the profile is as the hub has it.
        assert (started.options["profile"], started.limits) == ("any-image", (1.0, 2 << 30))
        materials = quote(f"{repository.github.server_url}/data-8/materials", safe="")
        expect(page.get_by_role("heading")).to_have_text(
            f"{below}/user/alice/git-pull?repo={materials}&branch=fa26&urlpath=lab%2Ftree%2Fmaterials"
        )
        # As the comment says: a server that is running stays as it is.
        pull_request(browser, repository).get_by_role("link", name=LINK).click()
        assert len(hub.started) == 1


def test_a_hub_without_that_profile_starts_nothing_and_shows_its_own(
    repository: ImageRepository, browser: Browser, tmp_path: Path
) -> None:
    with ProfileHub(tmp_path) as hub:
        candidate(repository, hub_url=hub.url, hub_profile="no-such")
        page = pull_request(browser, repository)
        page.get_by_role("link", name=LINK).click()
        log_in(page)
        expect(page.get_by_text("Error: HTTP 500")).to_be_visible()
        expect(page.get_by_role("radio", name="Any image")).to_be_visible()
        assert hub.started == []


def test_an_image_that_was_not_kept_is_not_offered(repository: ImageRepository) -> None:
    job = repository.on_pull_request(repository.pull_request(), "stranger/data100-user-image")
    hub = {"hub_url": "https://staging.example.org", "hub_profile": "any-image"}
    result = repository.build_test(job, **kept_in(repository), **hub)
    assert result.status == 0, result.log
    assert kept(repository) == []
    assert "not kept" in result.summary
    assert "staging.example.org" not in result.summary
