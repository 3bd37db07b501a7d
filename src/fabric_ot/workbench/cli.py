"""The command line: argument parsing and printing, nothing else. Exit 0 good, 1 problem found, 2 wrong use."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from fabric_ot import __version__
from fabric_ot.errors import FabricOTError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
simulate_app = typer.Typer(no_args_is_help=True, help="Write seeded data with known ground truth.")
app.add_typer(simulate_app, name="simulate")
out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)

Root = Annotated[Path, typer.Option("--root", help="The checkout that holds the Fabric items.")]
OneLakeFolder = Annotated[Path | None, typer.Option("--onelake", help="Where the local OneLake lies.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables for people.")]


def main() -> None:
    """Run the command line; an error of this library ends with its message and exit code 1."""
    try:
        app()
    except FabricOTError as exc:
        err.print(f"fabric-ot: {exc}", markup=False, highlight=False)
        raise SystemExit(1) from None


@app.command(epilog="Example: fabric-ot run --data ../shared/data")
def run(
    pipeline: Annotated[str, typer.Argument(help="The pipeline to run.")] = "pl_plant_day",
    *,
    data: Annotated[
        Path | None, typer.Option(help="Public data sets to run on instead of the simulated plant.")
    ] = None,
    onelake: OneLakeFolder = None,
    days: Annotated[int, typer.Option(min=1, max=31, help="Days to simulate.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the simulated plant.")] = 7,
    param: Annotated[list[str] | None, typer.Option("--param", help="Pipeline parameter k=v; repeatable.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete the local OneLake first.")] = False,
    open_preview: Annotated[bool | None, typer.Option("--open/--no-open", help="Open the report preview.")] = None,
    root: Root = Path(),
    as_json: AsJson = False,
) -> None:
    """Run a pipeline end to end on this machine: land, refine, publish, frame, preview, compare with what is known."""
    from fabric_ot.workbench.plant_day.run import PlantDayRequest, run_plant_day
    from fabric_ot.workbench.plant_day.screen import Screen

    request = PlantDayRequest(
        root=root.resolve(), pipeline=pipeline, data=data, onelake=onelake, days=days, seed=seed,
        parameters=_parameters(param or []), fresh=fresh,
    )  # fmt: skip
    screen = Screen(err if as_json else out)
    result = run_plant_day(request, watch=screen)
    if as_json:
        _print_json(result.to_dict())
    else:
        screen.show(result)
        _open(result.preview, open_preview)
    raise typer.Exit(0 if result.is_good else 1)


@simulate_app.command("plant", epilog="Example: fabric-ot simulate plant --days 1 --seed 7 --out landing")
def simulate_plant_command(
    out_folder: Annotated[Path, typer.Option("--out", help="The folder that becomes Files/landing.")],
    *,
    days: Annotated[int, typer.Option(min=1, max=31)] = 1,
    seed: Annotated[int, typer.Option()] = 7,
    as_json: AsJson = False,
) -> None:
    """Simulate a plant: broker files with faults, reference tables, an Eventstream's tables, and the truth."""
    from fabric_ot.workbench.simulate.eventstream_table import tables_path
    from fabric_ot.workbench.simulate.plant import simulate_plant

    truth = simulate_plant(out_folder, days=days, seed=seed)
    if as_json:
        typer.echo(truth.to_json())
    else:
        said = f"landed in {out_folder}; the Eventstream's tables are in {tables_path(out_folder)}"
        out.print(f"{said}; the truth is {out_folder}.truth.json", markup=False)


@app.command(epilog="Example: fabric-ot check --json")
def check(*, root: Root = Path(), as_json: AsJson = False) -> None:
    """Check all items before deployment: every problem at once, with file, reason and what to do."""
    from fabric_ot.workbench.check import check_repository

    problems = check_repository(root.resolve())
    if as_json:
        _print_json([{**dataclasses.asdict(problem), "path": str(problem.path)} for problem in problems])
    else:
        for problem in problems:
            out.print(f"{problem.path}: [{problem.rule}] {problem.message}", markup=False, highlight=False)
        out.print(f"{len(problems)} problem(s)" if problems else "all items are well", markup=False)
    raise typer.Exit(1 if problems else 0)


