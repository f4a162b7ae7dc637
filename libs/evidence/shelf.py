"""Where sealed evidence lies: a folder (`file:///…`) or a bucket (`s3://bucket/prefix`). It is never changed there.

An object's name is the report and the SHA-256 of the document in it, so that a second sealing of the same facts finds
the first, and one of other facts takes nothing away.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

# Somebody waits: a store that is away is found out soon, and asked again by whoever needs it.
PATIENCE: "Final[ClientConfig]" = {"connect_timeout": timedelta(seconds=2), "timeout": timedelta(seconds=10)}
RETRIES: "Final[RetryConfig]" = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}


class ShelfUnavailable(OSError):
    """The object store does not answer, or does not let us in."""


class Shelf:
    def __init__(self, url: str) -> None:
        self._objects = opened(url)

    async def put(self, report_id: UUID, sha256: str, sealed: bytes) -> bool:
        """Create-only; False where it lies there already. Raises ShelfUnavailable."""
        try:
            await obstore.put_async(self._objects, name_of(report_id, sha256), sealed, mode="create")
        except AlreadyExistsError:
            return False
        except BaseError as error:
            raise ShelfUnavailable(type(error).__name__) from None
        return True

    async def get(self, report_id: UUID, sha256: str) -> bytes | None:
        """None where there is no such object. Raises ShelfUnavailable."""
        try:
            found = await obstore.get_async(self._objects, name_of(report_id, sha256))
            return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError):
            return None
        except BaseError as error:
            raise ShelfUnavailable(type(error).__name__) from None

    async def clear(self, report_id: UUID) -> None:
        """Delete whatever was sealed for a report. Repeatable. Raises ShelfUnavailable."""
        try:
            async for page in obstore.list(self._objects, prefix=folder_of(report_id)):
                for each in page:
                    await obstore.delete_async(self._objects, each["path"])
        except (NotFoundError, FileNotFoundError):
            return
        except BaseError as error:
            raise ShelfUnavailable(type(error).__name__) from None


def folder_of(report_id: UUID) -> str:
    return f"sealed/{report_id}"


def name_of(report_id: UUID, sha256: str) -> str:
    return f"{folder_of(report_id)}/{sha256}"


def opened(url: str) -> ObjectStore:
    """The store at a URL; a local folder is made where it is not there yet."""
    scheme = urlsplit(url).scheme
    if scheme == "file":
        Path(unquote(urlsplit(url).path)).mkdir(parents=True, exist_ok=True)
    if scheme in ("file", "memory"):
        return from_url(url)
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"  # options of ours would hide it
    return from_url(url, client_options={**PATIENCE, "allow_http": plain}, retry_config=RETRIES)
