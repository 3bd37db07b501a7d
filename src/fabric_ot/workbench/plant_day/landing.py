"""What lands before a run: a simulated plant, or public data sets read in place; the truth lies beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from fabric_ot.contracts.places import BRONZE_LAKEHOUSE, LANDING_FOLDER
from fabric_ot.errors import PlatformError
from fabric_ot.workbench.simulate.plant import simulate_plant
from fabric_ot.workbench.simulate.public_data import PublicTruth, land_public_data, read_public_truth
from fabric_ot.workbench.simulate.truth import GroundTruth, read_truth, truth_path

_MARKER = ".fabric_ot"
"""Marks a folder as a local OneLake, so that `--fresh` never deletes anything else."""


@dataclass(frozen=True)
class Landed:
    """The landing folder and what is known about it; both None where a user landed files of their own."""

    folder: Path
    truth: GroundTruth | None = None
    public: PublicTruth | None = None

    @property
    def as_of_utc(self) -> str | None:
        """The clock that makes a run repeatable; None: the real one."""
        known = self.truth or self.public
        return known.as_of_utc if known else None


def open_onelake(onelake: Path, *, fresh: bool) -> None:
    """Create the local OneLake, emptied first where `fresh`.

    Raises:
        PlatformError: the folder holds something else.
    """
    is_ours = (onelake / _MARKER).is_file()
    if onelake.exists() and any(onelake.iterdir()) and not is_ours:
        message = f"{onelake} is not empty and not a local OneLake. Hint: name an empty folder with --onelake."
        raise PlatformError(message)
    if fresh and is_ours:
        shutil.rmtree(onelake)
    onelake.mkdir(parents=True, exist_ok=True)
    (onelake / _MARKER).write_text("a local OneLake; fabric-ot run --fresh deletes and rebuilds it\n")


def landing_folder(onelake: Path) -> Path:
    """Return `Files/landing` of the bronze lakehouse."""
    return onelake / "bronze" / f"{BRONZE_LAKEHOUSE}.Lakehouse" / "Files" / LANDING_FOLDER


def land_simulated(onelake: Path, *, days: int, seed: int, scale: float = 1.0) -> Landed:
    """Simulate a plant into the landing folder, unless this very plant or a user's own files lie there.

    Its Eventstream writes into `Tables` of the same lakehouse.

    Raises:
        PlatformError: another simulated plant lies there.
    """
    folder = landing_folder(onelake)
    if truth_path(folder).is_file():
        truth = read_truth(truth_path(folder))
        if (truth.days, truth.seed) != (days, seed):
            message = (
                f"{folder} holds a plant of {truth.days} day(s) with seed {truth.seed}, not {days} with seed {seed}.\n"
                "Hint: --fresh starts over; --onelake names another place."
            )
            raise PlatformError(message)
        return Landed(folder, truth=truth)
    if folder.exists() and any(folder.iterdir()):
        return Landed(folder)
    tables = folder.parents[1] / "Tables"
    return Landed(folder, truth=simulate_plant(folder, days=days, seed=seed, scale=scale, tables=tables))


def land_public(onelake: Path, data: Path) -> Landed:
    """Land the public data sets of `data`: CSV files are linked, not copied.

    Raises:
        PlatformError: `data` is no folder, or something else has landed before.
    """
    if not data.is_dir():
        message = f"--data {data}: no such folder."
        raise PlatformError(message)
    folder = landing_folder(onelake)
    if folder.exists() and any(folder.iterdir()):
        return Landed(folder, public=read_public_truth(folder))
    return Landed(folder, public=land_public_data(data.resolve(), folder))
