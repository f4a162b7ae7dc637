"""`virtubar verify`: the proof that nothing was lost."""

from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from asyncpg import PostgresError
from rich.console import Console
from rich.status import Status

from cli.running import emit, running_bar, stderr
from cli.verify.table import table
from cli.verify.verify import WITHIN, verified
from deploy.native.errors import BarError


def verify(
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    within: Annotated[float, typer.Option(min=0, help="Seconds that what is under way may take to arrive.")] = WITHIN,
) -> None:
    """Compare event stores, topics and lake event by event, and every stream and table with its events."""
    native, _ = running_bar()
    with Status("looking how far to look", console=stderr) as status:
        try:
            report = verified(native, within=within, progress=status.update)
        except (OSError, PostgresError, KafkaError) as error:
            raise BarError(
                f"not everything can be read: {str(error) or type(error).__name__}", "virtubar status"
            ) from None
    if json:
        emit(report.document())
    else:
        Console(highlight=False).print(table(report))
    if not report.clean:
        if json:
            raise typer.Exit(1)
        raise BarError(
            f"{len(report.problems)} problems", "virtubar rebuild SERVICE mends tables; the rest needs a person"
        )
