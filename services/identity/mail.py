"""Sends one-time codes over SMTP: a few plain lines in the reader's language."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.identity.words import words_for

MINUTE = timedelta(minutes=1)


class MailFailed(Exception):
    """The mail was not handed over. Says nothing of what was in it or for whom."""


class MailRefused(Exception):
    """The mail server will not take mail for this address, now or later."""


@dataclass(frozen=True, slots=True)
class Server:
    """`smtp://[user:password@]host:port`, with STARTTLS where it is offered; `smtps://` speaks TLS from the start."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port})"

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Raises ValueError for anything else."""
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("a mail server is smtp://host:port or smtps://host:port")
        user, password = parts.username and unquote(parts.username), parts.password and unquote(parts.password)
        return cls(parts.hostname, parts.port or (465 if tls else 587), user, password, tls)


class Mailer:
    """At most `connections` mails at a time, each given `timeout` seconds."""

    def __init__(self, server: Server, sender: str, *, connections: int = 20, timeout: float = 10) -> None:
        self._server, self._timeout = server, timeout
        self._sender = Address(*_split(sender))
        self._turn = asyncio.Semaphore(connections)

    async def send_code(self, to: str, code: str, lifetime: timedelta, locale: str | None) -> None:
        """Returns once the mail server has taken the mail. Raises MailFailed, MailRefused."""
        try:
            async with asyncio.timeout(self._timeout), self._turn:
                await self._send(self._compose(to, code, int(lifetime / MINUTE), locale), to)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            permanent = all(each.code >= 500 for each in refused.recipients)
            raise (MailRefused if permanent else MailFailed)(type(refused).__name__) from None
        except (aiosmtplib.SMTPException, OSError) as error:  # from None: what it says may quote the mail
            raise MailFailed(type(error).__name__) from None

    def _compose(self, to: str, code: str, minutes: int, locale: str | None) -> bytes:
        subject, text = words_for(locale)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._sender
        mail["To"] = Address(addr_spec=to)
        mail["Subject"] = subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self._sender.domain)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text.format(code=code, minutes=minutes) + "\n")
        return mail.as_bytes()

    async def _send(self, mail: bytes, to: str) -> None:
        server = self._server
        await aiosmtplib.send(
            mail,
            sender=self._sender.addr_spec,
            recipients=[to],
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls,
            local_hostname=self._sender.domain,  # else it is looked up, which can take seconds
            timeout=self._timeout,
        )


def _split(sender: str) -> tuple[str, str, str]:
    name, _, address = sender.rpartition("<")
    user, at, domain = address.strip(" >").rpartition("@")
    if not (user and at and domain):
        raise ValueError("a sender is NAME <user@domain>, or user@domain")
    return name.strip(), user, domain
