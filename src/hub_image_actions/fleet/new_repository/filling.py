"""What is written into the template's files for one hub: its name, and the image that it builds on."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub_image_actions.fleet.new_repository.placeholders import filled_in, rebased
from hub_image_actions.fleet.new_repository.step import Site, Step
from hub_image_actions.fleet.workflows.template_files import with_image
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS
from hub_image_actions.references import DEFAULT_REGISTRY, ImageName


@dataclass(frozen=True)
class Filling:
    """What is written into files.

    Args:
        files: the files that change, by path.
        text: what is written, in words; empty where there is nothing to write.
        left: what a person has to write.
    """

    files: Mapping[str, bytes]
    text: str = ""
    left: tuple[Step, ...] = ()


def filling(site: Site, files: Mapping[str, bytes], image: ImageName | None = None) -> Filling:
    """Return what is written into files for the repository in the making.

    Args:
        site: the repository in the making.
        files: its files, by path.
        image: the image that is named in its workflows, for a fork's runs, which see no variables; None to
            leave them.
    """
    marks = {
        "<HUBNAME>": site.wish.hub,
        "<ORGANISATION>": site.wish.owner,
        "<THIS-REPOSITORY>": site.full_name.rpartition("/")[2],
    }
    changed = filled_in(files, marks)
    what = [f"the hub's name in {' and '.join(sorted(changed))}"] if changed else []
    if image and (named := _naming(files, image)):
        changed |= named
        what.append(f"the image's name in {' and '.join(path.rpartition('/')[2] for path in sorted(named))}")
    left: tuple[Step, ...] = ()
    if site.wish.base:
        base = rebased(files, site.wish.base)
        if base.obstacle:
            where = base.file or "a Dockerfile"
            text = f"write the image that this one builds on into {where}: {base.obstacle}"
            left = (Step("yours", text, site.page(""), f"FROM {site.wish.base}\n"),)
        elif base.content is not None:
            changed[base.file] = filled_in({base.file: base.content}, marks).get(base.file, base.content)
            what.append(f"{site.wish.base} in {base.file}")
    return Filling(changed, ", ".join(what), left)


def _naming(files: Mapping[str, bytes], image: ImageName) -> dict[str, bytes]:
    """Return the workflows in which an image is named where they see no variable."""
    registry = image.on(DEFAULT_REGISTRY).host
    named = {
        path: with_image(content, str(image), registry)
        for path, content in files.items()
        if path.startswith(WORKFLOWS) and b"vars.IMAGE || ''" in content
    }
    return {path: content for path, content in named.items() if content != files[path]}
