"""The reference client: asyncio, typed events, cheap enough for hundreds of guests in one process."""

from clients.python.account import Account, AskCode
from clients.python.client import Client
from clients.python.problems import ClientError, Closed, Refused, Unreachable
from clients.python.visit import Visit

__all__ = ["Account", "AskCode", "Client", "ClientError", "Closed", "Refused", "Unreachable", "Visit"]
