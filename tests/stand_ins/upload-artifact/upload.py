"""Put a file, or the files below a folder, into the archive $STAND_IN_ARTIFACTS/NAME.zip."""

import os
import sys
import zipfile
from pathlib import Path


def main() -> int:
    """Write the archive as the action does: names from the folder on that all files share, links followed."""
    source, name = Path(os.environ["FILES"]), os.environ["NAME"]
    files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    if not files:
        print(f"::{os.environ['MISSING']}::No files were found with the provided path: {source}.")
        return 1 if os.environ["MISSING"] == "error" else 0
    target = Path(os.environ["STAND_IN_ARTIFACTS"]) / f"{name}.zip"
    if target.exists() and os.environ["OVERWRITE"] != "true":
        print("::error::(409) Conflict: an artifact with this name already exists on the workflow run")
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    top = source.parent if source.is_file() else source
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.writestr(path.relative_to(top).as_posix(), path.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
