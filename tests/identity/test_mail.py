"""What happens to a code when the mail server does not do its part."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.identity.mail import Mailer, MailFailed, Server
from tests.accounts import ask_for_code, sign_in
from tests.identity.conftest import Door, Open

ANN = "ann@example.com"
LATER = timedelta(minutes=10)


class Awkward:
    """Takes no mail: says so to the recipient, or after the text."""

    def __init__(self, rcpt: str = "250 fine", data: str = "250 fine") -> None:
        self.rcpt, self.data = rcpt, data

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.data


@asynccontextmanager
async def listening(protocol: Callable[[], asyncio.BaseProtocol]) -> AsyncIterator[str]:
    """Its URL."""
    async with await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0) as server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(door: Door) -> tuple[int, str, str | None]:
    answer = await door.http.post("/v1/auth/email/codes", json={"email": ANN})
    return answer.status_code, answer.text, answer.headers.get("retry-after")


async def test_without_a_mail_server_the_client_is_told_to_try_again_and_nothing_is_counted(open_door: Open) -> None:
    nowhere = await open_door(smtp_url="smtp://127.0.0.1:1", limit_codes_per_address="2/3600")
    for _ in range(5):
        status, text, retry_after = await asked(nowhere)
        assert (status, retry_after) == (503, "5")
        assert "problems/unavailable" in text
    mended = await open_door(limit_codes_per_address="2/3600")
    await sign_in(mended.http, mended.mail, ANN)


async def test_a_busy_mail_server_is_a_reason_to_try_again(open_door: Open) -> None:
    async with listening(lambda: SMTP(Awkward(rcpt="451 later"))) as url:
        assert (await asked(await open_door(smtp_url=url)))[0] == 503
    async with listening(lambda: SMTP(Awkward(data="554 no"))) as url:
        assert (await asked(await open_door(smtp_url=url)))[0] == 503


async def test_an_address_the_mail_server_refuses_for_good_is_said_to_be_wrong(open_door: Open) -> None:
    async with listening(lambda: SMTP(Awkward(rcpt="550 no such mailbox"))) as url:
        status, text, _ = await asked(await open_door(smtp_url=url))
    assert status == 422
    assert "#/body/email" in text


async def test_a_silent_mail_server_is_given_up_in_time(open_door: Open) -> None:
    async with listening(asyncio.Protocol) as url:
        assert (await asked(await open_door(smtp_url=url, mail_seconds=1)))[0] == 503


async def test_the_transaction_is_over_before_the_mail_goes_out(open_door: Open) -> None:
    waiting, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
            waiting.set()
            await go_on.wait()
            return "250 fine"

    async with listening(lambda: SMTP(Slow())) as url:
        door = await open_door(smtp_url=url, pool_size=1)
        asking = asyncio.create_task(asked(door))
        await waiting.wait()
        assert (await door.http.get("/v1/auth/jwks.json")).status_code == 200
        assert (
            await door.pool.fetchval("select count(*) from pg_stat_activity where state = 'idle in transaction'") == 0
        )
        assert await door.pool.fetchval("select count(*) from email_codes") == 1
        go_on.set()
        assert (await asking)[0] == 202


async def test_a_failure_says_nothing_of_the_mail() -> None:
    mailer = Mailer(Server.parse("smtp://127.0.0.1:1"), "VirtuBar <bar@virtubar.example>")
    with pytest.raises(MailFailed) as failure:
        await mailer.send_code(ANN, "123456", LATER, None)
    assert failure.value.__cause__ is None
    assert "123456" not in str(failure.value)
    assert ANN not in str(failure.value)


@pytest.mark.parametrize("url", ["", "http://mail", "smtp://", "mail:25"])
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        Server.parse(url)


def test_a_mail_servers_password_stays_out_of_sight() -> None:
    server = Server.parse("smtps://ann%40bar:se%2Fcret@mail.example.com")
    assert server == Server("mail.example.com", 465, "ann@bar", "se/cret", tls=True)
    assert "cret" not in repr(server)


async def test_odd_but_right_addresses_get_their_mail(door: Door) -> None:
    for odd in ("o'brien+bar@example.com", "{it}=/`~!#$%&*?^_|-@example.com", "ann@bücher.example.com"):
        await ask_for_code(door.http, door.mail, odd.replace("bücher", "xn--bcher-kva"))
