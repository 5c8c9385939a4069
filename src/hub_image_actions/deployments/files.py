"""The files of deployments, and what every reference in one has."""

from dataclasses import dataclass
from pathlib import Path

_LANGUAGES = {
    (".yaml", ".yml"): "YAML",
    (".json", ".jsonc", ".json5"): "JSON",
    (".py",): "Python",
    (".toml",): "TOML",
    (".tf", ".tfvars", ".hcl"): "Terraform",
    (".sh", ".bash", ".env"): "shell",
}
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
    def language(self) -> str:
        """The language of the file, or of what a template makes; empty where it is not one we read."""
        name = self._name
        return next((language for endings, language in _LANGUAGES.items() if name.endswith(endings)), "")

    @property
    def is_yaml(self) -> bool:
        """Whether it is YAML or JSON, or a template of one."""
        return self.language in {"YAML", "JSON"}

    @property
    def is_json(self) -> bool:
        """Whether it is JSON: there, every text is in quotes."""
        return self.language == "JSON"

    @property
    def _name(self) -> str:
        name = self.path.name.lower()
        for ending in _TEMPLATE_NAMES:
            name = name.removesuffix(ending)
        return name


@dataclass(frozen=True)
class FileReference:
    """A reference in a file of the deployments: where it stands.

    Args:
        file: the file, by its path in the repository or from the folder that was given.
        line: the line, counted from 1.
        hub: the folder of the deployment.
    """

    file: str
    line: int
    hub: str

    @property
    def in_template(self) -> bool:
        """Whether the file is a template (cookiecutter) from which hubs are made, and no hub's own."""
        return "{{" in self.file
