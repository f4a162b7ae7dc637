"""What people wrote, sealed before it becomes part of an event.

A projection writes what its event says, and a rebuild has to write the same bytes again. So the text is sealed first:
the event and the table hold the same token, no table holds a word that can be read, and a backup of this database says
nothing without the keys. Whose key decides how long a text lives: a reporter's words end with the reporter, what was
written about a case or a sanction ends with that.
"""

from base64 import b64decode, b64encode
from uuid import UUID

from cryptography.exceptions import InvalidTag

from libs.eventstore.keys import KeyRing


class Texts:
    """Seals and opens under the keys of people, cases and sanctions."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def seal(self, text: str | None, *, owner: UUID, about: UUID) -> str | None:
        """A token that opens under the key of `owner`, and only as what was said about `about`.

        None where there is no text, or where the owner's key has been destroyed.
        """
        if text is None or (key := await self._keys.obtain(owner)) is None:
            return None
        return b64encode(key.seal(text.encode(), about.bytes)).decode()

    async def open(self, token: str | None, *, owner: UUID, about: UUID) -> str | None:
        """The text; None once the owner's key is destroyed. A token that does not fit says nothing either."""
        if token is None or (key := await self._keys.find(owner)) is None:
            return None
        try:
            return key.open(b64decode(token), about.bytes).decode()
        except InvalidTag:
            return None
