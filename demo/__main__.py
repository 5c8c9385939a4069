"""Starts the demonstration; scripts/demo runs this with the tests' Python."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The demonstration is told with the tests' GitHub and registry, and with the project's own modules.
sys.path[:0] = [str(ROOT / folder) for folder in ("src", "tests", "")]

from demo.story import main  # noqa: E402  # found on the path set above

if __name__ == "__main__":
    sys.exit(main())
