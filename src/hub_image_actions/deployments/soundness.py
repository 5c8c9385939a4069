"""Whether a file is still one of its language after an edit: asked before anything is written."""

import ast
import warnings

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

    Languages without a parser in every Python that we run with, such as Terraform's and TOML's, are not
    asked: a tag between quotes has no character that means anything there.

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
    except (InvalidJson, YAMLError, *_NOT_OF_IT):
        return False
    return True


def _compose(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in YAML(typ="safe", pure=True).compose_all(text):
            pass
