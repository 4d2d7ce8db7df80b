"""The configuration: one frozen object from `broker.toml` and the environment.

Each value of the file can be overridden: `BROKER_S3__REGION` for `[s3] region`. Secrets come from
the environment or from files named there. Every problem is reported at once, by its name.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from broker.errors import ConfigurationError
from broker.policy.grants import Action, Grant, Policy
from broker.policy.limits import LifeLimits
from broker.policy.profiles import Profile, Strategy
from broker.setting_types import (
    BucketName,
    BucketPattern,
    Duration,
    GrantPrefix,
    KeyTemplate,
    Origin,
    SignedLife,
    Size,
    SplitList,
    TypePattern,
    Url,
    Who,
)
from broker.validation import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic.fields import FieldInfo

PREFIX = "BROKER_"
SECRET_FIELDS = frozenset({"secrets", "metrics_token"})
NO_SETTINGS = frozenset({"BROKER_CONFIG", "BROKER_DEV_S3_ENV", "BROKER_SECRETS_FILE"})
MIN_SECRET_BYTES = 32
KIB = 1024


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Section):
    public_url: Url | None = None
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=64)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, SplitList] = ()
    cors_origins: Annotated[tuple[Origin, ...], NoDecode, SplitList] = ()
    body_limit: Size = Field(Size(64 * KIB), ge=KIB, le=16 * KIB * KIB)

    @model_validator(mode="after")
    def _browsers_know_the_address(self) -> Self:
        if self.public_url is None and self.host in {"0.0.0.0", "::"}:  # noqa: S104 - refused here
            raise ValueError("public_url is missing; people cannot reach the page by a wildcard")
        return self


class S3Settings(Section):
    provider: Literal[
        "aws", "ceph", "r2", "minio", "b2", "gcs", "localstack", "ministack", "generic"
    ] = "aws"
    region: str = Field("us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    endpoint_url: Url | None = None
    public_endpoint_url: Url | None = None
    addressing: Literal["auto", "path", "virtual"] = "auto"
    buckets: Annotated[tuple[BucketName, ...], NoDecode, SplitList] = ()

    @model_validator(mode="after")
    def _endpoint_of_provider(self) -> Self:
        if self.provider != "aws" and self.endpoint_url is None:
            raise ValueError(f"endpoint_url is missing; provider {self.provider} needs one")
        return self


class AuthSettings(Section):
    local_users_file: str | None = None
    audience: str = "presign-broker"


class GrantSettings(Section):
    who: Who
    bucket: BucketPattern
    prefix: GrantPrefix = ""
    actions: Annotated[frozenset[Action], NoDecode, SplitList] = Field(min_length=1)
    max_size: Size | None = None
    types: Annotated[tuple[TypePattern, ...], NoDecode, SplitList] = ()
    max_expiry: SignedLife | None = None
    overwrite: bool = True


class ProfileSettings(Section):
    bucket: BucketName
    key: KeyTemplate
    types: Annotated[tuple[TypePattern, ...], NoDecode, SplitList] = ()
    max_size: Size | None = None
    overwrite: bool = True
    expiry: SignedLife | None = None
    strategy: Strategy = Strategy.AUTO


class CacheSettings(Section):
    url: Literal["memory://"] = "memory://"


class LimitSettings(Section):
    requests_per_minute: int = Field(6000, ge=1)
    default_expiry: SignedLife = timedelta(minutes=5)
    max_expiry: SignedLife = timedelta(hours=1)
    upload_ttl: Duration = timedelta(days=7)


def _long_secrets(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not secrets:
        raise ValueError("is missing; set BROKER_SECRETS")
    if any(len(secret.get_secret_value().encode()) < MIN_SECRET_BYTES for secret in secrets):
        raise ValueError(f"each must have at least {MIN_SECRET_BYTES} bytes")
    return secrets


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value():
        raise ValueError("must not be empty")
    return secret


class Settings(BaseSettings):
    """Made by `load_settings`; `secrets` are newest first and never shown."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__"
    )

    server: ServerSettings = ServerSettings()
    s3: S3Settings = S3Settings()
    auth: AuthSettings = AuthSettings()
    grants: tuple[GrantSettings, ...] = ()
    profiles: dict[str, ProfileSettings] = {}
    cache: CacheSettings = CacheSettings()
    limits: LimitSettings = LimitSettings()
    secrets: Annotated[
        tuple[SecretStr, ...], NoDecode, SplitList, AfterValidator(_long_secrets)
    ] = Field((), validate_default=True)
    metrics_token: Annotated[SecretStr, AfterValidator(_not_empty)] | None = None

    @classmethod
    def settings_customise_sources(  # the library's signature; only one source is wanted
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but the arguments: the environment is one of `load_settings`."""
        return (init_settings,)

    @model_validator(mode="after")
    def _workers_share_state(self) -> Self:
        if self.server.workers > 1:
            raise ValueError("server.workers: more than 1 needs a cache that workers share")
        return self

    @property
    def secret_bytes(self) -> tuple[bytes, ...]:
        return tuple(secret.get_secret_value().encode() for secret in self.secrets)

    @property
    def public_url(self) -> str:
        if self.server.public_url is not None:
            return self.server.public_url
        host = f"[{self.server.host}]" if ":" in self.server.host else self.server.host
        return f"http://{host}:{self.server.port}"

    def listening_on(self, host: str | None, port: int | None) -> Settings:
        """Return these settings for another address to listen on, as given to a command."""
        given = {"host": host, "port": port}
        changes = {name: value for name, value in given.items() if value is not None}
        return self.model_copy(update={"server": self.server.model_copy(update=changes)})

    @property
    def life_limits(self) -> LifeLimits:
        return LifeLimits(self.limits.default_expiry, self.limits.max_expiry)

    def policy(self) -> Policy:
        return Policy(
            [Grant(**dict(grant)) for grant in self.grants],
            [Profile(name=name, **dict(profile)) for name, profile in self.profiles.items()],
        )


def read_toml(path: Path) -> dict[str, object]:
    """Return the file's content. Raises ConfigurationError with the line that is wrong."""
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read ({error.strerror})"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path}: is not TOML: {error}"]) from error


