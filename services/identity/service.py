"""The one door: codes, sign-ins, refreshes and sessions, each a short transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from asyncpg import Record

from libs.chassis.auth import APPEAL
from libs.chassis.problems import FieldError, Invalid, RateLimited, Unauthenticated, Unavailable
from libs.contracts.vocabulary import DeviceType, RevokeReason
from libs.eventstore.db import Pool
from libs.eventstore.errors import Conflict
from libs.eventstore.store import Store, Unit
from services.identity import banlist, codes, queries, throttles
from services.identity.accounts import hold
from services.identity.addresses import normal_email
from services.identity.codes import BadCode, Locked
from services.identity.commands import Command, EndAllSessions, EndSession, SignIn
from services.identity.decider import USER, AccountSuspended, Deleted, NotFound, Suspended, stream_of
from services.identity.families import Families, Refusal, Rotated
from services.identity.limits import Limits
from services.identity.mail import Mailer, MailFailed, MailRefused
from services.identity.pepper import Pepper
from services.identity.refresh import RefreshToken, TokenExpired, TokenReused, Verdict
from services.identity.throttles import in_seconds
from services.identity.tokens import Mint

log = structlog.get_logger(__name__)
MAIL_RETRY = 5  # seconds


@dataclass(frozen=True, slots=True)
class CodePolicy:
    lifetime: timedelta
    tries: int  # wrong ones


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Tokens of a session, and `user`: the columns of `users`, and `roles`.

    Without a refresh token the other is good for an appeal and no more: there is no session.
    """

    access_token: str
    refresh_token: str | None
    user: Record


@dataclass(frozen=True, slots=True)
class Entered:
    """A right code: whose, since when, and whether the account was open."""

    user: Record
    at: datetime
    suspended: bool


