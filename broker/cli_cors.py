"""`broker cors plan|apply|verify|remove`.

Exit codes: 0 done or as wanted, 1 S3 refused or a check failed, 2 asked wrongly, configured wrongly
or not possible on this provider.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from urllib.parse import urlsplit

import typer

from broker.cli_context import FAILED, configured, cors_of, exit_codes
from broker.cors import read_rules
from broker.policy.cors import document, expand, with_metadata

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from broker.cors import Cors, CorsPlan
    from broker.cors_visit import CorsCheck
    from broker.policy.cors import CorsRule
    from broker.settings import Settings

T = TypeVar("T")

cors_app = typer.Typer(
    name="cors",
    no_args_is_help=True,
    help="Let browsers at your origins use presigned URLs of a bucket.",
)

Bucket = Annotated[str, typer.Option("--bucket", help="The bucket.")]
Origins = Annotated[
    list[str] | None,
    typer.Option("--origin", help="Exact origin; repeat it. Default: public_url, cors_origins."),
]
RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", help="Rules in the AWS CLI's form. Default: the broker's own."),
]
Metadata = Annotated[
    list[str] | None,
    typer.Option("--metadata", help="User metadata that uploads carry, without x-amz-meta-."),
]
AnyOrigin = Annotated[
    bool, typer.Option("--allow-any-origin", help="Let `*` stand for every site, writing too.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the diff, change nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@cors_app.command()
def plan(
    *,
    bucket: Bucket,
    origin: Origins = None,
    rules: RulesFile = None,
    metadata: Metadata = None,
    allow_any_origin: AnyOrigin = False,
    as_json: AsJson = False,
) -> None:
    """Show what apply would change; change nothing."""
    with exit_codes():
        settings = configured()
        origins, chosen = _origins(settings, origin), _rules(rules, metadata)
        _show_plan(
            _run(
                settings,
                lambda cors: cors.plan(bucket, origins, chosen, allow_any_origin=allow_any_origin),
            ),
            as_json=as_json,
        )


@cors_app.command()
def apply(
    *,
    bucket: Bucket,
    origin: Origins = None,
    rules: RulesFile = None,
    metadata: Metadata = None,
    allow_any_origin: AnyOrigin = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write the broker's rules into the bucket; rules of others are kept."""
    with exit_codes():
        settings = configured()
        origins, chosen = _origins(settings, origin), _rules(rules, metadata)

        def work(cors: Cors) -> Awaitable[CorsPlan]:
            step = cors.plan if dry_run else cors.apply
            return step(bucket, origins, chosen, allow_any_origin=allow_any_origin)

        _show_plan(_run(settings, work), as_json=as_json)


@cors_app.command()
def remove(
    *,
    bucket: Bucket,
    origin: Origins = None,
    rules: RulesFile = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Remove the broker's rules from the bucket; rules of others are kept."""
    with exit_codes():
        settings = configured()
        # Nothing is opened here: the wanted rules only serve to find ours again.
        ours = expand(_rules(rules, None), _origins(settings, origin), allow_any_origin=True)

        def work(cors: Cors) -> Awaitable[CorsPlan]:
            return (cors.plan_removal if dry_run else cors.remove)(bucket, ours)

        _show_plan(_run(settings, work), as_json=as_json)


@cors_app.command()
def verify(
    *,
    bucket: Bucket,
    origin: Origins = None,
    metadata: Metadata = None,
    as_json: AsJson = False,
) -> None:
    """Ask S3 as a browser at each origin would; say which line of the rules is missing."""
    with exit_codes():
        settings = configured()
        origins = _origins(settings, origin)
        checks = _run(settings, lambda cors: cors.verify(bucket, origins, metadata=metadata or ()))
        _show_checks(checks, as_json=as_json)
        if not all(check.ok for check in checks):
            raise typer.Exit(FAILED)


def _origins(settings: Settings, given: Sequence[str] | None) -> Sequence[str]:
    if given:
        return given
    page = urlsplit(settings.public_url)
    return [f"{page.scheme}://{page.netloc}", *settings.server.cors_origins]


def _rules(path: Path | None, metadata: Sequence[str] | None) -> tuple[CorsRule, ...]:
    return with_metadata(read_rules(path), metadata or ())


def _run(settings: Settings, work: Callable[[Cors], Awaitable[T]]) -> T:
    async def main() -> T:
        async with cors_of(settings) as cors:
            return await work(cors)

    return asyncio.run(main())


def _show_plan(plan: CorsPlan, *, as_json: bool) -> None:
    if as_json:
        before, after = map(document, plan.before), map(document, plan.after)
        shown = {"changed": plan.changed, "before": list(before), "after": list(after)}
        typer.echo(json.dumps(shown))
        return
    for line in plan.diff:
        typer.echo(line)
    if not plan.changed:
        typer.echo("Nothing to change.", err=True)


def _show_checks(checks: Sequence[CorsCheck], *, as_json: bool) -> None:
    failed = sum(not check.ok for check in checks)
    if as_json:
        typer.echo(json.dumps({"ok": not failed, "checks": [asdict(check) for check in checks]}))
        return
    for check in checks:
        typer.echo(
            f"{'ok  ' if check.ok else 'FAIL'} {check.origin}  {check.missing or check.name}"
        )
    typer.echo(f"{failed} of {len(checks)} checks failed.", err=True)
