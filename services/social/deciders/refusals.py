"""Every reason for which social says no about profiles. The class name is the problem's slug, the docstring its text.

Refused
├── NotFound        there is nobody of that id, as far as whoever asks may know
└── NameTaken       no suffix is left for that name
"""

from libs.eventstore.decider import Refused


class NotFound(Refused):
    """There is nobody of that id."""


class NameTaken(Refused):
    """So many people bear this name that no number is left for it. Choose another one."""
