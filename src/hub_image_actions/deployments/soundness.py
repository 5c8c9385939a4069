"""Whether a file is still one of its language after an edit: asked before anything is written."""

import ast
import warnings
from importlib import import_module

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hub_image_actions.untrusted_json import InvalidJson, parse_json

# What the parsers raise for what is not of their language, or too deep for them.
_NOT_OF_IT = (
    ValueError,
    SyntaxError,
    RecursionError,
    MemoryError,
    ArithmeticError,
    LookupError,
    AssertionError,
)


def is_broken_by(before: str, after: str, language: str) -> bool:
    """Say whether a text was of its language before an edit, and is not any more.

    TOML is read from Python 3.11 on, which brings a parser. For Terraform and shell there is none: of these,
    only the bytes of a tag or digest within one text change, and none of the characters that those may have
    ends a text or means anything in it.

    Args:
        before: the text as it is.
        after: the text as it would be.
        language: its language, as `File.language` has it.
    """
    return _is_of(before, language) and not _is_of(after, language)


def _is_of(text: str, language: str) -> bool:
    try:
        if language == "JSON":
            parse_json(text.removeprefix("\ufeff"))
        elif language == "YAML":
            _compose(text)
        elif language == "Python":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
        elif language == "TOML":
            _read_toml(text)
    except (InvalidJson, YAMLError, *_NOT_OF_IT):
        return False
    return True


def _read_toml(text: str) -> None:
    try:
        parser = import_module("tomllib")
    except ImportError:
        # Python 3.10.
        return
    parser.loads(text.replace("\r\n", "\n"))


def _compose(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in YAML(typ="safe", pure=True).compose_all(text):
            pass
