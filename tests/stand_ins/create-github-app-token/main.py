"""Give the token of the App that a test has registered in the file $STAND_IN_APP."""

import json
import os
import sys
from pathlib import Path


def main() -> int:
    """Compare what is asked with what is registered, and set the output."""
    app = json.loads(Path(os.environ["STAND_IN_APP"]).read_text(encoding="utf-8"))
    wrong = [name for name, value in app["asked"].items() if os.environ[name] != value]
    if wrong:
        print(f"::error::There is no installation for this {', '.join(wrong)}.")
        return 1
    print(f"::add-mask::{app['token']}")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"token={app['token']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
