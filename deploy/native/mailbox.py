"""A mailbox for sign-in codes on loopback: takes any mail and keeps it in a file, one JSON object a line.

`python -m deploy.native.mailbox PORT FILE`
"""

import asyncio
import email
import email.policy
import json
import re
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import TypedDict

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.native.ports import HOST

CODE = re.compile(r"\b\d{6}\b")


class Mail(TypedDict):
    """One mail as it is kept; `at` is when it arrived, RFC 3339."""

    to: str
    subject: str
    at: str
    text: str


class Sink:
    """aiosmtpd's handler: appends each mail, once for each recipient."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        message = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
        body = message.get_body(preferencelist=("plain", "html"))
        text = body.get_content() if body is not None else ""
        at = datetime.now(UTC).isoformat()
        with self.path.open("a") as out:
            for to in envelope.rcpt_tos:
                mail = Mail(to=to, subject=str(message["subject"] or ""), at=at, text=text.replace("\r\n", "\n"))
                out.write(json.dumps(mail) + "\n")
        return "250 kept"


def newest_first(path: Path, to: str | None = None) -> Iterator[Mail]:
    """The mails in a mailbox, of one recipient or of all."""
    lines = path.read_text().splitlines() if path.exists() else []
    for line in reversed(lines):
        mail: Mail = json.loads(line)
        if to is None or mail["to"].casefold() == to.casefold():
            yield mail


def code_in(mail: Mail) -> str:
    """The sign-in code of a mail. Raises ValueError where there is none, or more than one."""
    [code] = CODE.findall(mail["text"])
    return str(code)


async def serve(port: int, path: Path) -> None:
    """Take mail until SIGTERM."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    sink = Sink(path)
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    async with await loop.create_server(lambda: SMTP(sink, hostname="mail.virtubar.example"), HOST, port):
        await over.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