def load_settings(environ: Mapping[str, str], toml: Mapping[str, object]) -> Settings:
    """Return the settings of a file's content, overridden from the environment.

    Raises ConfigurationError with every problem, each by its name.
    """
    problems = [f"{name}: is not known" for name in _unknown_variables(environ)]
    problems += [
        f"{name}: is a secret; set {PREFIX}{name.upper()}"
        for name in sorted(SECRET_FIELDS.intersection(toml))
    ]
    overrides = _from_environment(environ)
    try:
        overrides |= _from_secrets_file(environ)
    except ConfigurationError as error:
        problems += error.problems
    try:
        settings = Settings.model_validate(_merged(toml, overrides))
    except ValidationError as error:
        problems += [_problem(path, fault) for path, fault in describe(error.errors())]
    if problems:
        raise ConfigurationError(problems)
    return settings


def _merged(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """Return `base` with the values of `over`, tables merged key by key."""
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[name] = _merged(below, value)
        else:
            merged[name] = value
    return merged


def _problem(path: str, fault: str) -> str:
    return f"{path}: {fault}" if path else fault


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = {PREFIX + field.upper() for field in Settings.model_fields} | NO_SETTINGS
    ours = (name for name in environ if name.startswith(PREFIX))
    return sorted(name for name in ours if name.partition("__")[0] not in known)


class _Environment(EnvSettingsSource):
    """Leaves text that is not JSON as it is: validation then says what was meant, by name."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: object) -> object:
        try:
            decoded: object = super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value
        return decoded


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    source = _Environment(Settings)
    source.env_vars = {name.lower(): value for name, value in environ.items()}
    overrides: dict[str, object] = source()
    return overrides


def _from_secrets_file(environ: Mapping[str, str]) -> dict[str, object]:
    path = environ.get("BROKER_SECRETS_FILE")
    return {"secrets": read_secrets(Path(path))} if path else {}


def read_secrets(path: Path) -> list[str]:
    """Return the secrets of a file, one a line, newest first. Raises ConfigurationError."""
    try:
        return path.read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"BROKER_SECRETS_FILE: {path} cannot be read"]) from error
