"""The folder in which the test bed keeps what is slow to make."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def cache_folder(*parts: str) -> Path:
    """Return a folder of the test bed's cache, made if it is missing.

    Args:
        parts: names of the folders below the test bed's own.

    Returns:
        The folder below `$XDG_CACHE_HOME`, or below `~/.cache` (XDG Base Directory Specification).
    """
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base, "hub-image-actions", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(parts: Iterable[str]) -> str:
    """Return a short name for what is made of the given texts; the order counts."""
    sha = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        sha.update(f"{len(encoded)}:".encode() + encoded)
    return sha.hexdigest()[:16]
