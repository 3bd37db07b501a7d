"""Filter context, row context and the transition between them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pyarrow as pa
import pytest

from fabric_ot.errors import DaxError, NotSupportedError
from fabric_ot.workbench.local.dax import DaxEngine

STAR = {
    "Fact": (
        "product:int64 shop:int64 qty:double",
        [(1, 1, 10.0), (1, 2, 20.0), (2, 1, 5.0), (3, 2, 1.0), (9, 1, 100.0), (None, 2, 7.0)],
    ),
    "Product": (
        "product:int64 name:string kind:string",
        [(1, "Bolt", "metal"), (2, "Nut", "metal"), (3, "Peg", "wood")],
    ),
    "Shop": ("shop:int64 city:string", [(1, "Oslo"), (2, "Rome")]),
    "Other": ("product:int64 cost:double", [(1, 3.0), (3, 4.0)]),
}
RELATIONSHIPS = ["Fact.product -> Product.product", "Fact.shop -> Shop.shop", "Other.product -> Product.product"]
MEASURES = {
    "Qty": "SUM(Fact[qty])",
    "Share": "DIVIDE([Qty], CALCULATE([Qty], ALL(Product)))",
    "Metal": 'CALCULATE([Qty], Product[kind] = "metal")',
    "Kept Metal": 'CALCULATE([Qty], KEEPFILTERS(Product[kind] = "metal"))',
    "Big": "CALCULATE([Qty], Fact[qty] >= 10)",
    "Shops With Bolts": 'COUNTROWS(FILTER(VALUES(Shop[city]), CALCULATE([Qty], Product[name] = "Bolt") > 10))',
}


@pytest.fixture(scope="module")
def engine(make_engine):
    return make_engine(STAR, measures=MEASURES, relationships=RELATIONSHIPS)


def values(engine, measure, table, column, **filters):
    rows = engine.evaluate([measure], group_by=[(table, column)], **filters)
    return {row[f"{table}[{column}]"]: row[f"[{measure}]"] for row in rows}


def scalar(engine, text):
    return engine.query(f'EVALUATE ROW("v", {text})')[0]["[v]"]


def test_a_dimension_filters_its_facts_and_unmatched_keys_stand_under_blank(engine):
    assert values(engine, "Qty", "Product", "name") == {None: 107.0, "Bolt": 30.0, "Nut": 5.0, "Peg": 1.0}


def test_all_of_a_table_frees_its_columns_for_a_share(engine):
    assert values(engine, "Share", "Product", "kind") == {None: 107 / 143, "metal": 35 / 143, "wood": 1 / 143}


def test_a_predicate_overwrites_the_filter_on_its_column(engine):
    assert values(engine, "Metal", "Product", "kind") == {None: 35.0, "metal": 35.0, "wood": 35.0}


def test_keepfilters_stays_inside_the_filter_on_its_column(engine):
    assert values(engine, "Kept Metal", "Product", "kind") == {"metal": 35.0}


def test_a_predicate_leaves_filters_on_other_columns_alone(engine):
    assert values(engine, "Metal", "Product", "name") == {"Bolt": 30.0, "Nut": 5.0}


def test_filters_of_an_evaluation_meet_filters_of_the_group(engine):
    assert values(engine, "Qty", "Product", "name", filters={("Shop", "city"): "rome"}) == {
        None: 7.0,
        "Bolt": 20.0,
        "Peg": 1.0,
    }


def test_a_measure_in_an_iteration_sees_only_its_row(engine):
    assert scalar(engine, "SUMX(VALUES(Product[name]), [Qty] * [Qty])") == 30**2 + 5**2 + 1 + 107**2
    assert scalar(engine, "MAXX(VALUES(Product[kind]), [Qty])") == 107
    assert scalar(engine, "AVERAGEX(DISTINCT(Product[kind]), [Qty])") == 18


def test_an_aggregate_in_an_iteration_does_not_see_its_row(engine):
    assert scalar(engine, "SUMX(VALUES(Shop[city]), SUM(Fact[qty]))") == 2 * 143
    assert scalar(engine, "SUMX(VALUES(Shop[city]), CALCULATE(SUM(Fact[qty])))") == 143


def test_related_reads_the_one_side_of_the_row(engine):
    assert scalar(engine, 'SUMX(FILTER(Fact, RELATED(Product[kind]) = "metal"), Fact[qty])') == 35
    assert scalar(engine, "COUNTROWS(FILTER(Fact, ISBLANK(RELATED(Product[name]))))") == 2


def test_a_plain_reference_to_the_one_side_is_an_error_without_related(engine):
    with pytest.raises(DaxError, match="without a row context"):
        scalar(engine, "SUMX(Fact, Product[product])")


def test_values_shows_the_blank_row_and_distinct_does_not(engine):
    assert scalar(engine, "COUNTROWS(VALUES(Product[name]))") == 4
    assert scalar(engine, "COUNTROWS(DISTINCT(Product[name]))") == 3
    assert scalar(engine, "COUNTROWS(VALUES(Product))") == 4
    assert scalar(engine, "COUNTROWS(Product)") == 3
    assert scalar(engine, "COUNTROWS(ALL(Product[kind]))") == 3
    assert scalar(engine, "COUNTROWS(VALUES(Shop[city]))") == 2


def test_the_blank_row_is_hidden_by_a_filter_on_its_table(engine):
    assert scalar(engine, 'CALCULATE(COUNTROWS(VALUES(Product[name])), Product[kind] = "metal")') == 2


def test_filters_do_not_flow_from_the_many_to_the_one_side(engine):
    assert scalar(engine, "CALCULATE(COUNTROWS(Product), Fact[qty] >= 20)") == 3


def test_a_whole_table_as_filter_does_reach_its_one_sides(engine):
    assert scalar(engine, "CALCULATE(COUNTROWS(Product), Fact)") == 3
    assert scalar(engine, "CALCULATE(COUNTROWS(Product), FILTER(Fact, Fact[qty] >= 20))") == 1
    assert scalar(engine, "CALCULATE(SUM(Other[cost]), FILTER(Fact, Fact[qty] < 6))") == 4.0


def test_all_of_a_fact_frees_its_dimensions_too(engine):
    assert scalar(engine, 'CALCULATE(CALCULATE([Qty], ALL(Fact)), Product[name] = "Nut")') == 143
    assert scalar(engine, 'CALCULATE(CALCULATE([Qty], REMOVEFILTERS()), Product[name] = "Nut")') == 143


def test_allexcept_keeps_only_the_named_columns(engine):
    text = 'CALCULATE(CALCULATE([Qty], ALLEXCEPT(Fact, Shop[city])), Product[name] = "Nut", Shop[city] = "Oslo")'
    assert scalar(engine, text) == 115


def test_filter_arguments_are_read_in_the_outer_context(engine):
    text = 'CALCULATE(CALCULATE([Qty], VALUES(Product[name]), ALL(Product[kind])), Product[kind] = "metal")'
    assert scalar(engine, text) == 35


def test_several_arguments_on_one_column_meet(engine):
    assert scalar(engine, "CALCULATE([Qty], Fact[qty] >= 5, Fact[qty] < 20)") == 22
    assert scalar(engine, "CALCULATE([Qty], Fact[qty] >= 5 && Fact[qty] < 20)") == 22


def test_an_aggregate_inside_a_predicate_belongs_to_the_outer_context(engine):
    assert scalar(engine, "CALCULATE([Qty], Fact[qty] = MAX(Fact[qty]))") == 100
    assert scalar(engine, 'CALCULATE(CALCULATE([Qty], Fact[qty] = MAX(Fact[qty])), Shop[city] = "Rome")') == 20


def test_a_variable_is_evaluated_where_it_is_defined(engine):
    assert scalar(engine, 'VAR q = [Qty] RETURN CALCULATE(q, Product[name] = "Nut")') == 143


def test_a_measure_does_not_see_its_callers_variables(make_engine):
    engine = make_engine({"T": ("x:int64", [(1,)])}, measures={"Inner": "a + 1"})
    with pytest.raises(DaxError, match=r"measure \[Inner\].*'a'"):
        engine.query('EVALUATE ROW("v", VAR a = 1 RETURN [Inner])')


def test_treatas_carries_values_to_a_column(engine):
    assert scalar(engine, 'CALCULATE([Qty], TREATAS({"bolt", "Nut"}, Product[name]))') == 35
    assert scalar(engine, "CALCULATE([Qty], TREATAS({(1, 2)}, Product[product], Shop[shop]))") == 20


def test_one_value_is_selected_or_the_alternate_is_given(engine):
    assert scalar(engine, 'CALCULATE(SELECTEDVALUE(Product[kind]), Product[name] = "Nut")') == "metal"
    assert scalar(engine, 'SELECTEDVALUE(Product[kind], "many")') == "many"
    assert scalar(engine, "HASONEVALUE(Shop[city])") is False
    assert scalar(engine, 'CALCULATE(HASONEVALUE(Shop[city]), Shop[city] = "Rome")') is True


def test_context_transition_inside_nested_iterations_uses_both_rows(engine):
    assert scalar(engine, "SUMX(VALUES(Product[name]), MAXX(VALUES(Shop[city]), [Qty]))") == 20 + 5 + 1 + 100
    assert scalar(engine, "[Shops With Bolts]") == 1


def test_a_filter_on_the_key_of_a_date_table_clears_its_other_columns(make_engine):
    days = [dt.datetime(2026, 3, 31, tzinfo=dt.UTC), dt.datetime(2026, 4, 1, tzinfo=dt.UTC)]
    engine = make_engine(
        {
            "F": ("k:int64 q:double", [(1, 1.0), (2, 2.0)]),
            "D": ("k:int64 date!:dateTime month:int64", [(1, days[0], 3), (2, days[1], 4)]),
        },
        measures={"April Day": "CALCULATE(SUM(F[q]), D[date] = DATE(2026, 4, 1))"},
        relationships=["F.k -> D.k"],
    )
    assert values(engine, "April Day", "D", "month") == {3: 2.0, 4: 2.0}


def test_inactive_relationships_do_not_filter(make_engine):
    tables = {"F": ("k:int64 q:double", [(1, 1.0)]), "D": ("k:int64 n:string", [(1, "a"), (2, "b")])}
    engine = make_engine(tables, measures={"Q": "SUM(F[q])"}, relationships=["F.k -> D.k"])
    model = replace(engine.model, relationships=(replace(engine.model.relationships[0], is_active=False),))
    loose = DaxEngine(model, {"F": pa.table({"k": [1], "q": [1.0]}), "D": pa.table({"k": [1, 2], "n": ["a", "b"]})})
    assert values(engine, "Q", "D", "n") == {"a": 1.0}
    assert values(loose, "Q", "D", "n") == {"a": 1.0, "b": 1.0}


def test_text_is_one_value_whatever_its_case(make_engine):
    engine = make_engine(
        {
            "F": ("k:string q:double", [("a", 1.0), ("A", 2.0), ("b", 4.0)]),
            "D": ("k:string n:string", [("A", "x"), ("B", "y")]),
        },
        measures={"Q": "SUM(F[q])"},
        relationships=["F.k -> D.k"],
    )
    assert values(engine, "Q", "D", "n") == {"x": 3.0, "y": 4.0}
    assert values(engine, "Q", "F", "k") == {"A": 3.0, "b": 4.0}
    assert scalar(engine, "DISTINCTCOUNT(F[k])") == 2


def test_a_repeated_key_on_the_one_side_is_refused(make_engine):
    with pytest.raises(DaxError, match=r"D\[k\] is the one side"):
        make_engine({"F": ("k:int64", [(1,)]), "D": ("k:int64", [(1,), (1,)])}, relationships=["F.k -> D.k"])


def test_two_ways_between_tables_are_refused(make_engine):
    with pytest.raises(NotSupportedError, match="two active relationships"):
        make_engine(
            {"F": ("a:int64 b:int64", [(1, 1)]), "D": ("k:int64", [(1,)])},
            relationships=["F.a -> D.k", "F.b -> D.k"],
        )


def test_an_own_collation_is_refused(make_engine):
    with pytest.raises(NotSupportedError, match="BIN2"):
        make_engine({"T": ("x:int64", [])}, collation="Latin1_General_100_BIN2_UTF8")
