"""The labels that say which commit an image is of: a build gives them, and a promotion gives them anew."""

from hub_image_actions.build.origin import BuildOrigin
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.images.labels import PREFIX, REF, REPO, REVISION, RUN, SOURCE, VERSION
from hub_image_actions.images.pushed_image import PushedImage
from hub_image_actions.images.renewed_labels import RenewedLabels


def labels_of_commit(settings: BuildSettings, origin: BuildOrigin) -> dict[str, str]:
    """Return the labels that say which commit an image is of; empty where that is not known.

    Args:
        settings: the inputs.
        origin: the commit, and whose it is.
    """
    return {
        SOURCE: origin.url,
        REVISION: origin.commit,
        VERSION: settings.tags[0],
        REPO: origin.url,
        REF: origin.commit,
    }


def of_this_commit(image: PushedImage, settings: BuildSettings, origin: BuildOrigin) -> PushedImage:
    """Return an image that was built for another commit, or a pull request, as the image of this one.

    Its layers stay, and so does what was found out about it, when it was built, and by which run. The labels
    that the user gives count most, as they do in a build.

    Args:
        image: the image.
        settings: the inputs.
        origin: the commit, and whose it is.

    Raises:
        RegistryError: the image cannot be written.
    """
    known = {name: text for name, text in labels_of_commit(settings, origin).items() if text}
    own = {name: text for name, text in settings.labels.items() if not name.startswith(PREFIX)}
    gone = set(labels_of_commit(settings, origin))
    if not origin.ran(image.labels.get(RUN, "")):
        # Whoever can write candidates can write labels.
        gone.add(RUN)
    return image.renewed(RenewedLabels({**known, **own}, frozenset(gone)))
