"""How long the fuzzing takes: seconds in the test command, as long as somebody likes in scripts/fuzz."""

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

# Set by scripts/fuzz, which also gives each round a seed of its own.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
DATABASE = os.environ.get("FUZZ_DATABASE", "")
# No example takes so long, on however busy a machine, unless something is wrong with a regular expression.
_HANGS = timedelta(seconds=20)

# In the test command the examples are always the same: who changes something else meets no new failure there.
LIMITS = settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    database=DirectoryBasedExampleDatabase(DATABASE) if DATABASE else None,
    deadline=_HANGS,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)


@st.composite
def mutated(draw: st.DrawFn, originals: st.SearchStrategy[str], pieces: st.SearchStrategy[str]) -> str:
    """Return a text in which some places were cut out, doubled, moved, or have something else put in."""
    text = draw(originals)
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        kind = draw(st.sampled_from(["put in", "replace", "cut", "double", "line"]))
        cut = text[start:end]
        put = {"cut": "", "double": cut * 2, "line": f"\n{cut}"}.get(kind) or (
            "" if kind == "cut" else draw(pieces)
        )
        text = text[:start] + put + text[start if kind == "put in" else end :]
    return text


def as_bytes(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Return texts as files have them: with any line ends, a byte order mark, or bytes of no text."""
    ends = st.sampled_from(["\n", "\n", "\r\n", "\r", "\u2028"])
    marks = st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00"])
    return st.builds(
        lambda text, end, mark: mark + text.replace("\n", end).encode(errors="replace"), texts, ends, marks
    )
