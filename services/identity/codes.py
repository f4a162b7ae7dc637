"""One-time codes: six digits, the newest one per address only, a few wrong tries, one use. Kept as keyed hashes."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hmac import compare_digest
from typing import Final

from asyncpg import Record

from libs.chassis.problems import Problem
from libs.eventstore.decider import Refused
from services.identity.pepper import Pepper

DIGITS: Final = 6

PUT = """
insert into email_codes (address, code, expires_at) values ($1, $2, $3)
on conflict (address) do update
set code = excluded.code, expires_at = excluded.expires_at, wrong_tries = 0, used_at = null"""
LOCK = "select * from email_codes where address = any($1::bytea[]) order by address for update"
MISS = "update email_codes set wrong_tries = wrong_tries + 1 where address = $1"
USE = "update email_codes set used_at = $2 where address = $1"
FORGET = "delete from email_codes where address = $1"
SWEEP = "delete from email_codes where expires_at < $1"


class BadCode(Refused):
    """That is not the code, or it has been used or has expired. Ask for a new one."""


class Locked(Problem):
    """Too many wrong codes. Ask for a new one."""

    status = 423


@dataclass(frozen=True, slots=True)
class Mark:
    """What of an address and a code is kept: whose it is and what it is, readable by nobody."""

    address: bytes
    code: bytes


def new_code() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def address_mark(pepper: Pepper, email: str) -> bytes:
    return pepper.digest("address", email.encode())


def mark(pepper: Pepper, email: str, code: str) -> Mark:
    address = address_mark(pepper, email)
    return Mark(address, pepper.digest("code", address, code.encode()))


class Verdict(Enum):
    RIGHT = "right"
    WRONG = "wrong"  # counts
    DEAD = "dead"  # none was sent, or it has been used or has expired
    SPENT = "spent"  # too many wrong tries: not even the right code opens now


def judge(row: Record | None, presented: Mark, at: datetime, tries: int) -> Verdict:
    """What a presented code is worth, given the locked row of its address."""
    if row is None or row["used_at"] is not None or row["expires_at"] <= at:
        return Verdict.DEAD
    if row["wrong_tries"] >= tries:
        return Verdict.SPENT
    return Verdict.RIGHT if compare_digest(row["code"], presented.code) else Verdict.WRONG