@dataclass(frozen=True, slots=True)
class Identity:
    pool: Pool
    store: Store
    families: Families
    mailer: Mailer
    mint: Mint
    pepper: Pepper
    policy: CodePolicy
    limits: Limits
    now: Callable[[], datetime]

    async def send_code(self, email: str, locale: str | None, client: str) -> None:
        """Mail a fresh code, which ends the one before it. The same for every address, known or not.

        Raises RateLimited; Unavailable where the mail could not be handed over (then it does not count, and the code
        stays good in case the mail went out after all); Invalid where the mail server refuses the address for good.
        """
        at, code = self.now(), codes.new_code()
        mark = codes.mark(self.pepper, email, code)
        limits = self.limits.codes(mark.address, client)
        async with self.pool.acquire() as db, db.transaction():
            if not await throttles.take(db, at, *limits):
                raise RateLimited(retry_after=in_seconds(max(await throttles.waits(db, at, *limits))))
            await db.execute(codes.PUT, mark.address, mark.code, at + self.policy.lifetime)
        try:
            await self.mailer.send_code(email, code, self.policy.lifetime, locale)
        except MailRefused:
            refused = FieldError(pointer="#/body/email", detail="the mail server takes no mail for this address")
            raise Invalid(errors=[refused]) from None
        except MailFailed as failed:
            log.warning("mail failed", reason=str(failed))
            await throttles.give_back(self.pool, *limits)
            raise Unavailable("The mail could not be sent. Try again.", retry_after=MAIL_RETRY) from None

    async def sign_in(self, email: str, code: str, device_type: DeviceType, client: str) -> SignedIn:
        """Use a code; the first sign-in registers, a suspended person gets what an appeal takes.

        Raises BadCode, Locked, RateLimited; AccountSuspended for who was suspended when they were erased.
        """
        at = self.now()
        mark = codes.mark(self.pepper, email, code)
        limits = self.limits.wrong_codes(mark.address, client)
        locked, limited = await throttles.waits(self.pool, at, *limits)
        if locked:
            raise Locked("Too many wrong codes for this address.", headers={"retry-after": str(in_seconds(locked))})
        if limited:
            raise RateLimited(retry_after=in_seconds(limited))
        newcomer, token = uuid4(), RefreshToken.first(uuid4())

        async def work(unit: Unit) -> Entered | codes.Verdict:
            row = await unit.guard(codes.LOCK, [mark.address])
            verdict = codes.judge(row[0] if row else None, mark, at, self.policy.tries)
            if verdict is codes.Verdict.WRONG:
                await unit.db.execute(codes.MISS, mark.address)  # and commit: a refusal raised here would undo it
            if verdict is not codes.Verdict.RIGHT:
                return verdict
            return await self._enter(unit, mark, email, device_type, newcomer, token)

        found = await self.store.run(work, at=at)
        match found:
            case Entered(user, began, suspended=True):
                access = self.mint.access_token(user["id"], token.session_id, (), self.now(), began, APPEAL)
                return SignedIn(access, None, user)
            case Entered(user, began):
                return self._signed_in(user, token, at, began)
        await throttles.take(self.pool, at, *(limits if found is codes.Verdict.WRONG else limits[1:]))
        raise Locked if found is codes.Verdict.SPENT else BadCode

    async def refresh(self, text: str) -> SignedIn:
        """A session's next tokens. Raises TokenReused (its session has ended now), TokenExpired, AccountSuspended."""
        at, token = self.now(), RefreshToken.read(text, self.pepper)
        if token is None:
            raise TokenExpired
        successor = token.successor(self.pepper)
        match await self.families.rotate(token, successor, at):
            case Refusal(Verdict.REUSED, UUID() as user_id):
                await self.execute(EndSession(user_id, token.session_id, "token_reused"))
                raise TokenReused
            case Refusal(Verdict.BURNT):
                raise TokenReused
            case Refusal(Verdict.SUSPENDED):
                raise AccountSuspended
            case Refusal():
                raise TokenExpired
            case Rotated(user, signed_in_at):
                return self._signed_in(user, successor, at, signed_in_at)

    async def end_session(self, user_id: UUID, session_id: UUID, reason: RevokeReason) -> None:
        """Raises NotFound for a session that is not this user's; one that has ended already is fine."""
        if not await queries.is_session_of(self.pool, session_id, user_id):
            raise NotFound
        await self.execute(EndSession(user_id, session_id, reason))

    async def end_all_sessions(self, user_id: UUID) -> None:
        await self.execute(EndAllSessions(user_id, "signed_out"))

    async def sessions(self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Record]:
        """Devices signed in, newest first."""
        return await queries.sessions(self.pool, user_id, self.now(), after, limit)

    async def must_be_live(self, session_id: UUID) -> None:
        """At home a revocation holds at once, whatever Kafka is doing. Raises Unauthenticated."""
        if not await queries.is_live(self.pool, session_id):
            raise Unauthenticated("This session has ended.")

    async def account(self, user_id: UUID) -> Record:
        """The columns of `users`, and `roles`. Raises NotFound."""
        return await queries.account(self.pool, user_id)

    async def user_of(self, email: str) -> UUID:
        """Whose address it is, in any spelling. Raises NotFound; ValueError for what is no address."""
        if found := await queries.user_of_email(self.pool, normal_email(email)):
            return found
        raise NotFound

    async def execute(self, command: Command) -> None:
        """Decide and record. Raises what the decider refuses with."""

        async def work(unit: Unit) -> None:
            await hold(unit, command.user_id)
            stream = await unit.load(USER, stream_of(command.user_id))
            await unit.append(USER, stream, USER.decide(stream.state, command))

        await self.store.run(work, at=self.now())

    async def _enter(
        self, unit: Unit, mark: codes.Mark, email: str, device_type: DeviceType, newcomer: UUID, token: RefreshToken
    ) -> Entered:
        known = await queries.user_of_login(unit.db, "email", email)
        if known:
            await hold(unit, known)
        elif await banlist.holds(unit.db, self.pepper, "email", email, unit.at):
            raise AccountSuspended
        user_id = known or newcomer
        stream = await unit.load(USER, stream_of(user_id))
        if isinstance(stream.state, Deleted):
            raise Conflict(stream.stream_id)  # just now: the address is free again
        suspended = isinstance(stream.state, Suspended)
        if not suspended:
            command = SignIn(user_id, token.session_id, "email", email, email, device_type)
            await unit.append(USER, stream, USER.decide(stream.state, command))
            await self.families.begin(unit.db, user_id, token, unit.at)
        await unit.db.execute(codes.USE, mark.address, unit.at)
        return Entered(await queries.account(unit.db, user_id), unit.at, suspended)

    def _signed_in(self, user: Record, token: RefreshToken, at: datetime, signed_in_at: datetime) -> SignedIn:
        access = self.mint.access_token(user["id"], token.session_id, user["roles"], at, signed_in_at)
        return SignedIn(access, token.text(self.pepper), user)
