"""`virtubar mail`: the local mailbox, where sign-in codes arrive."""

from typing import Annotated

import typer

from cli.running import emit, say, screen
from deploy.native.mailbox import newest_first
from deploy.native.native import Native


def mail(
    to: Annotated[str | None, typer.Option(help="Only mails to this address.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Print the mails the bar has sent, newest first."""
    mails = list(newest_first(Native.opened().mailbox, to))
    if json:
        emit(mails)
        return
    if not mails:
        say("no mail yet" if to is None else f"no mail to {to} yet")
    console = screen()
    for each in mails:
        console.print(f"[bold]{each['at']}[/]  to {each['to']}: {each['subject']}")
        console.print(each["text"].strip() + "\n", markup=False)
