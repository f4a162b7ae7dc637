"""Refresh tokens and what a presented one is worth. No database."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.identity.pepper import Pepper
from services.identity.refresh import Family, RefreshToken, Verdict, judge

PEPPER = Pepper("p" * 32)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
GRACE = timedelta(seconds=10)
FIRST = RefreshToken.first(uuid4())
SECOND = FIRST.successor(PEPPER)
THIRD = SECOND.successor(PEPPER)
FAMILY = Family(
    user_id=uuid4(),
    generation=2,
    token_hash=SECOND.hash,
    started_at=NOW,
    rotated_at=NOW,
    expires_at=NOW + timedelta(days=1),
    suspended=False,
    end_reason=None,
)


def test_a_token_survives_being_written_down() -> None:
    assert RefreshToken.read(FIRST.text(PEPPER), PEPPER) == FIRST


def test_the_successor_is_always_the_same_and_says_nothing_of_the_first() -> None:
    again = RefreshToken(FIRST.session_id, FIRST.generation, FIRST.secret).successor(PEPPER)
    assert again == SECOND
    assert SECOND.secret != FIRST.secret
    assert FIRST.successor(Pepper("q" * 32)).secret != SECOND.secret


def test_a_token_does_not_show_its_secret() -> None:
    assert FIRST.secret.hex() not in repr(FIRST)
    assert repr(FIRST.secret) not in repr(FIRST)


@pytest.mark.parametrize(
    "invented",
    [
        "",
        "not a token",
        "é" * 92,
        FIRST.text(PEPPER)[:-1],
        FIRST.text(PEPPER) + "A",
        "A" + FIRST.text(PEPPER)[1:],
        FIRST.text(PEPPER)[:-1] + ("A" if FIRST.text(PEPPER)[-1] != "A" else "B"),
        FIRST.text(Pepper("q" * 32)),
        " " + FIRST.text(PEPPER),
    ],
    ids=itertools.count(),
)
def test_an_invented_token_is_nobodys(invented: str) -> None:
    assert RefreshToken.read(invented, PEPPER) is None


def test_no_byte_of_a_token_may_be_changed() -> None:
    text = FIRST.text(PEPPER)
    for place in range(len(text)):
        other = "A" if text[place] != "A" else "B"
        assert RefreshToken.read(text[:place] + other + text[place + 1 :], PEPPER) is None


@pytest.mark.parametrize(
    ("token", "family", "worth"),
    [
        (SECOND, FAMILY, Verdict.CURRENT),
        (FIRST, FAMILY, Verdict.REPEATED),
        (FIRST, replace(FAMILY, rotated_at=NOW - GRACE), Verdict.REPEATED),
        (FIRST, replace(FAMILY, rotated_at=NOW - GRACE - timedelta(milliseconds=1)), Verdict.REUSED),
        (FIRST, replace(FAMILY, generation=3, token_hash=THIRD.hash), Verdict.REUSED),
        (SECOND, None, Verdict.OVER),
        (SECOND, replace(FAMILY, expires_at=NOW), Verdict.OVER),
        (FIRST, replace(FAMILY, rotated_at=NOW - timedelta(days=1), expires_at=NOW), Verdict.OVER),
        (SECOND, replace(FAMILY, end_reason="logout"), Verdict.OVER),
        (FIRST, replace(FAMILY, end_reason="logout"), Verdict.OVER),
        (SECOND, replace(FAMILY, end_reason="token_reused"), Verdict.BURNT),
        (SECOND, replace(FAMILY, end_reason="suspended", suspended=True), Verdict.SUSPENDED),
        (THIRD, FAMILY, Verdict.OVER),  # of a time that a restored backup knows nothing of
        (replace(SECOND, secret=bytes(32)), FAMILY, Verdict.OVER),
    ],
)
def test_what_a_token_is_worth(token: RefreshToken, family: Family | None, worth: Verdict) -> None:
    assert judge(token, family, NOW, GRACE) is worth


def test_tokens_of_two_sessions_never_meet() -> None:
    other = RefreshToken(UUID(int=1), FIRST.generation, FIRST.secret)
    assert other.successor(PEPPER).secret != SECOND.secret