@app.command(epilog='Example: fabric-ot sql "SELECT TOP 5 * FROM fact.production"')
def sql(
    query: Annotated[str, typer.Argument(help="T-SQL, as the Warehouse understands it.")],
    *,
    onelake: OneLakeFolder = None,
    root: Root = Path(),
    as_json: AsJson = False,
) -> None:
    """Ask the local Warehouse in T-SQL."""
    from fabric_ot.workbench.plant_day.ask import ask_sql

    _print_rows(ask_sql(root.resolve(), onelake, query), as_json=as_json)


@app.command(epilog="""Example: fabric-ot dax "EVALUATE SUMMARIZECOLUMNS(Asset[asset_name], \\"OEE\\", [OEE])" """)
def dax(
    query: Annotated[str, typer.Argument(help="A DAX query.")],
    *,
    onelake: OneLakeFolder = None,
    root: Root = Path(),
    as_json: AsJson = False,
) -> None:
    """Ask the semantic model in DAX, over the gold tables as they stand."""
    from fabric_ot.workbench.plant_day.ask import ask_dax

    _print_rows(ask_dax(root.resolve(), onelake, query), as_json=as_json)


@app.command(epilog="Example: fabric-ot preview --open")
def preview(
    *,
    onelake: OneLakeFolder = None,
    open_preview: Annotated[bool | None, typer.Option("--open/--no-open")] = None,
    root: Root = Path(),
    as_json: AsJson = False,
) -> None:
    """Draw the report as one HTML file with the values of the gold tables."""
    from fabric_ot.workbench.plant_day.ask import draw_preview

    path = draw_preview(root.resolve(), onelake)
    if as_json:
        _print_json({"preview": str(path)})
    else:
        out.print(str(path), markup=False)
        _open(path, open_preview)


@app.command(epilog="Example: fabric-ot build")
def build(*, root: Root = Path(), as_json: AsJson = False) -> None:
    """Build the wheel into the Environment item, so that what is deployed is what was tested."""
    from fabric_ot.workbench.local.wheel import build_wheel

    built = build_wheel(root.resolve())
    if as_json:
        _print_json({"wheel": str(built.path), "modules": built.modules})
    else:
        out.print(f"{built.path} ({built.modules} modules)", markup=False)


@app.command(epilog="Example: fabric-ot doctor")
def doctor(*, root: Root = Path(), as_json: AsJson = False) -> None:
    """Say what is there, what is missing and what to type."""
    from fabric_ot.workbench.local.doctor import examine

    findings = examine(root.resolve())
    if as_json:
        _print_json([dataclasses.asdict(finding) for finding in findings])
    else:
        table = Table("", "part", "found", "what to type")
        for finding in findings:
            mark = "[green]ok[/]" if finding.is_well else "[red]--[/]"
            table.add_row(mark, finding.part, finding.found, "" if finding.is_well else finding.hint)
        out.print(table)
    raise typer.Exit(0 if all(finding.is_well for finding in findings) else 1)


@app.command(epilog="Example: fabric-ot version")
def version() -> None:
    """Print the version of the wheel."""
    out.print(__version__, markup=False, highlight=False)


def _parameters(pairs: list[str]) -> dict[str, str]:
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        message = f"expected k=v, found {', '.join(wrong)}"
        raise typer.BadParameter(message, param_hint="--param")
    return dict(pair.split("=", 1) for pair in pairs)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, default=str))


def _print_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print_json(rows)
        return
    table = Table(*(rows[0] if rows else ["no rows"]))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    out.print(table)


def _open(path: Path | None, wanted: bool | None) -> None:
    if path is not None and (wanted or (wanted is None and out.is_terminal)):
        typer.launch(path.as_uri())
