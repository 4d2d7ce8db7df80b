"""Signing in with a local user's password, and staying signed in."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from broker.auth.tokens import MAX_SESSION_TOKEN_LIFE
from broker.errors import BrokerError, InvalidCredentials, InvalidToken
from broker.gate import Caller
from broker.policy.identity import LOCAL_ISSUER, Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from broker.auth.local_users import LocalUsers
    from broker.auth.sessions import Session, Sessions
    from broker.auth.throttle import LoginThrottle
    from broker.auth.tokens import TokenIssuer, VerifiedToken
    from broker.gate import Gate

_HASHING_THREADS = 2  # argon2 fills a core and 64 MiB for each


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`cookie` is for the page, `access_token` for an API client."""

    session: Session
    cookie: str
    access_token: str


class SignIn:
    def __init__(
        self,
        users: Callable[[], LocalUsers],
        gate: Gate,
        throttle: LoginThrottle,
        sessions: Sessions,
        tokens: TokenIssuer,
    ) -> None:
        """`users` is asked on each call, so that a removed user is out at once."""
        self._users = users
        self._gate = gate
        self._throttle = throttle
        self._sessions = sessions
        self._tokens = tokens
        self._hashing = ThreadPoolExecutor(_HASHING_THREADS, thread_name_prefix="argon2")

    async def sign_in(self, username: str, password: str, peer: str, request_id: str) -> SignedIn:
        """Raises InvalidCredentials, the same for an unknown user, or RateLimited.

        Each try is recorded, as no grant decides here.
        """
        claimed = Caller(Principal(LOCAL_ISSUER, username, frozenset()), request_id)
        note = partial(self._gate.note, "session.create", claimed)
        try:
            signed_in = await self._prove(username, password, peer)
        except BrokerError as refusal:
            note(allowed=False, reason=refusal.code)
            raise
        note(allowed=True, reason="password")
        return signed_in

    async def _prove(self, username: str, password: str, peer: str) -> SignedIn:
        self._throttle.check(username, peer)
        users = self._users()  # one reading: the file may change while the password is hashed
        principal = await asyncio.get_running_loop().run_in_executor(
            self._hashing, users.authenticate, username, password
        )
        if principal is None:
            raise InvalidCredentials
        self._throttle.succeeded(username, peer)
        generation = users.generation(principal.subject) or ""
        return self._signed_in(self._sessions.start(principal, generation))

    def renew(self, session: Session) -> SignedIn:
        """Raises InvalidToken at the session's absolute end."""
        return self._signed_in(self._sessions.renew(session))

    def sign_out(self, session_id: str) -> None:
        """End the session with its tokens."""
        self._sessions.revoke(session_id)

    def session_of(self, cookie: str) -> tuple[Session, Principal]:
        """Return the session and who it stands for today. Raises InvalidToken."""
        session = self._sessions.open(cookie)
        return session, self._user(session.subject, session.sid)

    def principal_of(self, token: VerifiedToken) -> Principal:
        """Return who a token stands for: for one of a sign-in, the user as of today.

        Raises InvalidToken when that user is gone, or has another password now.
        """
        if token.session_id is None:
            return token.principal
        return self._user(token.principal.subject, token.session_id)

    def _user(self, subject: str, session_id: str) -> Principal:
        principal = self._users().find_signed_in(subject, session_id)
        if principal is None:
            raise InvalidToken
        return principal

    def _signed_in(self, session: Session) -> SignedIn:
        principal = self._user(session.subject, session.sid)
        token = self._tokens.issue(
            principal.subject, principal.roles, MAX_SESSION_TOKEN_LIFE, session.sid
        )
        return SignedIn(session, self._sessions.seal(session), token)

    def close(self) -> None:
        self._hashing.shutdown(wait=False, cancel_futures=True)
