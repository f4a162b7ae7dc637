"""Redis on loopback: one user per service, each with its own key prefixes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import redis.asyncio

from deploy.native.folder import Folder, write
from deploy.native.ports import HOST
from deploy.native.process import Command
from deploy.redis.users import ADMIN, users


@dataclass(frozen=True)
class Redis:
    """The server; `keys` are the key patterns of every service."""

    folder: Folder
    port: int
    keys: Mapping[str, Sequence[str]]
    name: str = "redis"
    roles: tuple[str, ...] = ("cache",)

    def url(self, user: str = ADMIN) -> str:
        """`redis://user:password@host:port/0`; without a user the administrator's."""
        return f"redis://{user}:{self.folder.password(f'redis/{user}')}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        home = self.folder / "redis"
        home.mkdir(exist_ok=True)
        lines = (" ".join(["user", *line]) for line in users(self.keys, self.folder.password))
        write(home / "users.acl", "".join(f"{line}\n" for line in lines))

    def command(self) -> Command:
        home = self.folder / "redis"
        settings = {"bind": HOST, "port": str(self.port), "dir": str(home), "aclfile": str(home / "users.acl")}
        argv = ["redis-server", *(word for key, value in settings.items() for word in (f"--{key}", value))]
        return Command(argv, cwd=home)

    async def probe(self) -> None:
        async with redis.asyncio.from_url(self.url()) as client:
            await client.ping()

    async def settle(self) -> None:
        """Nothing: users and keys come with the configuration."""
