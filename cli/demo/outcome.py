"""What came of the evening: every event that was caused, and where it is; then what the story claimed."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.demo.facts import Fact
from cli.demo.uncaused import UNCAUSED
from cli.verify.report import Count, Report

FIGURES = ("committed", "topic", "lake", "missing", "doubled")
FAULTS = ("missing", "doubled", "changed")


def events(report: Report, tonight: Counter[str]) -> RenderableType:
    """How often each happened tonight; since the bar opened: committed, in its topic, in the lake."""
    table = Table("event", "tonight", *FIGURES, box=None, header_style="bold", show_footer=True, pad_edge=False)
    table.caption = "tonight: by these guests; the rest: everything since the bar opened"
    shown = {name: count for name, count in sorted(report.events.items()) if tonight[name] or _is_faulty(count)}
    for column in table.columns[1:]:
        column.justify = "right"
    table.columns[1].footer = f"{tonight.total():,}"
    for column, figure in zip(table.columns[2:], FIGURES, strict=True):
        column.footer = _number(figure, sum(getattr(count, figure) for count in shown.values()))
    for name, count in shown.items():
        figures = (_number(figure, getattr(count, figure)) for figure in FIGURES)
        table.add_row(name, Text(f"{tonight[name]:,}", style="cyan"), *figures)
    reasons: dict[str, list[str]] = {}
    for name, why in UNCAUSED.items():
        if not tonight[name]:
            reasons.setdefault(why, []).append(name)
    left_out = [Text(f"{', '.join(names)}: {why}", style="dim") for why, names in reasons.items()]
    problems = [Text(f"• {problem}", style="red") for problem in report.problems]
    return Group(table, Text(), Text("not tonight", style="bold"), *left_out, *problems)


def facts(checked: Sequence[Fact]) -> RenderableType:
    """A line each."""
    table = Table.grid(padding=(0, 1))
    for fact in checked:
        mark = Text("✓", style="green") if fact.holds else Text("✗", style="bold red")
        table.add_row(mark, Text(fact.claim, style="" if fact.holds else "bold red"), Text(fact.found, style="dim"))
    return Group(Text("what the evening showed", style="bold"), table)


def verdict(report: Report, checked: Sequence[Fact]) -> Text:
    if report.clean and all(fact.holds for fact in checked):
        return Text(
            f"clean: nothing lost, nothing doubled, nothing changed, and {len(checked)} facts held", style="bold green"
        )
    return Text("not clean" if not report.clean else "something was not as it should be", style="bold red")


def _is_faulty(count: Count) -> bool:
    return any(getattr(count, figure) for figure in FAULTS)


def _number(figure: str, number: int) -> Text:
    return Text(f"{number:,}", style="bold red" if number and figure in FAULTS else "")
