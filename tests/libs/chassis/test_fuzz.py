"""schemathesis finds nothing in what the frame answers."""

from pathlib import Path

from libs.chassis.server import Server
from tests.fuzz import fuzz
from tests.libs.chassis.sample import sample_app
from tests.libs.chassis.serving import serving
from tests.libs.chassis.tokens import Issuer, bearer


async def test_no_request_gets_an_answer_that_is_not_documented(tmp_path: Path) -> None:
    issuer = Issuer()
    app = sample_app(issuer.verifier(), body_limit=100_000)
    async with serving(Server(app, "127.0.0.1", 0, grace=5)) as url:
        await fuzz(url, tmp_path, headers=bearer(issuer.token(roles=["moderator"])))
