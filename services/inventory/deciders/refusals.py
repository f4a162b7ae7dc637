"""Every reason for which inventory says no. The class name is the problem's slug, the docstring its text.

Refused
├── NotFound            no such item, no such person; or one to be taken for absent
├── ItemRetired         it is sold no more
├── PriceChanged        it costs something else than the buyer believes
├── AlreadyOwned        cosmetics and emotes are had once
├── InsufficientFunds   the wallet has less than that
├── Self                a gift is for somebody else
├── SkuTaken            there is, or was, an item of that sku
├── ReferenceUsed       that credit has been entered before
└── WalletFull          more than a wallet holds
"""

from libs.eventstore.decider import Refused


class NotFound(Refused):
    """There is no such thing."""


class ItemRetired(Refused):
    """This is sold no more."""


class PriceChanged(Refused):
    """This costs something else by now. Look again."""


class AlreadyOwned(Refused):
    """This is had once, and is had already."""


class InsufficientFunds(Refused):
    """There is not enough in the wallet."""


class Self(Refused):
    """That works with somebody else only."""


class SkuTaken(Refused):
    """An item of this sku has been listed before."""


class ReferenceUsed(Refused):
    """This wallet has an entry of this reference already."""


class WalletFull(Refused):
    """A wallet does not hold that much."""
