"""What is in an image, what changed in it, and whether it is as big as it may be."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property

from hub_image_actions.build.origin import BuildOrigin
from hub_image_actions.build.output_files import write_output_file
from hub_image_actions.build.report import BuildReport
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import ActionError, RegistryError
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.images.size import unpacked
from hub_image_actions.packages.package_list import DamagedPackages
from hub_image_actions.packages.reading import PackagesNotRead, read_packages
from hub_image_actions.references import parse_reference
from hub_image_actions.registry.client import Registry


class ImageTooBig(ActionError):
    """The image is beyond the limits that its repository sets."""


@dataclass(frozen=True)
class ImageInspection:
    """The look at a finished image.

    Args:
        settings: the inputs.
        origin: where it was built, and what of.
        registry: the image's registry, for the image to compare with.
        previous: returns the image that the default branch pushed last; empty where there is none.
        tell: told what is done.
        warn: told what the reader should know.
    """

    settings: BuildSettings
    origin: BuildOrigin
    registry: Registry
    previous: Callable[[], str]
    tell: Callable[[str], None]
    warn: Callable[[str], None]

    def contents(self, docker: Docker, report: BuildReport) -> ImageContents:
        """Return what is in the image that was built; a list that cannot be read fails no build."""
        size = unpacked(report.layers, in_blocks=docker.engine().has_containerd_store)
        name = f"image-packages-{uuid.uuid4().hex[:12]}"
        try:
            packages = read_packages(docker, self.settings.reference, name)
        except (PackagesNotRead, DamagedPackages) as error:
            self.warn(str(error))
            return ImageContents(None, size, problem=error.problem)
        for note in packages.notes:
            self.tell(note)
        return ImageContents(packages, size)

    def describe(self, contents: ImageContents, report: BuildReport) -> None:
        """Add to the report what is in the image and what changed.

        Raises:
            ImageTooBig: the image is beyond its limits, and that is to fail the build.
        """
        settings, name, old = self.settings, self.compared_tag, self.compared
        report.contents = contents
        report.comparison = ImageComparison(old, contents, name) if old else None
        self._write_sbom(contents, report.digest)
        exceeded = settings.inspection.budget.exceeded(report.size, self._size_before(report), name)
        if exceeded and settings.inspection.over_budget == "fail":
            raise ImageTooBig(" ".join(exceeded), "Remove what the image does not need, or raise the limit.")
        for sentence in exceeded:
            self.warn(sentence)

    def _size_before(self, report: BuildReport) -> int | None:
        comparison = report.comparison
        if comparison is None or comparison.old.unpacked is None:
            return None
        if not comparison.is_measured_otherwise:
            return comparison.old.unpacked.total
        self.tell(
            f"The size is not compared with that of {comparison.old_name}: one of the two was measured on a "
            "Docker with containerd's store, which counts whole blocks of the disk, the other was not."
        )
        return None

    @cached_property
    def compared_tag(self) -> str:
        """The tag of the image to compare with; empty where there is none."""
        return self.settings.inspection.compare_with or self.previous().rpartition(":")[2]

    @cached_property
    def compared(self) -> ImageContents | None:
        """What is in the image to compare with; None where there is none, or it cannot be told."""
        if not self.compared_tag:
            return None
        try:
            return read_pushed_image(
                self.registry, self.settings.image.repository, self.compared_tag
            ).contents
        except RegistryError as error:
            self.warn(f"What changed in the image is not known. {error}")
            return None

    def _write_sbom(self, contents: ImageContents, digest: str) -> None:
        if not self.settings.inspection.sbom or contents.packages is None:
            return
        from hub_image_actions.packages.sbom import Subject, sbom

        # The time of the commit, so that the file is the same whenever it is made.
        made = datetime.fromtimestamp(self.origin.commit_time, timezone.utc)
        subject = Subject(parse_reference(self.settings.reference), digest, created=made)
        name, content = self.settings.inspection.sbom, sbom(contents.packages, subject)
        write_output_file(self.origin.checkout, name, content)
        self.tell(f"{self.settings.inspection.sbom} lists {len(contents.packages)} packages")
