"""What can keep a bar from opening.

BarError
├── PackagesMissing     a Debian package is needed and we may not install it
├── PortInUse           something else listens on a port of ours
├── HalfMade            the data folder holds the remains of an interrupted set-up
├── OutOfReach          the postgres user cannot reach the data folder
├── NeverReady          a process died or stayed silent while starting
└── NotRunning          the command needs a running bar
"""


class BarError(Exception):
    """Something is wrong with the bar as a whole; `next_step` says what to do about it."""

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.problem}\nNext: {self.next_step}"


class PackagesMissing(BarError):
    """A Debian package is needed and we may not install it."""


class PortInUse(BarError):
    """Something else listens on a port of ours."""


class HalfMade(BarError):
    """The data folder holds the remains of an interrupted set-up."""


class OutOfReach(BarError):
    """The postgres user cannot reach the data folder."""


class NeverReady(BarError):
    """A process died or stayed silent while starting."""


class NotRunning(BarError):
    """The command needs a running bar."""
