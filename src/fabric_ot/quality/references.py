"""Reference checks: whether what a row names exists elsewhere, as one key of several columns, now or as of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.rules import ForeignKey
from fabric_ot.errors import ColumnContractError
from fabric_ot.quality.predicates import all_of
from fabric_ot.quality.rule_problems import require_schema


def with_is_found(rows: DataFrame, parent: DataFrame, key: ForeignKey, *, flag: str) -> DataFrame:
    """Add whether the `key` of a row exists in `parent`, at the time `as_of` where the key declares one.

    Versions that overlap find a row once; a key with a null finds nothing.

    Columns in:  rows: `key.columns`, `key.as_of`; parent: `key.parent_columns`, its bounds of validity.
    Columns out: those of `rows`, `flag` (boolean).
    Grain out:   that of `rows`: none is lost, none is repeated.
    Nulls:       never in `flag`.
    Cost:        one broadcast join with the distinct keys of `parent`; no shuffle of `rows`.

    Raises:
        ColumnContractError: a column is missing, or of another kind than the one it refers to.
    """
    require_schema(f"key of {key.parent}", rows, [key], {key.parent: parent})
    names = key.parent_columns or key.columns
    known_names = [f"{flag}_{n}" for n in range(len(names))]
    renamed = [sf.col(f"`{name}`").alias(known) for name, known in zip(names, known_names, strict=True)]
    version = sf.struct(sf.col(f"`{key.valid_from}`").alias("start"), sf.col(f"`{key.valid_to}`").alias("end"))
    if key.as_of is None:
        known = parent.select(*renamed).distinct().withColumn(f"{flag}_versions", sf.lit(True))
        found = sf.col(f"{flag}_versions").isNotNull()
    else:
        versions = parent.select(*renamed, version.alias("_version")).groupBy(*known_names)
        known = versions.agg(sf.collect_list("_version").alias(f"{flag}_versions"))
        found = _is_valid(f"{flag}_versions", sf.col(f"`{key.as_of}`"))
    pairs = zip(key.columns, known_names, strict=True)
    joined = rows.join(sf.broadcast(known), all_of([sf.col(f"`{own}`") == sf.col(k) for own, k in pairs]), "left")
    return joined.select(*[sf.col(f"`{name}`") for name in rows.columns], found.alias(flag))


def join_reference(
    rows: DataFrame, reference: DataFrame, *, on: Mapping[str, str], add: Mapping[str, str]
) -> DataFrame:
    """Add what `reference` says of the key of a row, so that two references of one row can be held together.

    Where the key is not found, or `reference` holds it more than once and says different things, nothing is known.

    Columns in:  rows: the keys of `on`; reference: the values of `on` and the keys of `add`.
    Columns out: those of `rows`, the values of `add`.
    Grain out:   that of `rows`.
    Nulls:       an added column is null where nothing is known.
    Cost:        one broadcast join with the keys of `reference`; no shuffle of `rows`.

    Raises:
        ColumnContractError: a column is missing, or one to be added is already there.

    Example: join_reference(orders, shifts, on={"shift_id": "id"}, add={"plant_id": "shift_plant_id"})
    """
    _require("join_reference rows", rows, list(on))
    _require("join_reference reference", reference, [*on.values(), *add])
    taken = [name for name in add.values() if name in rows.columns]
    if taken:
        message = f"join_reference: column(s) {taken} are already there.\nHint: add={{'plant_id': 'another name'}}"
        raise ColumnContractError(message)
    keys = [f"_reference_key_{n}" for n in range(len(on))]
    theirs = [sf.col(f"`{their}`").alias(key) for their, key in zip(on.values(), keys, strict=True)]
    unanimous = [_unanimous(name).alias(new) for name, new in add.items()]
    known = sf.broadcast(reference.groupBy(*theirs).agg(*unanimous))
    same = all_of([sf.col(f"`{own}`") == sf.col(key) for own, key in zip(on, keys, strict=True)])
    names = [sf.col(f"`{name}`") for name in (*rows.columns, *add.values())]
    return rows.join(known, same, "left").select(*names)


def _is_valid(versions: str, at: Column) -> Column:
    def holds(version: Column) -> Column:
        return (version["start"] <= at) & (version["end"].isNull() | (at < version["end"]))

    return sf.coalesce(sf.exists(versions, holds), sf.lit(False))


def _unanimous(name: str) -> Column:
    value = sf.col(f"`{name}`")
    is_one = (sf.count(value) == sf.count(sf.lit(1))) & (sf.min(value) == sf.max(value))
    return sf.when(is_one, sf.min(value))


def _require(where: str, frame: DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ColumnContractError.from_missing(where, missing, frame.columns)
