"""Codes, addresses and limits on their own. No database."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from asyncpg import Record

from services.identity.addresses import network_of, normal_email
from services.identity.codes import Verdict, judge, mark, new_code
from services.identity.pepper import Pepper
from services.identity.settings import Settings
from services.identity.throttles import Limit

PEPPER = Pepper("p" * 32)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
RIGHT, WRONG = mark(PEPPER, "ann@example.com", "123456"), mark(PEPPER, "ann@example.com", "123457")


def row(**changed: Any) -> Record:
    whole = {"code": RIGHT.code, "expires_at": NOW + timedelta(minutes=10), "wrong_tries": 0, "used_at": None}
    return cast(Record, whole | changed)


def test_codes_are_six_digits_and_not_all_alike() -> None:
    made = {new_code() for _ in range(200)}
    assert all(len(code) == 6 and code.isdecimal() for code in made)
    assert len(made) > 150


def test_a_mark_hides_address_and_code_and_needs_the_pepper() -> None:
    assert b"ann" not in RIGHT.address
    assert b"123456" not in RIGHT.code
    assert mark(Pepper("q" * 32), "ann@example.com", "123456") != RIGHT
    assert mark(PEPPER, "bob@example.com", "123456").code != RIGHT.code


@pytest.mark.parametrize(
    ("kept", "presented", "worth"),
    [
        (None, RIGHT, Verdict.DEAD),
        (row(), RIGHT, Verdict.RIGHT),
        (row(), WRONG, Verdict.WRONG),
        (row(wrong_tries=4), RIGHT, Verdict.RIGHT),
        (row(wrong_tries=5), RIGHT, Verdict.SPENT),
        (row(wrong_tries=5), WRONG, Verdict.SPENT),
        (row(used_at=NOW), RIGHT, Verdict.DEAD),
        (row(expires_at=NOW), RIGHT, Verdict.DEAD),
        (row(wrong_tries=5, expires_at=NOW), RIGHT, Verdict.DEAD),
    ],
)
def test_what_a_code_is_worth(kept: Record | None, presented: Any, worth: Verdict) -> None:
    assert judge(kept, presented, NOW, tries=5) is worth


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("ann@BÜCHER.example.com", "ann@xn--bcher-kva.example.com"),
        ("o'brien+bar@example.com", "o'brien+bar@example.com"),
        ("ann@bar.test", "ann@bar.test"),
    ],
)
def test_an_address_has_one_spelling(typed: str, normal: str) -> None:
    assert normal_email(typed) == normal == normal_email(normal)


@pytest.mark.parametrize(
    "typed",
    ["", "ann", "ann@", "@example.com", "ann@localhost", "ann@@example.com", "Ann <ann@example.com>", "a\n@b.co"],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        normal_email(typed)


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_client_is_the_network_one_household_has(client: str, network: str) -> None:
    assert network_of(client) == network


def test_limits_are_written_as_times_per_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUBAR_PEPPER", "p" * 32)
    monkeypatch.setenv("VIRTUBAR_LIMIT_CODES_PER_CLIENT", "10000/1")
    told = Settings()
    assert told.limit_codes_per_client == Limit(10_000, 1)
    assert told.limit_codes_per_address == Limit(10, 3600)
    assert "p" * 32 not in repr(told)


@pytest.mark.parametrize("written", ["", "5", "5/0", "0/5", "-1/5", "5/inf", "5/nan", "a/b"])
def test_what_is_no_limit_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        Limit.parse(written)
