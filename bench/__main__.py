"""`python -m bench [--strict]`: one table of ratios, measured side by side on this machine.

With --strict the exit status is 1 if a promise of the performance contract is not kept.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench import http, signing

if TYPE_CHECKING:
    from bench.report import Row

MODULES = [signing, http]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--strict", action="store_true", help="exit 1 if a reach is missed")
    strict = parser.parse_args().strict
    rows = [row for module in MODULES for row in module.rows()]
    Console(width=None if sys.stdout.isatty() else 100).print(_table(rows))
    missed = any(row.ok is False for row in rows)
    return 1 if strict and missed else 0


def _table(rows: list[Row]) -> Table:
    table = Table("what", "median", "ratio", "reach", "", box=None)
    for column in table.columns[1:4]:
        column.justify = "right"
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
    verdict = {None: "", True: "ok", False: "MISSED"}[row.ok]
    return row.name, f"{row.microseconds:,.2f} µs", ratio, row.reach, verdict


sys.exit(main())
