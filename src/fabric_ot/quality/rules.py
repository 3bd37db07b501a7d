"""Rule sets: declared rules checked against a schema at plan time, and turned into one judgment per rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.rules import (
    TABLE_RULES,
    AddsUp,
    DeclaredRule,
    ForeignKey,
    InOrder,
    InRange,
    InSet,
    Matches,
    Monotonic,
    NotFuture,
    NotNull,
    Severity,
    Unique,
    operands,
)
from fabric_ot.errors import ConfigError, ContractError
from fabric_ot.quality.predicates import (
    all_of,
    any_of,
    is_in_order,
    is_in_range,
    is_in_set,
    is_match,
    is_not_future,
    is_sum,
)
from fabric_ot.quality.rule_problems import problems_of_rules
from fabric_ot.quality.sequences import rule_values


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule of one's own: a row where `passes` is not true, so also where it is null, gets `reason`."""

    reason: str
    passes: Column
    severity: Severity = "error"


@dataclass(frozen=True, eq=False)
class RuleSet:
    """The rules of one kind of rows: declared ones (`contracts.rules`) and one's own, under the name `where`.

    Raises:
        ConfigError: a rule cannot be meant as it stands; all problems at once.
    """

    where: str
    rules: tuple[DeclaredRule | Rule, ...]
    now_utc: dt.datetime | None = None

    def __post_init__(self) -> None:
        """Refuse rules that cannot be meant as they stand: all problems at once."""
        problems = problems_of_rules(self.declared, has_clock=self.now_utc is not None)
        severities: dict[str, Severity] = {}
        for rule in self.rules:
            if severities.setdefault(rule.reason, rule.severity) != rule.severity:
                problems.append(f"{rule.reason}: is an error of one rule and a warning of another")
        if problems:
            place = f"rules of {self.where}"
            raise ConfigError(place, problems)

    @classmethod
    def of_table(cls, full_name: str, *, now_utc: dt.datetime | None = None) -> RuleSet:
        """Return the rules that `contracts.rules` declares for a table.

        Raises:
            ConfigError: none are declared, or one needs the clock `now_utc`.

        Example:
            >>> RuleSet.of_table("plant.energy_interval").reasons
            ('energy_negative', 'negative_duration')
        """
        if full_name not in TABLE_RULES:
            place = f"rules of {full_name}"
            raise ConfigError(place, [f"none are declared; known tables: {', '.join(sorted(TABLE_RULES))}"])
        return cls(full_name, TABLE_RULES[full_name], now_utc)

    @classmethod
    def of_rows(cls, full_name: str, columns: Collection[str], *, now_utc: dt.datetime) -> RuleSet:
        """Return the table's rules that a row of `columns` can be judged by alone: no keys, no other rows, no parents.

        Example:
            >>> RuleSet.of_rows("plant.tag", ("tag_id",), now_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)).reasons
            ()
        """
        alone = [r for r in TABLE_RULES.get(full_name, ()) if not isinstance(r, (Unique, Monotonic, ForeignKey))]
        return cls(full_name, tuple(r for r in alone if set(operands(r)) <= set(columns)), now_utc)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason that a row may get, sorted."""
        return tuple(sorted({rule.reason for rule in self.rules}))

    @property
    def declared(self) -> tuple[DeclaredRule, ...]:
        """The declared rules, without one's own."""
        return tuple(rule for rule in self.rules if not isinstance(rule, Rule))


def is_accepted(rows: DataFrame, rules: RuleSet, *, found: Mapping[DeclaredRule, str]) -> Column:
    """Return whether a row gets no reason of severity error; never null. `found` names flags that were added before."""
    return all_of([holds for _, holds in _judgments(rows, rules, "error", found)])


def failed_reasons(rows: DataFrame, rules: RuleSet, *, severity: Severity, found: Mapping[DeclaredRule, str]) -> Column:
    """Return the sorted reasons of `severity` that a row gets; `found` names flags that were added before."""
    by_reason: dict[str, list[Column]] = {}
    for reason, holds in _judgments(rows, rules, severity, found):
        by_reason.setdefault(reason, []).append(holds)
    # reasons are put in order here, once, and not in every row
    told = [sf.when(~all_of(by_reason[reason]), sf.lit(reason)) for reason in sorted(by_reason)]
    reasons = sf.array(*told).cast("array<string>")
    return sf.array_compact(reasons) if told else reasons


def _judgments(
    rows: DataFrame, rules: RuleSet, severity: Severity, found: Mapping[DeclaredRule, str]
) -> list[tuple[str, Column]]:
    """Return each reason of `severity` with whether its rule holds, which is never null."""
    values = rule_values(rows)
    return [
        (rule.reason, sf.coalesce(_passes(rule, values, found, rules.now_utc), sf.lit(False)))
        for rule in rules.rules
        if rule.severity == severity
    ]


def _passes(
    rule: DeclaredRule | Rule,
    values: Mapping[str, Column],
    found: Mapping[DeclaredRule, str],
    now_utc: dt.datetime | None,
) -> Column:
    if isinstance(rule, Rule):
        return rule.passes
    is_told = all_of([values[name].isNotNull() for name in operands(rule)])
    if isinstance(rule, NotNull):
        return is_told
    # NaN has become null in `values`, but it is no null: only the column itself tells a null
    is_null = any_of([sf.col(f"`{name}`").isNull() for name in operands(rule)])
    passes = is_told & _holds(rule, values, found, now_utc)
    return sf.when(is_null, sf.lit(rule.nulls == "pass")).otherwise(passes)


def _holds(
    rule: DeclaredRule,
    values: Mapping[str, Column],
    found: Mapping[DeclaredRule, str],
    now_utc: dt.datetime | None,
) -> Column:
    if isinstance(rule, ForeignKey | Monotonic | Unique):
        return sf.col(found[rule])
    if isinstance(rule, InOrder):
        return is_in_order(values[rule.first], values[rule.second], strict=rule.strict)
    if isinstance(rule, AddsUp):
        return is_sum(values[rule.whole], [values[part] for part in rule.parts], tolerance=rule.tolerance)
    return _holds_of_one(rule, values[rule.column], now_utc)


def _holds_of_one(rule: DeclaredRule, value: Column, now_utc: dt.datetime | None) -> Column:
    if isinstance(rule, InRange):
        return is_in_range(value, minimum=rule.minimum, maximum=rule.maximum, strict=rule.strict)
    if isinstance(rule, InSet):
        return is_in_set(value, rule.values)
    if isinstance(rule, Matches):
        return is_match(value, rule.pattern)
    if isinstance(rule, NotFuture) and now_utc is not None:
        return is_not_future(value, now_utc=now_utc, tolerance=rule.tolerance)
    message = f"{rule!r} cannot be judged\nHint: RuleSet(..., now_utc=...)"
    raise ContractError(message)
