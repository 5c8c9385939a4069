"""The files of deployments, and what every reference in one has."""

from dataclasses import dataclass
from pathlib import Path

_YAML_NAMES = (".yaml", ".yml")
_JSON_NAMES = (".json", ".jsonc", ".json5")
_TEMPLATE_NAMES = (".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".gotmpl", ".template")


@dataclass(frozen=True)
class File:
    """A file that holds the image's name.

    Args:
        path: where it is.
        name: its name for the report.
        hub: the deployment that it belongs to.
    """

    path: Path
    name: str
    hub: str

    @property
    def is_yaml(self) -> bool:
        """Whether its name is that of a YAML or JSON file, or of a template of one."""
        return self._name.endswith(_YAML_NAMES) or self.is_json

    @property
    def is_json(self) -> bool:
        """Whether its name is that of a JSON file: there, every text is in quotes."""
        return self._name.endswith(_JSON_NAMES)

    @property
    def _name(self) -> str:
        name = self.path.name.lower()
        for ending in _TEMPLATE_NAMES:
            name = name.removesuffix(ending)
        return name


class FileReference:
    """What the references in files have in common, whatever else is known of them."""

    file: str

    @property
    def in_template(self) -> bool:
        """Whether the file is a template (cookiecutter) from which hubs are made, and no hub's own."""
        return "{{" in self.file
