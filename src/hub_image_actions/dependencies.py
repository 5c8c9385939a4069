"""The run-time libraries, imported from dependencies.zip without being installed.

Python compiles a module in a zip each time it is imported, which costs more than all else that a light action
does. So the compiled code is kept in `__pycache__` beside the archive, while archive and Python are the same.
"""

import importlib.util
import marshal
import os
import sys
import zipimport
import zlib
from collections.abc import Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import CodeType, ModuleType

ARCHIVE = "dependencies.zip"


# Heavy libraries that an action may import and, refusing its inputs or finding nothing to do, never use.
LAZY = frozenset({"git", "requests"})


class LazyFinder:
    """Lets the import of a heavy library cost nothing until something of it is used."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds a library where it would be found anyway, with a loader that waits for the first use."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in LAZY else None
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


class CachedImporter(zipimport.zipimporter):
    """Imports from a zip as Python does, and keeps the compiled code in a folder."""

    def __init__(self, path: str, folder: Path) -> None:
        """Takes a path in the archive, as it stands on a search path, and the folder for compiled code."""
        super().__init__(path)
        self.folder = folder

    def get_filename(self, fullname: str) -> str:
        """Returns the module's path. The base class compiles the module to find out."""
        ending = f"{os.sep}__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}{os.sep}{self.prefix}{fullname.rpartition('.')[2]}{ending}"

    def get_code(self, fullname: str) -> CodeType:
        """Returns the module's code: the kept one if there is one, else compiled now, and kept."""
        kept = self.folder / f"{fullname}.{sys.implementation.cache_tag}.pyc"
        code = read(kept)
        if code is None:
            code = super().get_code(fullname)
            if not sys.dont_write_bytecode:
                keep(kept, code)
        return code


def read(kept: Path) -> CodeType | None:
    """Returns the code in a kept file; None when it is not there, of another Python, or damaged."""
    try:
        content = kept.read_bytes()
    except OSError:
        return None
    magic, checksum, payload = content[:4], content[4:8], content[8:]
    if magic != importlib.util.MAGIC_NUMBER or checksum != zlib.crc32(payload).to_bytes(4, "little"):
        return None
    code = marshal.loads(payload)  # noqa: S302 - a file of our own, as trusted as the archive beside it
    return code if isinstance(code, CodeType) else None


def keep(kept: Path, code: CodeType) -> None:
    """Writes the code to a file, at one stroke: another action may be reading or writing the same one."""
    payload = marshal.dumps(code)
    content = importlib.util.MAGIC_NUMBER + zlib.crc32(payload).to_bytes(4, "little") + payload
    begun = kept.with_suffix(f".{os.getpid()}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        begun.write_bytes(content)
        begun.replace(kept)
    except OSError:
        # A folder that cannot be written, a full disk: the next import is as slow as this one, and as right.
        with suppress(OSError):
            begun.unlink()


def activate(root: Path) -> None:
    """Makes the libraries importable: after the project's own modules, before anything that is installed.

    Args:
        root: The folder that holds `src` and dependencies.zip.

    Raises:
        FileNotFoundError: There is no dependencies.zip in the folder.
    """
    archive = str(root / ARCHIVE)
    if archive in sys.path:
        return
    # The key: the archive's content, as a checkout sets dates anew, and its place, as tracebacks show it.
    checksum = zlib.crc32(Path(archive).read_bytes(), zlib.crc32(archive.encode()))
    folder = root / "__pycache__" / f"{ARCHIVE}-{checksum:08x}"

    def importer(path: str) -> CachedImporter:
        if path != archive and not path.startswith(archive + os.sep):
            raise ImportError(f"{path} is not in {archive}")
        return CachedImporter(path, folder)

    source = str(root / "src")
    sys.path_hooks.insert(0, importer)
    sys.path.insert(sys.path.index(source) + 1 if source in sys.path else 0, archive)
    sys.meta_path.insert(0, LazyFinder())
