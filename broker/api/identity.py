"""Who sent a request: a bearer token, or the page's cookie from the page's own origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broker.errors import InvalidToken, OriginRefused, Unauthenticated
from broker.gate import Caller

if TYPE_CHECKING:
    from starlette.requests import Request

    from broker.auth.sessions import Session
    from broker.auth.tokens import TokenVerifier
    from broker.gate import Gate
    from broker.policy.identity import Principal
    from broker.sign_in import SignIn

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME_SITE = frozenset({"same-origin", "none"})  # none: typed or bookmarked by the person


class Identity:
    def __init__(
        self, verifier: TokenVerifier, sign_in: SignIn, gate: Gate, *, origin: str, cookie: str
    ) -> None:
        """`origin` is where the page is served from, `cookie` the name of its cookie."""
        self._verifier = verifier
        self._sign_in = sign_in
        self._gate = gate
        self._origin = origin
        self._cookie = cookie

    def caller(self, request: Request) -> Caller:
        """Return who asks, and count the request.

        Raises Unauthenticated, InvalidToken, OriginRefused or RateLimited.
        """
        token = bearer_token(request)
        if token is not None:
            principal = self._sign_in.principal_of(self._verifier.verify(token))
        else:
            _, principal = self._session_of(request)
        self._gate.enter(principal)
        return Caller(principal, request.scope["request_id"])

    def session(self, request: Request) -> Session:
        """Return the page's session. Raises as `caller`."""
        session, principal = self._session_of(request)
        self._gate.enter(principal)
        return session

    def session_id(self, request: Request) -> str | None:
        """Return the session to end, whichever way it is named; None when there is none."""
        token = bearer_token(request)
        if token is not None:
            return self._verifier.verify(token).session_id
        return self._session_of(request)[0].sid

    def check_origin(self, request: Request) -> None:
        """Refuse what another site's page could have sent. Raises OriginRefused."""
        if request.headers.get("sec-fetch-site", "none") not in _SAME_SITE:
            raise OriginRefused("The cookie is for the broker's own page only.")
        if request.method in SAFE_METHODS:
            return
        if request.headers.get("origin") != self._origin:
            raise OriginRefused(f"Origin: must be {self._origin}.")

    def _session_of(self, request: Request) -> tuple[Session, Principal]:
        cookie = request.cookies.get(self._cookie)
        if cookie is None:
            raise Unauthenticated
        self.check_origin(request)
        return self._sign_in.session_of(cookie)


def bearer_token(request: Request) -> str | None:
    """Return the token of the one Authorization header, None without any. Raises InvalidToken."""
    values: list[bytes] = [
        value for name, value in request.scope["headers"] if name == b"authorization"
    ]
    if not values:
        return None
    scheme, _, token = values[0].decode("latin-1").partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer":
        raise InvalidToken
    return token.strip()
