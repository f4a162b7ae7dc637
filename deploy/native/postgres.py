"""PostgreSQL on loopback, one cluster per data folder, never run as root."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.native.errors import BarError, HalfMade, OutOfReach
from deploy.native.folder import Folder, write
from deploy.native.ports import HOST
from deploy.native.process import Command, run
from deploy.postgres.bootstrap import Passwords, bootstrap

ACCOUNT = "postgres"
OLDEST = 15

# Values and statements stay out of the log: they may be somebody's e-mail address.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_line_prefix": "%m %u@%d ",
}


@dataclass(frozen=True)
class Postgres:
    """The server with the databases `virtubar` and `virtubar_keys` and the roles of `services`.

    `durable=False` trades survival of a power cut for speed: for tests.
    """

    folder: Folder
    port: int
    services: Sequence[str]
    durable: bool = True
    name: str = "postgres"
    roles: tuple[str, ...] = ("database",)

    @property
    def data(self) -> Path:
        return self.folder / "postgres" / "data"

    @property
    def admin_url(self) -> str:
        """The superuser's URL of the database `virtubar`."""
        return self.url("postgres", "virtubar")

    def url(self, role: str, database: str) -> str:
        """`postgresql://role:password@host:port/database`."""
        return f"postgresql://{role}:{self.folder.password(f'postgres/{role}')}@{HOST}:{self.port}/{database}"

    def passwords(self) -> dict[str, Passwords]:
        """Of every service: its owner's and its runtime role's password."""
        word = self.folder.password
        return {s: Passwords(word(f"postgres/{s}_owner"), word(f"postgres/{s}")) for s in self.services}

    def prepare(self) -> None:
        bin_folder = binaries()
        if not (self.data / "PG_VERSION").exists():
            if self.data.exists() or self.folder.made(self.name):
                raise HalfMade(f"{self.data} holds no complete PostgreSQL cluster", self.folder.start_afresh)
            self._initdb(bin_folder)
            self.folder.mark_made(self.name)
        if not self.folder.knows("postgres/postgres"):
            raise HalfMade(f"the passwords in {self.folder / 'secrets.json'} are lost", self.folder.start_afresh)
        made = (self.data / "PG_VERSION").read_text().strip()
        if made != str(version(bin_folder)):
            raise BarError(
                f"{self.data} was made by PostgreSQL {made}, installed is {version(bin_folder)}",
                f"install postgresql-{made}, or {self.folder.start_afresh}",
            )

    def command(self) -> Command:
        settings = {**SETTINGS, "port": str(self.port), "fsync": "on" if self.durable else "off"}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        argv = [str(binaries() / "postgres"), "-D", str(self.data), *options]
        # SIGINT is PostgreSQL's "fast" shutdown: it does not wait for its clients.
        return Command(argv, env={"LC_ALL": "C.UTF-8"}, cwd=self.data, user=account(), stop=signal.SIGINT)

    async def probe(self) -> None:
        db = await asyncpg.connect(self.url("postgres", "postgres"), timeout=4)
        await db.close()

    async def settle(self) -> None:
        await bootstrap(self.url("postgres", "postgres"), "virtubar", self.passwords())

    def _initdb(self, bin_folder: Path) -> None:
        home, draft = self.data.parent, self.data.with_name("data.making")
        shutil.rmtree(draft, ignore_errors=True)
        home.mkdir(exist_ok=True)
        secret = home / "superuser"
        write(secret, self.folder.password("postgres/postgres"))
        if user := account():
            shutil.chown(home, user, user)
            shutil.chown(secret, user, user)
        auth = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username=postgres"]
        argv = [str(bin_folder / "initdb"), "-D", str(draft), "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", *auth]
        try:
            run(Command(argv, cwd=Path("/"), user=user))
        except subprocess.CalledProcessError as error:
            raise OutOfReach(
                f"initdb failed in {home}:\n{error.output.strip()}",
                f"name a folder that the user {user or os.environ.get('USER', 'you')} can reach, in VIRTUBAR_DATA",
            ) from error
        finally:
            secret.unlink()
        draft.rename(self.data)  # so that a cluster is whole or not there


def account() -> str | None:
    """The account to run as: `postgres` when we are root, else our own (None)."""
    return ACCOUNT if os.geteuid() == 0 else None


def binaries() -> Path:
    """The folder of the newest installed server programs; raises BarError when there are none new enough."""
    places = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    if suitable := [place for place in places if version(place) >= OLDEST]:
        return max(suitable, key=version)
    raise BarError(f"PostgreSQL {OLDEST} or newer is not installed", "apt-get install postgresql")


def version(bin_folder: Path) -> int:
    """The major version of the server programs in a folder."""
    told = subprocess.run([bin_folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)", told)
    return int(found[1]) if found else 0
