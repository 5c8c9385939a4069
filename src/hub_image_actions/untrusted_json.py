"""JSON from registries, GitHub, Docker and containers: whatever it holds, there is one error for it."""

import json
from typing import Any


class InvalidJson(ValueError):
    """A text that is not JSON, or that no sensible program would write.

    Args:
        reason: what is wrong with it, without the text itself, in which there may be secrets.
        line: the line of the fault, counted from 1; 0 where it has none.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401  # JSON
    """Return the value of a JSON text.

    Raises:
        InvalidJson: it is not JSON, not UTF-8, or nested too deeply; the error does not carry the text.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidJson(error.msg, error.lineno) from None
    except UnicodeDecodeError:
        raise InvalidJson("it is not UTF-8") from None
    except ValueError:
        # Python refuses numbers of thousands of digits.
        raise InvalidJson("a number is too long") from None
    except RecursionError:
        raise InvalidJson("it is nested too deeply") from None
