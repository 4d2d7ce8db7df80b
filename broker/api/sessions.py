"""Signing in and out over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field
from starlette.responses import Response

from broker.api.answers import Json
from broker.api.body import Wire, decode
from broker.api.endpoint import route
from broker.auth.tokens import MAX_SESSION_TOKEN_LIFE
from broker.errors import Unauthenticated

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from broker.api.identity import Identity
    from broker.sign_in import SignedIn, SignIn


class SignInBody(Wire):
    username: str = Field(max_length=256)
    password: str = Field(max_length=1024)


class SessionRoutes:
    def __init__(
        self, identity: Identity, sign_in: SignIn, *, cookie: str, secure: bool, body_limit: int
    ) -> None:
        """`secure`: the page is served over https, so its cookie never travels without."""
        self._identity = identity
        self._sign_in = sign_in
        self._cookie = cookie
        self._secure = secure
        self._body_limit = body_limit

    def routes(self) -> list[BaseRoute]:
        return [
            route("POST", "/v1/session", self.create),
            route("DELETE", "/v1/session", self.delete),
            route("POST", "/v1/session/renew", self.renew),
        ]

    async def create(self, request: Request) -> Response:
        if "origin" in request.headers:  # a browser; others have no cookie to be set behind
            self._identity.check_origin(request)
        body = await decode(request, SignInBody, self._body_limit)
        peer = request.client.host if request.client else ""
        request_id = request.scope["request_id"]
        return self._answer(
            await self._sign_in.sign_in(body.username, body.password, peer, request_id)
        )

    async def renew(self, request: Request) -> Response:
        return self._answer(self._sign_in.renew(self._identity.session(request)))

    async def delete(self, request: Request) -> Response:
        """Signing out twice is no fault, so a session that has ended answers the same."""
        try:
            session_id = self._identity.session_id(request)
        except Unauthenticated:
            session_id = None
        if session_id is not None:
            self._sign_in.sign_out(session_id)
        answer = Response(status_code=204)
        answer.delete_cookie(self._cookie, httponly=True, samesite="strict", secure=self._secure)
        return answer

    def _answer(self, signed_in: SignedIn) -> Response:
        answer = Json(
            {
                "access_token": signed_in.access_token,
                "token_type": "Bearer",
                "expires_in": int(MAX_SESSION_TOKEN_LIFE.total_seconds()),
            }
        )
        answer.set_cookie(
            self._cookie,
            signed_in.cookie,
            expires=signed_in.session.expires_at,
            httponly=True,
            samesite="strict",
            secure=self._secure,
        )
        return answer
