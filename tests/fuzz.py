"""schemathesis against a running API: everything its OpenAPI document says, and much that it does not."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2

ACCEPTED = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
SOUND = ("2xx", "3xx", "4xx")
OPAQUE = {"cursor"}  # parameters that only we can make: a made-up one is 422 although its schema says "string"


async def fuzz(
    base_url: str,
    where: Path,
    *,
    headers: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    also: Mapping[str, Sequence[int]] | None = None,
    examples: int = 25,
    seconds: int = 200,
    phases: str = "examples,coverage,fuzzing",
    unchecked: Sequence[str] = (),
) -> str:
    """Its report; AssertionError with the report where there is a finding.

    `only` and `without` are operation ids; `also` names statuses that a request which fits the schema may get besides
    the usual ones, by operation id; `where` is a folder it may write to. The work is bounded by `examples` per
    operation; `seconds` is when it is taken to hang. `phases` and the `unchecked` are schemathesis' own names.
    """
    config = where / "schemathesis.toml"
    config.write_text(await _config(base_url, also or {}))
    words = ["--config-file", str(config), "run", f"{base_url.rstrip('/')}/openapi.json"]
    words += ["--max-examples", str(examples), "--seed", "1", "--phases", phases]
    words += ["--checks", "all", "--continue-on-failure", "--no-shrink"]
    for name, value in (headers or {}).items():
        words += ["--header", f"{name.title()}: {value}"]  # by this spelling it knows what a token is
    if unchecked:
        words += ["--exclude-checks", ",".join(unchecked)]
    for operation in only:
        words += ["--include-operation-id", operation]
    for operation in without:
        words += ["--exclude-operation-id", operation]
    return await _run(words, where, seconds)


async def _config(base_url: str, also: Mapping[str, Sequence[int]]) -> str:
    async with httpx2.AsyncClient(base_url=base_url, timeout=30) as client:
        document = (await client.get("/openapi.json")).json()
    lines = []
    for path in document["paths"].values():
        for operation in path.values():
            statuses = [str(each) for each in also.get(operation["operationId"], ())]
            if OPAQUE & {each["name"] for each in operation.get("parameters", ())}:
                statuses.append("422")
            if statuses:
                lines += ["[[operations]]", f"include-operation-id = {json.dumps(operation['operationId'])}"]
                lines += [f"checks.positive_data_acceptance.expected-statuses = {json.dumps([*ACCEPTED, *statuses])}"]
            if failing := [each for each in statuses if each >= "500"]:
                lines += [f"checks.not_a_server_error.expected-statuses = {json.dumps([*SOUND, *failing])}"]
    return "\n".join(lines)


async def _run(words: Sequence[str], where: Path, seconds: int) -> str:
    started = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *words,
        cwd=where,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(seconds):
            said, _ = await started.communicate()
    except TimeoutError:
        started.kill()
        await started.wait()
        raise
    report = said.decode()
    assert started.returncode == 0, report
    return report
