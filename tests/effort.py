"""How the effort of some work grows with its size: a bound that holds on a slow or busy machine as well."""

import time
from collections.abc import Callable

# What takes less cannot be told from chance.
_LEAST = 0.02
TIMES = 4


def growth(work: Callable[[int], object], size: int) -> float:
    """Returns how many times as long the processor takes for four times the size: about four in linear work.

    Args:
        work: does the work of a given size.
        size: the smaller of the two sizes.
    """
    return _seconds(work, TIMES * size) / max(_seconds(work, size), _LEAST)


def _seconds(work: Callable[[int], object], size: int) -> float:
    # The time of this process alone: others on the machine do not count.
    began = time.process_time()
    work(size)
    first = time.process_time() - began
    if first > 1:
        return first
    began = time.process_time()
    work(size)
    return min(first, time.process_time() - began)
