"""The ways to authenticate that a server offers.

Source: RFC 9110, section 11.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # the grammar's word
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ITEM = re.compile(rf'(?:{_QUOTED}|[^,"]|")+')
_PARAMETER = re.compile(rf"\s*({_TOKEN})\s*=\s*({_TOKEN}|{_QUOTED})\s*", re.DOTALL)
_SCHEME = re.compile(rf"\s*({_TOKEN})(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Challenge:
    """One way to authenticate that a server offers: a scheme and its parameters, names in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(header: str) -> list[Challenge]:
    """Return the challenges of a `WWW-Authenticate` header, in its order; malformed parts are passed over.

    Source: RFC 9110, section 11.6.1. Commas separate both challenges and parameters.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for item in _ITEM.findall(header):
        parameter = _PARAMETER.fullmatch(item)
        if parameter is None:
            scheme = _SCHEME.fullmatch(item)
            if scheme is None:
                continue
            found.append((scheme[1].lower(), {}))
            parameter = _PARAMETER.fullmatch(scheme[2] or "")
        if parameter is not None and found:
            found[-1][1].setdefault(parameter[1].lower(), _unquoted(parameter[2]))
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
