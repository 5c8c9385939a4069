"""The link with which a person starts a server on a hub from an image that no profile of it names.

Sources: what KubeSpawner reads of a link's query is in `_options_from_form` of its `spawner.py`, what
jupyterhub-fancy-profiles reads of its fragment in `src/context/Permalink.tsx` and `src/ResourceSelect.tsx`,
https://github.com/jupyterhub/kubespawner and https://github.com/2i2c-org/jupyterhub-fancy-profiles.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from hub_image_actions import names
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.errors import ActionError
from hub_image_actions.references import HOST, ImageReference

KUBESPAWNER = "kubespawner"
FANCY_PROFILES = "fancy-profiles"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# What follows a part `hub` is a page of the hub, and not where it lies.
_PATH = re.compile(r"(?:/(?!(?:\.{1,2}|hub)(?:/|$))[A-Za-z0-9._~-]+)*")
_ADDRESS = re.compile(r"https?://")


@dataclass(frozen=True)
class Content:
    """A git repository that nbgitpuller brings into the server.

    Args:
        repository: its address.
        branch: its branch; empty, the default one.
        page: what is opened then.
    """

    repository: str
    branch: str
    page: str

    @property
    def path(self) -> str:
        """The link's path from the hub's address on. Source: https://nbgitpuller.readthedocs.io/en/latest/."""
        query = {"repo": self.repository, "branch": self.branch, "urlpath": self.page}
        return f"/hub/user-redirect/git-pull?{_query({name: text for name, text in query.items() if text})}"


@dataclass(frozen=True)
class HubLink:
    """A hub, and how it is told which image to start.

    Args:
        url: the hub's address, without `/hub`.
        profile: the profile that has an option for unlisted images, by its slug.
        form: what shows the hub's profiles.
        option: the profile's option that has the choice.
        content: what is brought into the server; None where it is nothing.
    """

    url: str
    profile: str
    form: str = KUBESPAWNER
    option: str = "image"
    content: Content | None = None

    @property
    def host(self) -> str:
        """The hub's host, as people know it."""
        return urlsplit(self.url).netloc

    def start(self, image: ImageReference) -> str:
        """Return the link that starts a server from an image, for whoever presses it."""
        # A hub that lies below a path takes only such a `next` as begins with it.
        below = urlsplit(self.url).path
        then = {"next": f"{below}{self.content.path}"} if self.content else {}
        if self.form == FANCY_PROFILES:
            return self._fancy_profiles(str(image), below, then)
        chosen = f"profile-option-{self.profile}--{self.option}--unlisted-choice"
        return f"{self.url}/hub/spawn?{_query({'profile': self.profile, chosen: str(image), **then})}"

    def _fancy_profiles(self, image: str, below: str, then: dict[str, str]) -> str:
        chosen = {
            "profile": self.profile,
            self.option: "unlisted_choice",
            f"{self.option}:unlisted_choice": image,
            "autoStart": "true",
        }
        query = f"?{_query(then)}" if then else ""
        form = quote(json.dumps(chosen, separators=(",", ":")), safe="")
        # A login would lose what stands behind the `#`, unless it is a part of `next`.
        return (
            f"{self.url}/hub/login?{_query({'next': f'{below}/hub/spawn{query}#fancy-forms-config={form}'})}"
        )


def _query(values: dict[str, str]) -> str:
    return urlencode(values, quote_via=quote, safe="")


def read_hub_link(inputs: Inputs, server_url: str = "https://github.com") -> HubLink | None:
    """Return the link that some inputs of `build-test` describe; None where they name no hub.

    Args:
        inputs: where they are read from; what is wrong with them is kept there.
        server_url: the GitHub that a repository without an address is on.
    """
    page = inputs.text("default-url", "/lab")
    link = HubLink(
        url=inputs.parsed("hub-url", parse_hub, empty=""),
        profile=inputs.parsed("hub-profile", _parse_word, empty=""),
        form=inputs.choice("hub-form", (KUBESPAWNER, FANCY_PROFILES)),
        option=inputs.parsed("hub-option", _parse_word, "image", empty="image"),
        content=inputs.parsed("hub-content", lambda text: parse_content(text, page, server_url), empty=None),
    )
    if not link.url:
        return None
    if not inputs.text("hub-profile"):
        inputs.refuse(
            "hub-profile",
            "it is empty, and `hub-url` is not.",
            "Name the hub's profile that takes unlisted images, by its slug.",
        )
    return link


def parse_hub(text: str) -> str:
    """Return the address of a hub, without `/hub` and without a slash at the end.

    Raises:
        ActionError: it is none.
    """
    remedy = "Write it as `https://datahub.berkeley.edu`, without `/hub` and what follows it."
    try:
        url = names.parse_server(text).removesuffix("/hub")
    except ActionError as error:
        raise ActionError(f"{text!r} is not the address of a hub.", remedy) from error
    if not HOST.fullmatch(urlsplit(url).netloc) or not _PATH.fullmatch(urlsplit(url).path):
        raise ActionError(f"{text!r} is not the address of a hub.", remedy)
    return url


def parse_content(text: str, page: str, server_url: str) -> Content:
    """Return a repository that is written as `owner/name` or by its address, with or without `@branch`.

    Args:
        text: how it is written.
        page: what the hub opens, as `/lab`.
        server_url: the GitHub that a repository without an address is on.

    Raises:
        ActionError: it is none.
    """
    written, at, branch = text.partition("@")
    try:
        repository = _address(written, server_url)
        if at:
            names.parse_branch(branch)
    except ActionError as error:
        raise ActionError(
            f"{text!r} is not a repository.",
            "Write it as `owner/name` or `https://…`, or `owner/name@branch`.",
        ) from error
    folder = repository.rpartition("/")[2].removesuffix(".git")
    return Content(repository, branch, _page(page.strip("/"), folder))


def _address(text: str, server_url: str) -> str:
    if not _ADDRESS.match(text):
        return f"{server_url}/{names.parse_full_name(text)}"
    address = names.parse_server(text)
    if not urlsplit(address).path:
        # What stands before an `@` may be a password, and the host behind it.
        raise ActionError(f"{text!r} is a server and no repository.")
    return address


def _page(page: str, folder: str) -> str:
    """Return what shows a folder in the interface that the hub opens, where that can be told."""
    interface, _, _ = page.partition("/")
    if interface == "lab":
        return f"lab/tree/{quote(folder)}"
    return f"tree/{quote(folder)}" if interface == "tree" else page


def _parse_word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ActionError(
            f"{text!r} is not the slug of a profile.", "Use letters, digits, `-`, `_` and `.` only."
        )
    return text
