"""`virtubar status`: where everything is and how it does."""

from typing import Annotated, Any

import typer
from rich.table import Table

from cli.running import emit, running_bar, screen
from deploy.bar import SERVICES
from deploy.native.native import Native
from deploy.native.state import Member, State


def status(
    json: Annotated[bool, typer.Option("--json", help="One JSON document, with connection URLs.")] = False,
) -> None:
    """Show the processes of the bar and where to reach it."""
    native, state = running_bar()
    if json:
        emit(document(native, state))
    else:
        _show(native, state)


def document(native: Native, state: State) -> dict[str, Any]:
    """The status document: connection URLs for any tool, and every process."""
    services = {service.name: native.database_url(service.name) for service in SERVICES}
    return {
        "gateway": native.gateway_url,
        "kafka": native.kafka_admin_url,
        "redis": native.redis.url(),
        "postgres": {"admin": native.postgres.admin_url, **services},
        "lake": native.lake_url,
        "mail": native.smtp_url,
        "data": str(native.folder.root),
        "services": [_member(member) for member in state.members if member.condition != "done"],
    }


def _member(member: Member) -> dict[str, Any]:
    pid = member.process.pid if member.process and member.process.alive else None
    return {
        "name": member.name,
        "roles": member.roles,
        "pid": pid,
        "ready": pid is not None and member.condition == "ready",
        "restarts": member.restarts,
    }


def _show(native: Native, state: State) -> None:
    table = Table("process", "roles", "pid", "is", "restarts", box=None, header_style="bold")
    for member in state.members:
        if member.condition != "done":
            pid = str(member.process.pid) if member.process else ""
            table.add_row(member.name, " ".join(member.roles), pid, member.condition, str(member.restarts or ""))
    console = screen()
    console.print(table)
    console.print(f"\ngateway  {native.gateway_url}\nkafka    {native.kafka.bootstrap}\ndata     {native.folder.root}")
    console.print("[dim]virtubar status --json tells all URLs with their passwords[/]")
