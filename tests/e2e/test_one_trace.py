"""One request is one trace, from the gateway to the lake's commit."""

from tests.e2e.conftest import Night
from tests.e2e.evening import lounge
from tests.libs.chassis.sink import Seen, listening
from tests.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAMPLED = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


async def test_a_sign_out_is_one_trace_from_the_gateway_to_the_lake(night: Night) -> None:
    async with listening(night.bar.otlp_port) as sink, night.guest("trace@example.com") as guest:
        await (await guest.join(await lounge(guest))).leave()
        await guest.account.request("POST", "/v1/auth/logout", headers=SAMPLED)

        def spans() -> list[Seen]:
            return [span for span in sink.spans if span.trace_id == TRACE]

        def services() -> set[str]:
            return {span.service for span in spans()}

        await until(lambda: len(services()) == 4, within=30, what=f"spans of {services()}")
        known = {span.span_id for span in spans()} | {"00f067aa0ba902b7"}
        assert all(span.parent_id in known for span in spans()), "one tree"
        assert any("session_revoke" in span.name for span in spans())
