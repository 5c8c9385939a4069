"""Sizes and times, as people read them."""

_MIB, _GIB = 1 << 20, 1 << 30


def human_size(size: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{size / _GIB:.1f} GiB" if size >= _GIB else f"{size / _MIB:.0f} MiB"


def human_time(seconds: float) -> str:
    """Return a time as people read it."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes:
        return f"{minutes} min {rest} s"
    return f"{seconds:.1f} s"


def counted(number: int, thing: str) -> str:
    """Return a number of things in words, such as ``1 commit``, ``2 commits`` or ``2 repositories``."""
    several = f"{thing[:-1]}ies" if thing.endswith("ry") else f"{thing}s"
    return f"{number} {thing if number == 1 else several}"
