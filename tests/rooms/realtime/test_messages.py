"""JSON frames: what is understood, what is answered, and what is no frame at all."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rooms.realtime import messages
from services.rooms.realtime.commands import Auth, Chat, Emote, Hello, Leave, Malformed, Ping, Unknown, read
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.messages import Ack, Said, problem

ANN, ID = UUID(int=1), UUID(int=2)


def text(message: object) -> str:
    return messages.encode(message)[HEADROOM:].decode()


@pytest.mark.parametrize(
    ("frame", "command"),
    [
        (b'{"t":"hello","ticket":"abc"}', Hello(ticket="abc")),
        (b'{"t":"hello","resume_token":"r","epoch":"e","offset":4}', Hello(resume_token="r", epoch="e", offset=4)),
        (b'{"t":"auth","token":"jwt"}', Auth(token="jwt")),
        (b'{"n":3,"t":"ping"}', Ping(n=3)),
        (b'{"t":"leave","cid":"a"}', Leave(cid="a")),
        (b'{"t":"chat","cid":7,"text":"hi","later":true}', Chat(cid=7, text="hi")),
        (b'{"t":"leave","cid":"%b"}' % (b"c" * 64), Leave(cid="c" * 64)),
        (b'{"t":"leave","cid":-9223372036854775808}', Leave(cid=-(2**63))),
        (b'{"t":"emote","cid":"a","emote":"wave"}', Emote(cid="a", emote="wave")),
        (b'{"t":"sing","cid":"a","song":"x"}', Unknown(t="sing", cid="a")),
    ],
)
def test_a_command_is_read(frame: bytes, command: object) -> None:
    assert read(frame) == command


@pytest.mark.parametrize(
    "frame",
    [
        *(b"", b"hello", b"[]", b"{}", b"{", b'"chat"', b"null", b"\xff\xfe", b"[" * 5000),
        *(b'{"t":1}', b'{"t":"chat"}', b'{"t":"chat","cid":"a","text":5}', b'{"t":"chat","cid":{},"text":"x"}'),
        *(b'{"t":"hello","ticket":[]}', b'{"t":"emote","cid":[]}', b'{"t":"chat","cid":"a","text":"\xc3("}'),
        *(b'{"t":"%b","later":%b%b}' % (name, b"[" * 16_000, b"]" * 16_000) for name in (b"ping", b"emote")),
        *(b'{"t":"%b","cid":"%b","text":"hi"}' % (name, b"c" * 65) for name in (b"chat", b"leave", b"emote")),
        *(b'{"t":"chat","cid":%b,"text":"hi"}' % number for number in (b"-9223372036854775809", b"9" * 4000)),
        *(b'{"t":"ping","n":%b}' % number for number in (b"9007199254740992", b"-9007199254740992", b"9" * 4000)),
        b'{"t":"hello","resume_token":"r","epoch":"e","offset":%b}' % (b"9" * 20),
    ],
)
def test_garbage_is_no_frame(frame: bytes) -> None:
    with pytest.raises(Malformed):
        read(frame)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_nothing_else_is_ever_raised(frame: bytes) -> None:
    with suppress(Malformed):
        read(frame)


def test_answers_are_written_as_documented() -> None:
    said = Said(4, ID, ANN, "hi", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert text(said) == (
        '{"t":"chat","offset":4,"id":"00000000-0000-0000-0000-000000000002","user":"00000000-0000-0000-0000-000000000001",'
        '"text":"hi","at":"2026-01-02T03:04:05Z"}'
    )
    assert text(Ack("a")) == '{"t":"ack","cid":"a"}'
    assert text(Ack("a", 9)) == '{"t":"ack","cid":"a","offset":9}'
    slow = problem("rate_limited", "Slow down.", cid=3, retry_ms=900)
    assert text(slow) == (
        '{"t":"error","type":"https://virtubar.dev/problems/rate_limited","title":"Slow down.","cid":3,"retry_ms":900}'
    )
