"""What people wrote, sealed before it becomes part of an event.

A projection writes what its event says, and a rebuild has to write the same bytes again. So the text is sealed first:
the event and the table hold the same token, no table holds a word that can be read, and a backup of this database says
nothing without the keys. Whose key decides how long a text lives: a reporter's words end with the reporter or with the
case, whichever is first; what was written about a case or a sanction ends with that.
"""

from base64 import b64decode, b64encode
from uuid import UUID

from cryptography.exceptions import InvalidTag

from libs.eventstore.keys import KeyRing


class Texts:
    """Seals and opens under the keys of people, cases and sanctions."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def seal(self, text: str | None, *owners: UUID, about: UUID) -> str | None:
        """A token that opens with the keys of all `owners`, and only as what was said about `about`.

        None where there is no text, or where one of the keys has been destroyed.
        """
        if text is None:
            return None
        sealed = text.encode()
        for owner in owners:
            if (key := await self._keys.obtain(owner)) is None:
                return None
            sealed = key.seal(sealed, about.bytes)
        return b64encode(sealed).decode()

    async def open(self, token: str | None, *owners: UUID, about: UUID) -> str | None:
        """The text, sealed last by the first of `owners`; None once one of their keys is destroyed.

        A token that does not fit says nothing either.
        """
        if token is None:
            return None
        text = b64decode(token)
        for owner in owners:
            if (key := await self._keys.find(owner)) is None:
                return None
            try:
                text = key.open(text, about.bytes)
            except InvalidTag:
                return None
        return text.decode()
