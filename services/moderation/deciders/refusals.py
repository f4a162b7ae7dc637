"""Every reason for which moderation says no. The class name is the problem's slug, the docstring its text.

Refused
├── NotFound        no such person, room, report or sanction
├── Self            one does not report oneself
├── ReportExists    this person was reported for this room already, and nobody has judged it yet
├── Claimed         another moderator has the case
├── NotClaimant     the case is not yours, or no longer
├── Resolved        the case is closed
├── Outranked       moderators and operators are not sanctioned by their equals
├── SameModerator   two approvers are two people
├── NotProposed     nothing is waiting for approval there
├── AppealExists    one sanction, one appeal
├── AppealWindow    too late, or nothing to appeal
└── AppealDecided   the appeal was judged otherwise already
"""

from libs.eventstore.decider import Refused


class NotFound(Refused):
    """There is no such thing."""


class Self(Refused):
    """You cannot report yourself."""


class ReportExists(Refused):
    """You have reported this person for this already. A moderator will look at it."""


class Claimed(Refused):
    """Another moderator is working on this report."""


class NotClaimant(Refused):
    """Claim this report first: it is not yours, or your time has run out."""


class Resolved(Refused):
    """This report has been resolved."""


class Outranked(Refused):
    """You cannot sanction this person."""


class SameModerator(Refused):
    """That takes another moderator."""


class NotProposed(Refused):
    """This sanction is not waiting for approval."""


class AppealExists(Refused):
    """This sanction has been appealed already."""


class AppealWindow(Refused):
    """This sanction can no longer be appealed."""


class AppealDecided(Refused):
    """This appeal has been decided."""
