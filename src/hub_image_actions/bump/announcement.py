"""The announcement of a new base image, as another workflow or a person sends it to this one.

Source: `repository_dispatch` and `workflow_dispatch` in "Events that trigger workflows" of GitHub's
documentation. Who sends one may write to the repository, yet its values are texts of somebody else: whoever
takes one as an input parses it as such.
"""

import json
from collections.abc import Mapping
from typing import Any

# Inputs of ours, and the names under which an announcement may give them; the first that is not empty counts.
_NAMES = {
    "image": ("image", "base_image_name"),
    "tag": ("tag", "base_image_sha"),
    "digest": ("digest", "base_image_digest"),
}


def announced(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what an event's payload says of a base image, by the names of the inputs.

    Args:
        event: the payload of the event; other events say nothing.
    """
    given: dict[str, Any] = {}
    for part in (event.get("client_payload"), event.get("inputs")):
        given |= part if isinstance(part, dict) else {}
    texts_of = {name: [_text(given.get(key)) for key in keys] for name, keys in _NAMES.items()}
    return {name: next(filter(None, texts), "") for name, texts in texts_of.items()}


def _text(value: object) -> str:
    """Return a value as text; what is neither text nor number becomes one that is no image, tag or digest."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)
