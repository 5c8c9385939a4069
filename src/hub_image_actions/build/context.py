"""The folder that an image is built from, and what is wrong with it before a build would find out."""

import os
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.build.encodings import check_encodings
from hub_image_actions.build.environment_file import read_environment
from hub_image_actions.build.ignore_rules import (
    DockerIgnoreRules,
    IgnoreRules,
    Repo2dockerIgnoreRules,
    read_text,
)
from hub_image_actions.errors import ActionError
from hub_image_actions.images.dockerfiles import bases
from hub_image_actions.references import ImageReference

# Source: "Configuration files" in the documentation of repo2docker.
CONFIGURATION = (
    "Dockerfile",
    "environment.yml",
    "environment.yaml",
    "requirements.txt",
    "Pipfile",
    "Pipfile.lock",
    "pyproject.toml",
    "setup.py",
    "Project.toml",
    "JuliaProject.toml",
    "REQUIRE",
    "install.R",
    "DESCRIPTION",
    "apt.txt",
    "default.nix",
    "runtime.txt",
    "postBuild",
    "start",
)


# The folders that may hold the configuration, and what repo2docker reads or copies of it besides.
_BINDER = ("binder", ".binder")
_MORE_TEXTS = ("Manifest.toml", "JuliaManifest.toml", "requirements3.txt")
_READ_BESIDES = (".dockerignore", ".containerignore", *_MORE_TEXTS)


class ContextError(ActionError):
    """The folder cannot be built as it is."""


