"""A report for people."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.verify.report import Report

FIGURES = ("committed", "topic", "lake", "missing", "doubled", "changed")
FAULTS = ("missing", "doubled", "changed")


def table(report: Report) -> RenderableType:
    """Each event with its figures, their sums, the problems, and the verdict."""
    figures = Table("event", *FIGURES, box=None, header_style="bold", show_footer=True)
    for column, figure in zip(figures.columns[1:], FIGURES, strict=True):
        column.justify = "right"
        column.footer = _number(figure, sum(getattr(count, figure) for count in report.events.values()))
    for name, count in sorted(report.events.items()):
        figures.add_row(name, *(_number(figure, getattr(count, figure)) for figure in FIGURES))
    lines = [Text(f"• {problem}", style="red") for problem in report.problems]
    lines += [Text(f"  {note}", style="dim") for note in report.notes]
    verdict = Text("clean: nothing lost, nothing doubled, nothing changed", style="bold green")
    if not report.clean:
        verdict = Text("not clean", style="bold red")
    return Group(figures, Text(), *lines, verdict)


def _number(figure: str, number: int) -> Text:
    return Text(f"{number:,}", style="bold red" if number and figure in FAULTS else "")
