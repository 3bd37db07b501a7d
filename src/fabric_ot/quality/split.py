"""The split of rows into good and quarantined, with every reason and every warning told."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.rules import DeclaredRule, ForeignKey, Monotonic, Unique
from fabric_ot.errors import ColumnContractError
from fabric_ot.quality.references import with_is_found
from fabric_ot.quality.rule_problems import require_schema
from fabric_ot.quality.rules import RuleSet, failed_reasons, is_accepted
from fabric_ot.quality.sequences import with_is_not_falling, with_is_unique

REASONS = "reasons"
WARNINGS = "warnings"


def with_reasons(df: DataFrame, rules: RuleSet, *, parents: Mapping[str, DataFrame] | None = None) -> DataFrame:
    """Add to each row all reasons to refuse it and all warnings: the whole judgment in one pass.

    To read the input once and have both sides, write this frame once and give what was written to `split_judged`.

    Columns in:  what the rules read; parents: by the name that foreign keys give them.
    Columns out: those of `df`, `reasons`, `warnings` (array<string>, sorted, each reason once, never null).
    Grain out:   that of `df`.
    Nulls:       a null operand fails its rule unless the rule lets nulls pass; NaN always fails.
    Cost:        one scan; one broadcast join per foreign key; one shuffle per key of `Unique` and `Monotonic`; row
                 rules cost no shuffle.     Streaming: with row rules and foreign keys only.

    Raises:
        ColumnContractError: a column or parent is missing or of the wrong kind, or `df` has `reasons` or `warnings`.
    """
    flagged, flags = _flagged(df, rules, dict(parents or {}))
    return flagged.select(
        *_columns(df),
        failed_reasons(flagged, rules, severity="error", found=flags).alias(REASONS),
        failed_reasons(flagged, rules, severity="warning", found=flags).alias(WARNINGS),
    )


def split_judged(judged: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Split judged rows into good and quarantined.

    Columns in:  as `with_reasons` returns them.
    Columns out: good: those of `judged` without `reasons`; quarantined: those of `judged`.
    Grain out:   each row in exactly one of the two.
    Cost:        one filter each.
    """
    missing = [name for name in (REASONS, WARNINGS) if name not in judged.columns]
    if missing:
        raise ColumnContractError.from_missing("split_judged", missing, judged.columns)
    is_refused = sf.size(REASONS) > 0
    return judged.where(~is_refused).drop(REASONS), judged.where(is_refused)


def rollup_warnings(judged: DataFrame) -> DataFrame:
    """Count the accepted rows that carry each warning.

    Columns in:  as `with_reasons` returns them; `warnings` may be null.
    Columns out: `warning` (string), `rows` (long).
    Grain out:   one row per warning that any accepted row carries.
    Cost:        one scan; one shuffle of sums.
    """
    missing = [name for name in (REASONS, WARNINGS) if name not in judged.columns]
    if missing:
        raise ColumnContractError.from_missing("rollup_warnings", missing, judged.columns)
    told = judged.where(sf.size(REASONS) == 0).select(sf.explode(WARNINGS).alias("warning"))
    return told.groupBy("warning").agg(sf.count(sf.lit(1)).alias("rows"))


def split_by_rules(
    df: DataFrame, rules: RuleSet, *, parents: Mapping[str, DataFrame] | None = None
) -> tuple[DataFrame, DataFrame]:
    """Split rows into good and quarantined: all rules are judged in one pass, all reasons are told.

    Columns in:  what the rules read; parents: by the name that foreign keys give them.
    Columns out: good: those of `df`, `warnings`; quarantined: those of `df`, `reasons`, `warnings` (array<string>,
                 sorted, each reason once).
    Grain out:   each row of `df` in exactly one of the two.
    Nulls:       as `with_reasons` says.
    Cost:        that of `with_reasons`, for each side that is read: one scan each. A row's reasons are only put
                 together where it is refused.

    Raises:
        ColumnContractError: as `with_reasons` says.
    """
    flagged, flags = _flagged(df, rules, dict(parents or {}))
    accepted = is_accepted(flagged, rules, found=flags)
    reasons = failed_reasons(flagged, rules, severity="error", found=flags).alias(REASONS)
    warnings = failed_reasons(flagged, rules, severity="warning", found=flags).alias(WARNINGS)
    return (
        flagged.where(accepted).select(*_columns(df), warnings),
        flagged.where(~accepted).select(*_columns(df), reasons, warnings),
    )


def _flagged(
    df: DataFrame, rules: RuleSet, parents: Mapping[str, DataFrame]
) -> tuple[DataFrame, dict[DeclaredRule, str]]:
    """Add a flag for each rule that other rows or frames are asked for; return their names too."""
    require_schema(rules.where, df, rules.declared, parents)
    taken = [name for name in (REASONS, WARNINGS) if name in df.columns]
    if taken:
        message = f"rules of {rules.where}: column(s) {taken} are already there.\nHint: drop or rename them first."
        raise ColumnContractError(message)
    flags: dict[DeclaredRule, str] = {}
    flagged = df
    for rule in rules.declared:
        if rule in flags or not isinstance(rule, ForeignKey | Monotonic | Unique):
            continue
        flags[rule] = flag = _unused(f"_holds_{len(flags)}", df)
        if isinstance(rule, ForeignKey):
            flagged = with_is_found(flagged, parents[rule.parent], rule, flag=flag)
        elif isinstance(rule, Monotonic):
            flagged = with_is_not_falling(flagged, rule, flag=flag)
        else:
            flagged = with_is_unique(flagged, rule, flag=flag)
    return flagged, flags


def _columns(df: DataFrame) -> list[Column]:
    return [sf.col(f"`{name}`") for name in df.columns]


def _unused(name: str, df: DataFrame) -> str:
    while any(column.startswith(name) for column in df.columns):
        name = f"{name}_"
    return name