@dataclass(frozen=True)
class BuildContext:
    """A folder with what an image is built from.

    Args:
        folder: the folder.
        name: the folder as it is named in the repository, for errors.
        dockerfile: the Dockerfile that was asked for, relative to the folder; empty: the usual one.
    """

    folder: Path
    name: str
    dockerfile: str = ""

    @property
    def configuration(self) -> Path:
        """The folder that holds the configuration files."""
        binder = (self.folder / "binder", self.folder / ".binder")
        return next((folder for folder in binder if folder.is_dir()), self.folder)

    def dockerfile_path(self, builder: str) -> Path | None:
        """Return the Dockerfile that the builder will use, if there is one."""
        usual = self.folder if builder == "docker" else self.configuration
        path = self.folder / self.dockerfile if self.dockerfile else usual / "Dockerfile"
        return path if path.is_file() else None

    def ignore_rules(self, builder: str) -> tuple[IgnoreRules, ...]:
        """Return what keeps files out of the build, as far as it is known which files a builder reads.

        Source: https://docs.docker.com/build/concepts/context/#dockerignore-files; repo2docker reads its own
        beside the other configuration files, and none at the top where there is `binder/`.
        """
        dockerfile = self.dockerfile_path(builder)
        if dockerfile is None:
            names = (".dockerignore", ".containerignore")
            return (Repo2dockerIgnoreRules.parsed(read_text(self.configuration / name for name in names)),)
        usual = read_text([self.folder / ".dockerignore"])
        rules: list[IgnoreRules] = [DockerIgnoreRules.parsed(usual)]
        if builder != "docker":
            # Older versions of repo2docker send a Dockerfile's context themselves.
            rules.append(Repo2dockerIgnoreRules.parsed(usual))
        # Only BuildKit looks for one beside the Dockerfile, and then for no other.
        beside = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
        if beside.is_file():
            rules.append(DockerIgnoreRules.parsed(read_text([beside])))
        return tuple(rules)

    def always_staged(self, builder: str) -> frozenset[str]:
        """Return the names of what a builder reads whatever keeps files out of the image."""
        dockerfile = self.dockerfile_path(builder)
        read = [self.folder / ".dockerignore", *([dockerfile] if dockerfile else [])]
        if builder != "docker":
            read += [self.folder / name for name in _BINDER]
            read += [self.configuration / name for name in (*CONFIGURATION, *_READ_BESIDES)]
        if dockerfile:
            read.append(dockerfile.with_name(f"{dockerfile.name}.dockerignore"))
        return frozenset(os.path.relpath(path, self.folder) for path in read)

    def check(self, builder: str, appendix_file: str = "") -> list[str]:
        """Return what deserves a warning.

        Args:
            builder: what builds the image.
            appendix_file: a file that must be there; empty: none.

        Raises:
            ContextError: the folder cannot be built.
            InvalidEnvironment: an environment file cannot be read.
            NotUtf8: a file cannot be read, since it is in another encoding.
        """
        if not self.folder.is_dir():
            raise ContextError(
                f"There is no folder {self.name!r}.",
                "Check `context`, and that a step with actions/checkout comes before, and checks it out.",
            )
        if appendix_file and not (self.folder / appendix_file).is_file():
            raise ContextError(
                f"There is no {appendix_file!r} in {self.name!r}.",
                "Check `appendix-file`, its path from `context` on.",
            )
        if builder == "docker":
            self._check_dockerfile()
            return self._encoding_warnings(builder, appendix_file)
        if all((self.folder / name).is_dir() for name in _BINDER):
            raise ContextError(
                "repo2docker builds nothing from a folder with both binder/ and .binder/.",
                "Keep one of them.",
                file=os.path.normpath(Path(self.name) / ".binder"),
            )
        warnings = self._encoding_warnings(builder, appendix_file)
        self._check_configuration()
        return [*warnings, *self._script_warnings()]

    def check_inside(self, checkout: Path, *names: str) -> None:
        """Check that nothing that is read leads out of the repository by a link.

        What a pull request brings could else have files of the runner built in, or shown to its tests.

        Args:
            checkout: the folder of the repository.
            names: files and folders in this one, besides those that builders look for.

        Raises:
            ContextError: something leads out of the repository, or to what git keeps of it.
        """
        top = checkout.resolve()
        mine = (self.folder / name for name in ("", *_BINDER, *CONFIGURATION, *filter(None, names)))
        for path in (*mine, *(self.configuration / name for name in (*CONFIGURATION, *_MORE_TEXTS))):
            self._check_one(path, top)

    def _check_one(self, path: Path, top: Path) -> None:
        named = os.path.normpath(Path(self.name) / path.relative_to(self.folder))
        try:
            target = path.resolve()
        except (OSError, RuntimeError) as error:
            raise ContextError(f"{named} is a link to itself.", "Remove the link.", file=named) from error
        if not target.is_relative_to(top) or ".git" in target.relative_to(top).parts:
            raise ContextError(
                f"{named} is a link that leads out of the repository.",
                "Put the file or folder itself there.",
                file=named,
            )

    def base_images(self, builder: str) -> tuple[ImageReference, ...]:
        """Return the images that the Dockerfile builds on; stages of its own and variables are left out."""
        path = self.dockerfile_path(builder)
        if path is None:
            return ()
        references = (base.reference for base in bases(path.read_bytes()))
        return tuple(dict.fromkeys(reference for reference in references if reference))

    def _check_dockerfile(self) -> None:
        if self.dockerfile_path("docker") is None:
            raise ContextError(
                f"There is no {self.dockerfile or 'Dockerfile'} in {self.name!r}.",
                "Check `context` and `dockerfile`, or use `builder: repo2docker`.",
            )

    def _check_configuration(self) -> None:
        there = [name for name in CONFIGURATION if (self.configuration / name).is_file()]
        if not there:
            raise ContextError(
                f"There is nothing in {self.name!r} that repo2docker builds from.",
                "Add an environment.yml or another configuration file, or check `context`.",
            )
        if "Dockerfile" not in there:
            for name in ("environment.yml", "environment.yaml"):
                if name in there:
                    read_environment(self.configuration / name, self.named(name))

    def _encoding_warnings(self, builder: str, appendix_file: str) -> list[str]:
        """Return what is odd about the encoding of the files that the builder itself reads.

        Raises:
            NotUtf8: one of them cannot be read as it is.
        """
        dockerfile = self.dockerfile_path(builder)
        names = (*CONFIGURATION, *_MORE_TEXTS) if dockerfile is None else ()
        read = [*([dockerfile] if dockerfile else []), *(self.configuration / name for name in names)]
        read += [self.folder / appendix_file] if appendix_file else []
        files = {
            os.path.normpath(Path(self.name) / os.path.relpath(path, self.folder)): path for path in read
        }
        # Docker itself takes any bytes in comments and in what a shell is given.
        tolerant = list(files)[:1] if builder == "docker" else ()
        return check_encodings(files, tolerant)

    def named(self, name: str) -> str:
        """Return the path of a configuration file as it is in the repository."""
        folder = self.configuration.relative_to(self.folder)
        return os.path.normpath(Path(self.name) / folder / name)

    def _script_warnings(self) -> list[str]:
        warnings = []
        for name in ("postBuild", "start"):
            path = self.configuration / name
            if path.is_file() and b"\r\n" in path.read_bytes():
                warnings.append(f"{self.named(name)} has Windows line ends, with which Linux cannot run it.")
        return warnings
