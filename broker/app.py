"""The composition root: the only place that knows every class."""

from __future__ import annotations

import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from broker import __version__
from broker.addresses import cookie_name, is_https, origin_of, public_endpoint, s3_sources
from broker.api.buckets import BucketRoutes
from broker.api.downloads import DownloadRoutes
from broker.api.identity import Identity
from broker.api.middleware import answer_headers, middleware_stack, request_ids
from broker.api.objects import ObjectRoutes
from broker.api.pages import page_headers, page_routes, web_folder
from broker.api.problems import on_broker_error, on_http_exception
from broker.api.sessions import SessionRoutes
from broker.api.system import SystemRoutes
from broker.api.uploads import UploadRoutes
from broker.auth.local_users import LocalUsers
from broker.auth.seal import Sealer
from broker.auth.sessions import Sessions
from broker.auth.throttle import LoginThrottle
from broker.auth.tokens import TokenIssuer, TokenVerifier, assert_backend, local_issuer
from broker.buckets import Buckets
from broker.completion import Completion
from broker.downloads import Downloads
from broker.errors import BrokerError, ConfigurationError
from broker.gate import Gate
from broker.objects import Objects
from broker.policy.ticket import Tickets
from broker.s3.buckets import check_answers, list_names
from broker.s3.credentials import CredentialSource
from broker.s3.providers import provider_named
from broker.s3.storage import open_storage
from broker.sign_in import SignIn
from broker.signing import Signing
from broker.state.ratelimit import RateLimit
from broker.state.watched import Watched
from broker.telemetry.audit import AuditLog, shortly
from broker.telemetry.log import make_log
from broker.telemetry.metrics import Metrics
from broker.upload_access import UploadAccess
from broker.upload_drafts import Drafting
from broker.upload_targets import Targets
from broker.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import TextIO

    from starlette.middleware import Middleware
    from starlette.routing import BaseRoute

    from broker.policy.grants import Policy
    from broker.s3.storage import Storage
    from broker.settings import Settings

UPLOAD_ID_BYTES = 16
REQUEST_ID_BYTES = 6


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Core:
    """What every surface shares: who asks, what they may, where the bytes lie."""

    settings: Settings
    storage: Storage
    metrics: Metrics
    gate: Gate
    signing: Signing
    sign_in: SignIn
    identity: Identity
    policy: Watched[Policy]
    users: Watched[LocalUsers]
    clock: Callable[[], datetime]
    audit: AuditLog

    def reload(self) -> None:
        """Read policy and users again; what is wrong is logged and changes nothing."""
        self.policy.reload()
        self.users.reload()

    def close(self) -> None:
        self.storage.close()
        self.sign_in.close()
        self.audit.flush()


