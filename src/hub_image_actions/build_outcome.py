"""What a build leaves behind: outputs, the job's summary, and the report as a file."""

from collections.abc import Mapping
from pathlib import Path

from hub_image_actions.build_report import BuildReport
from hub_image_actions.runner import Runner


def tell(report: BuildReport, runner: Runner, folder: Path) -> Mapping[str, str]:
    """Write the report, and return the outputs that every build has.

    Args:
        report: what is known of the build.
        runner: what is told.
        folder: where the report is kept.
    """
    text = report.markdown()
    # Several images may be built in one job.
    name = "".join(char if char.isalnum() else "-" for char in report.image)
    file = folder / f"report-{name}.md"
    file.write_text(text, encoding="utf-8", errors="replace")
    runner.summary(text)
    return {
        "image": report.image if report.size else "",
        "tag": report.tags[0] if report.size and report.tags else "",
        "digest": report.digest,
        "pushed": str(report.pushed).lower(),
        "size": str(report.size or ""),
        "tests": report.tested,
        "reused": str(report.reused is not None).lower(),
        "built-by": report.reused.run_url if report.reused else report.run_url,
        "report": str(file),
    }
