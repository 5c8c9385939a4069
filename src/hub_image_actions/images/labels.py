"""The labels by which an image tells of itself: what it was made of, when, and which checks it passed.

The lists of packages and the sizes of layers have labels as well; their formats have modules of their own,
`packages/package_list.py` and `images/size.py`.
"""

from collections.abc import Mapping

# All labels of ours begin so.
PREFIX = "hub-image-actions."
INPUTS = f"{PREFIX}inputs"
OWN_INPUTS = f"{PREFIX}own-inputs"
TESTS = f"{PREFIX}tests"
HUB_CHECK = f"{PREFIX}hub-check"
CHECKS = f"{PREFIX}checks"
SIZE = f"{PREFIX}size"
RUN = f"{PREFIX}run"
# Source: "Pre-Defined Annotation Keys" in the OCI Image Format Specification,
# https://github.com/opencontainers/image-spec/blob/main/annotations.md
CREATED = "org.opencontainers.image.created"
SOURCE = "org.opencontainers.image.source"
REVISION = "org.opencontainers.image.revision"
VERSION = "org.opencontainers.image.version"
# As repo2docker itself names them.
REPO, REF = "repo2docker.repo", "repo2docker.ref"
_GIVEN_BY_THE_BUILD = {INPUTS, OWN_INPUTS}


def without_ours(labels: Mapping[str, str]) -> dict[str, str]:
    """Return all labels but those by which the base image, if we built it, tells of itself.

    What an image was made of stays: it is given when the image is built, the rest only afterwards.
    """
    return {
        name: text
        for name, text in labels.items()
        if not name.startswith(PREFIX) or (name in _GIVEN_BY_THE_BUILD and text)
    }
