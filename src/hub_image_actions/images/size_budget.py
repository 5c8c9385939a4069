"""A budget for the size of an image."""

import re
from dataclasses import dataclass

from hub_image_actions.errors import ActionError
from hub_image_actions.quantities import human_size

_UNITS = {
    "": 1 << 30,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
    "tib": 1 << 40,
}
_SIZE = re.compile(r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(?P<unit>[A-Za-z]{0,3})")
_PERCENT = re.compile(r"(?P<number>[0-9]{1,6}(?:\.[0-9]{1,3})?)\s*%")


class InvalidSize(ActionError):
    """A text is no size."""


@dataclass(frozen=True)
class Growth:
    """How much an image may grow.

    Args:
        size: in bytes; 0 where it is given as a share.
        percent: of the size that it has now; 0 where it is given in bytes.
    """

    size: int = 0
    percent: float = 0.0

    def above(self, size: int) -> int:
        """Return how many bytes an image of some size may grow by."""
        return round(size * self.percent / 100) if self.percent else self.size

    def __str__(self) -> str:
        return f"{self.percent:g} %" if self.percent else human_size(self.size)


@dataclass(frozen=True)
class SizeBudget:
    """What an image may be, and grow by, at most; None stands for no limit."""

    max_size: int | None = None
    max_growth: Growth | None = None

    def exceeded(self, size: int, compared: int | None = None, compared_name: str = "") -> tuple[str, ...]:
        """Return a sentence for each limit that an image is beyond.

        Args:
            size: the image's size in bytes.
            compared: the size of the image that it is compared with; None where there is none.
            compared_name: what that one is called.
        """
        sentences = []
        if self.max_size is not None and size > self.max_size:
            over = human_size(size - self.max_size)
            sentences.append(f"The image has {human_size(size)}, {over} more than `max-size` allows.")
        if self.max_growth is not None and compared and size - compared > self.max_growth.above(compared):
            growth = f"{human_size(size - compared)} ({(size - compared) / compared:.1%})"
            since = f" since {compared_name}" if compared_name else ""
            allowed = f"more than the {self.max_growth} of `max-growth`"
            sentences.append(f"The image has grown by {growth}{since}, {allowed}.")
        return tuple(sentences)


def parse_size(text: str) -> int:
    """Return the bytes that a text such as `8 GiB`, `500 MB` or `8`, in GiB, stands for.

    Raises:
        InvalidSize: it stands for none.
    """
    match = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(match["unit"].lower()) if match else None
    if not match or unit is None or not float(match["number"]):
        raise InvalidSize(
            f"{text!r} is no size.", "Write a number and a unit, as `8 GiB` or `500 MB`; `8` means 8 GiB."
        )
    return round(float(match["number"]) * unit)


def parse_growth(text: str) -> Growth:
    """Return the growth that a text such as `10%` or `500 MB` stands for.

    Raises:
        InvalidSize: it stands for none.
    """
    match = _PERCENT.fullmatch(text.strip())
    if match and float(match["number"]):
        return Growth(percent=float(match["number"]))
    try:
        return Growth(size=parse_size(text))
    except InvalidSize as error:
        raise InvalidSize(
            f"{text!r} is no growth.", "Write a share or a size with its unit, as `10%` or `500 MB`."
        ) from error