def create_app(
    settings: Settings,
    *,
    policy_file: Path | None = None,
    read_policy: Callable[[], Policy] | None = None,
    audit: TextIO | None = None,
    log: TextIO | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Starlette:
    """Return the broker as a Starlette app, ready to serve or to be mounted.

    `read_policy` reads grants and profiles anew whenever `policy_file` changes; without them those
    of the settings hold. Audit lines go to standard output, faults to standard error, unless said
    otherwise. `clock` is aware, UTC. Raises ConfigurationError for what cannot work.
    """
    assert_backend()
    core = _core(
        settings,
        policy_files=[policy_file] if policy_file else [],
        read_policy=read_policy or settings.policy,
        audit=audit or sys.stdout,
        log=log or sys.stderr,
        clock=clock,
    )
    routes = _routes(core)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        core.close()

    app = Starlette(
        routes=routes,
        middleware=_middleware(core, routes),
        exception_handlers={BrokerError: on_broker_error, HTTPException: on_http_exception},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # it would name the request's own Host as where to go
    app.state.core = core
    return app


def _core(
    settings: Settings,
    *,
    policy_files: Sequence[Path],
    read_policy: Callable[[], Policy],
    audit: TextIO,
    log: TextIO,
    clock: Callable[[], datetime],
) -> Core:
    logger = make_log(log)

    def refused(error: ConfigurationError) -> None:
        logger.error("reload refused", problems=list(error.problems))

    policy = Watched(policy_files, read_policy, clock=time.monotonic, on_refusal=refused)
    users = _users(settings, refused)
    metrics = Metrics()
    rate = RateLimit(settings.limits.requests_per_minute, time.monotonic)
    trail = AuditLog(audit, clock, shortly)
    gate = Gate(policy.current, rate, trail, metrics)
    sign_in, verifier = _sign_in(settings, users.current, gate, clock)
    return Core(
        settings=settings,
        storage=open_storage(settings.s3, time.monotonic),
        metrics=metrics,
        gate=gate,
        signing=_signing(settings, metrics, clock),
        sign_in=sign_in,
        identity=Identity(
            verifier, sign_in, gate, origin=origin_of(settings), cookie=cookie_name(settings)
        ),
        policy=policy,
        users=users,
        clock=clock,
        audit=trail,
    )


def _users(
    settings: Settings, refused: Callable[[ConfigurationError], None]
) -> Watched[LocalUsers]:
    if settings.auth.local_users_file is None:
        raise ConfigurationError(["auth.local_users_file: is missing; nobody could sign in"])
    path = Path(settings.auth.local_users_file)
    return Watched([path], lambda: LocalUsers.load(path), clock=time.monotonic, on_refusal=refused)


def _sign_in(
    settings: Settings, users: Callable[[], LocalUsers], gate: Gate, clock: Callable[[], datetime]
) -> tuple[SignIn, TokenVerifier]:
    secrets, audience = settings.secret_bytes, settings.auth.audience
    sessions = Sessions(Sealer(secrets, "session"), clock, token_urlsafe)
    verifier = TokenVerifier(
        [local_issuer(secrets, audience)],
        clock,
        lambda token: token.session_id is not None and sessions.is_revoked(token.session_id),
    )
    issuer = TokenIssuer(secrets, audience, clock, token_urlsafe)
    return SignIn(users, gate, LoginThrottle(time.monotonic), sessions, issuer), verifier


def _signing(settings: Settings, metrics: Metrics, clock: Callable[[], datetime]) -> Signing:
    return Signing(
        credentials=CredentialSource.from_chain().current,
        endpoint=public_endpoint(settings),
        limits=settings.life_limits,
        clock=clock,
        metrics=metrics,
    )


def _routes(core: Core) -> list[BaseRoute]:
    """Return every route, the most asked ones first."""
    settings, identity, client = core.settings, core.identity, core.storage.client
    buckets = Buckets(core.gate, settings.s3.buckets, lambda: list_names(client))
    sessions = SessionRoutes(
        identity,
        core.sign_in,
        cookie=cookie_name(settings),
        secure=is_https(settings),
        body_limit=settings.server.body_limit,
    )
    return [
        *_upload_routes(core).routes(),
        *DownloadRoutes(identity, Downloads(core.gate, core.signing), core.clock).routes(),
        *_object_routes(core).routes(),
        *BucketRoutes(identity, buckets).routes(),
        *sessions.routes(),
        *_system_routes(core).routes(),
        *page_routes(web_folder(), page_headers(s3_sources(public_endpoint(settings)))),
    ]


def _upload_routes(core: Core) -> UploadRoutes:
    settings, storage = core.settings, core.storage
    sealer = Sealer(settings.secret_bytes, "ticket")
    tickets = Tickets(sealer.seal, sealer.unseal)
    access = UploadAccess(tickets, core.gate, core.clock)
    drafting = Drafting(
        access,
        provider_named(settings.s3.provider),
        ttl=settings.limits.upload_ttl,
        clock=core.clock,
        new_id=lambda: token_hex(UPLOAD_ID_BYTES),
    )
    uploads = Uploads(
        drafting=drafting,
        access=access,
        targets=Targets(core.signing),
        tickets=tickets,
        gate=core.gate,
        multipart=storage.multipart,
        objects=storage.objects,
        kept=storage.kept,
        clock=core.clock,
    )
    completion = Completion(access, storage.multipart, storage.objects, storage.kept)
    return UploadRoutes(core.identity, uploads, completion, core.clock)


def _object_routes(core: Core) -> ObjectRoutes:
    sealer = Sealer(core.settings.secret_bytes, "cursor")
    objects = Objects(core.gate, core.storage.objects, sealer.seal, sealer.unseal)
    return ObjectRoutes(core.identity, objects, core.clock)


def _system_routes(core: Core) -> SystemRoutes:
    settings, client = core.settings, core.storage.client
    probed = next(iter(settings.s3.buckets), "presign-broker-readiness")
    token = settings.metrics_token
    return SystemRoutes(
        core.identity,
        core.gate,
        core.metrics,
        version=__version__,
        limits=settings.life_limits,
        metrics_token=None if token is None else token.get_secret_value(),
        s3_answers=lambda: check_answers(client, probed),
        clock=core.clock,
        write_once=provider_named(settings.s3.provider).write_once,
    )


def _middleware(core: Core, routes: Sequence[BaseRoute]) -> list[Middleware]:
    settings = core.settings
    return middleware_stack(
        routes,
        metrics=core.metrics,
        new_id=request_ids(token_hex(REQUEST_ID_BYTES)),
        clock=time.monotonic,
        headers=answer_headers(https=is_https(settings)),
        cors_origins=settings.server.cors_origins,
    )
