"""What a person sees: progress while it runs, then the tables, the account, the comparison, OEE and where it lies."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from fabric_ot.workbench.local.pipelines import ActivityEvent
from fabric_ot.workbench.plant_day.result import PlantDayResult

_QUIET_TYPES = ("SetVariable", "InvokePipeline", "IfCondition")
_SHOWN_DIFFERENCES = 5


class Screen:
    """Prints to a console; one line per activity, so that it reads the same in a log."""

    def __init__(self, console: Console) -> None:
        """Print to `console`."""
        self._console = console
        self._started: dict[tuple[str, str], float] = {}

    def step(self, text: str) -> None:
        """Say that a stage begins."""
        self._say(f"[bold]{text}[/]")

    def activity(self, event: ActivityEvent) -> None:
        """Say how an activity went and how long it took."""
        key = (event.run_id, event.name)
        if event.phase == "started":
            self._started[key] = time.monotonic()
            return
        if event.phase == "retrying":
            self._say(f"  [yellow]again[/]  {event.pipeline} / {event.name}: {event.message or ''}")
            return
        seconds = time.monotonic() - self._started.pop(key, time.monotonic())
        is_failed = event.status == "Failed"
        if event.type in _QUIET_TYPES and not is_failed:
            return
        mark = "[red]failed[/]" if is_failed else "[green]done[/]  "
        why = f": {event.message}" if is_failed and event.message else ""
        self._say(f"  {mark} {seconds:6.1f} s  {event.pipeline} / {event.name}{why}")

    def show(self, result: PlantDayResult) -> None:
        """Print the whole result."""
        if result.error:
            self._console.print(f"\n{result.error}", style="red", markup=False, highlight=False)
            return
        self._show_oee(result)
        self._show_tables(result)
        self._show_account(result)
        self._show_checks(result)
        self._show_places(result)

    def _show_oee(self, result: PlantDayResult) -> None:
        table = Table("asset", "shift", "production date", title="OEE by asset and shift", title_justify="left")
        for name in ("availability", "performance", "quality", "OEE"):
            table.add_column(name, justify="right")
        for row in result.oee:
            ratios = [_percent(row[name]) for name in ("availability", "performance", "quality", "oee")]
            table.add_row(str(row["asset_name"]), str(row["shift_id"]), str(row["production_date"]), *ratios)
        self._console.print(table)

    def _show_tables(self, result: PlantDayResult) -> None:
        table = Table("table", title="Tables", title_justify="left")
        table.add_column("rows", justify="right")
        table.add_column("content")
        table.add_column("this run")
        for name, now in result.tables.items():
            table.add_row(name, f"{now.rows:,}", now.content, _change(result, name))
        self._console.print(table)

    def _show_account(self, result: PlantDayResult) -> None:
        account = result.account
        table = Table("outcome", "reason", "route", "decoder", title="Account of all messages", title_justify="left")
        table.add_column("messages", justify="right")
        for line in account.lines:
            table.add_row(line["outcome"], line["reason"], line["route"], line["decoder"], f"{line['messages']:,}")
        self._console.print(table)
        parts = " + ".join(f"{count:,} {outcome}" for outcome, count in account.by_outcome.items())
        sign, style = ("=", "bold green") if account.is_balanced else ("is NOT", "bold red")
        self._console.print(f"{account.messages_in:,} messages in {sign} {parts}", style=style, highlight=False)
        for row in account.unbalanced:
            self._console.print(f"  {dict(row)}", style="red", markup=False)

    def _show_checks(self, result: PlantDayResult) -> None:
        if not result.checks:
            return
        table = Table("", "compared with what is known", "expected", "found", title_justify="left")
        for check in result.checks:
            mark = "[green]equal[/]" if check.holds else "[red]DIFFERS[/]"
            table.add_row(mark, check.claim, check.expected, check.found)
        self._console.print(table)
        for check in result.checks:
            for difference in check.differences[:_SHOWN_DIFFERENCES]:
                self._console.print(f"  {check.claim}: {difference}", style="red", markup=False, highlight=False)

    def _show_places(self, result: PlantDayResult) -> None:
        if result.tables_before and not result.changed_tables:
            self._console.print("Nothing new had landed: no table changed.", highlight=False)
        self._console.print(f"data     {result.onelake}", markup=False, highlight=False)
        self._console.print(f"preview  {result.preview}", markup=False, highlight=False)
        self._console.print(f"{result.elapsed_s:.0f} s", markup=False, highlight=False)

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False)


def _percent(value: Any) -> str:
    return "-" if value is None else f"{100 * float(value):.2f} %"


def _change(result: PlantDayResult, name: str) -> str:
    before: Mapping[str, Any] = result.tables_before
    if name not in before:
        return "new"
    if before[name].content == result.tables[name].content:
        return "unchanged"
    return f"{result.tables[name].rows - before[name].rows:+,} rows"
