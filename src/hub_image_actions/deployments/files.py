"""The files of deployments, and what every reference in one has."""

from dataclasses import dataclass
from pathlib import Path

_YAML_NAMES = (".yaml", ".yml", ".json")
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
        name = self.path.name.lower()
        for ending in _TEMPLATE_NAMES:
            name = name.removesuffix(ending)
        return name.endswith(_YAML_NAMES)


class FileReference:
    """What the references in files have in common, whatever else is known of them."""

    file: str

    @property
    def in_template(self) -> bool:
        """Whether the file is a template (cookiecutter) from which hubs are made, and no hub's own."""
        return "{{" in self.file
