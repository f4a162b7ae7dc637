"""Reading the local mailbox for a guest's sign-in code."""

import asyncio
from pathlib import Path

from clients.python.account import AskCode
from deploy.native.mailbox import code_in, newest_first

WITHIN = 20.0  # seconds


def code_reader(mailbox: Path) -> AskCode:
    """`await ask_code(email)`: the newest code sent there. Raises TimeoutError when no mail comes."""
    used: set[str] = set()

    async def ask_code(email: str) -> str:
        async with asyncio.timeout(WITHIN):
            while True:
                mail = next(newest_first(mailbox, email), None)
                if mail and f"{email} {mail['at']}" not in used:
                    used.add(f"{email} {mail['at']}")
                    return code_in(mail)
                await asyncio.sleep(0.1)

    return ask_code
