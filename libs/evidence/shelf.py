"""Where sealed evidence lies: a folder (`file:///…`) or a bucket (`s3://bucket/prefix`). It is never changed there.

An object's name is the report and the SHA-256 of the document in it, so that a second sealing of the same facts finds
the first, and one of other facts takes nothing away.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import ObjectStore, from_url


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
    if url.startswith("file:"):
        Path(unquote(urlsplit(url).path)).mkdir(parents=True, exist_ok=True)
    return from_url(url)
