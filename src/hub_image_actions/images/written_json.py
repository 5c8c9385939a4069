"""JSON of images as it is written back: what was not changed means what it meant."""

import hashlib
import json
from typing import Any

from hub_image_actions.errors import RegistryError

Json = dict[str, Any]


def written(content: Json) -> bytes:
    """Return an object as JSON, the same bytes each time.

    Raises:
        RegistryError: it has a value that JSON does not have, which Python reads all the same.
    """
    try:
        # In ASCII, since what was read may hold halves of characters, which UTF-8 does not have.
        return json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
    except ValueError as error:
        raise RegistryError("The image has a number that is none.", "Push the image again.") from error


def digest_of(content: bytes) -> str:
    """Return the digest of bytes, as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
