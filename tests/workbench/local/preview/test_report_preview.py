from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from types import MappingProxyType

import pytest

from fabric_ot.errors import ItemError, NotSupportedError
from fabric_ot.workbench.items.report import Field, Position, Sort, Visual
from fabric_ot.workbench.local.preview import render_report
from fabric_ot.workbench.local.preview.formats import format_value
from fabric_ot.workbench.local.preview.visual_data import load_visual

VOID = {"meta"}


class Reader(HTMLParser):
    """Collects the text and the exact values of a page, and checks that tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.values: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "data":
            self.values.append(dict(attrs)["value"] or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data + "\n"


@pytest.fixture
def page(report, model, engine, tmp_path):
    out = render_report(report, model, engine, tmp_path / "new" / "index.html", caption="Test <day>")
    assert out == tmp_path / "new" / "index.html"
    return Reader(out.read_text(encoding="utf-8"))


def rows_of(visual, engine):
    measures = [f.name for f in visual.fields if f.kind == "measure"]
    groups = [(f.table, f.name) for f in visual.fields if f.kind == "column"]
    return engine.evaluate(measures, group_by=groups)


def test_the_page_holds_every_value_that_the_engine_returned(page, report, engine):
    for sheet in report.pages:
        for visual in sheet.visuals:
            for row in rows_of(visual, engine):
                for value in row.values():
                    assert ("" if value is None else str(value)) in page.values, (visual.name, row)


def test_formatted_values_are_shown_where_a_person_reads_them(page, model, engine):
    (total,) = engine.evaluate(["OEE", "Quality"])
    assert format_value(total["[OEE]"], "0.0 %") in page.text.splitlines()
    for row in engine.evaluate(["OEE"], group_by=[("Asset", "asset_name")]):
        assert format_value(row["[OEE]"], "0.0 %") in page.text
    assert "2026-03-30" in page.text


def test_the_page_says_what_it_is_and_names_every_visual(page, report):
    assert "preview of values, not of appearance" in page.text
    assert "Test <day>" in page.text
    for sheet in report.pages:
        assert sheet.display_name in page.text
        for visual in sheet.visuals:
            assert visual.title in page.text


def test_names_with_markup_are_shown_as_text(page):
    assert 'Press <1> & "co"' in page.text
    assert "Bolt's </script>" in page.text
    assert "script" not in page.tags


def test_nothing_is_loaded_from_elsewhere(page):
    assert {"script", "link", "img", "iframe"}.isdisjoint(page.tags)
    assert {name for name, _ in page.attributes}.isdisjoint({"src", "href", "onclick", "onload"})


def test_every_chart_has_a_drawing_and_its_data_beside_it(page):
    labels = [value for name, value in page.attributes if name == "aria-label"]
    assert labels == [
        "OEE by line",
        "OEE by asset",
        "Availability, performance and quality by shift",
        "Unplanned downtime by asset and state, hours",
        "Good and scrap quantity by product",
        "What planned busy time was lost to, share of it",
        "Lost share of planned busy time by shift and OEE factor",
        "Lost hours by asset and loss",
        "Energy by asset and time category, kWh",
        "Energy per good unit by asset, kWh",
        "MTBF by asset, hours",
        "MTTR by asset, hours",
        "Failures by component, as the orders name it",
        "Points out of control by chart, share",
        "Rules that fired, times",
        "Signals by shift and chart",
        "Good share of what was produced, by asset",
        "Where the time went: hours by asset and time category",
    ]
    assert page.tags.count("details") == 43


def test_a_table_ends_with_totals_that_are_ratios_of_sums(page, engine):
    (total,) = engine.evaluate(["OEE", "Good Quantity"])
    after = page.text[page.text.rindex("Total") :]
    assert format_value(total["[Good Quantity]"], "#,0") in after
    assert format_value(total["[OEE]"], "0.0 %") in after


def test_the_same_input_gives_the_same_file(report, model, engine, tmp_path):
    first = render_report(report, model, engine, tmp_path / "a.html").read_bytes()
    assert render_report(report, model, engine, tmp_path / "b.html").read_bytes() == first


def test_an_empty_model_renders_no_data(report, model, make_engine, tmp_path):
    page = Reader(render_report(report, model, make_engine({}), tmp_path / "x.html").read_text())
    visuals = sum(len(sheet.visuals) for sheet in report.pages)
    assert page.text.count("no data") == visuals
    assert "svg" not in page.tags


def with_visual(report, visual):
    return replace(report, pages=(replace(report.pages[0], visuals=(visual,)),))


def visual(**changes):
    made = Visual(
        "v1", "card", Position(0, 0, 200, 100), "T",
        MappingProxyType({"Values": (Field("Production", "OEE", "measure"),)}),
    )  # fmt: skip
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("field", "part"),
    [
        (Field("Production", "OEEE", "measure"), r"there is no measure Production\[OEEE\]; did you mean OEE"),
        (Field("Asset", "asset_nam", "column"), r"there is no column Asset\[asset_nam\]; did you mean asset_name"),
        (Field("Assets", "asset_name", "column"), "there is no table 'Assets'"),
        (Field("Asset", "OEE", "measure"), r"there is no measure Asset\[OEE\]"),
    ],
)
def test_a_broken_field_is_an_error_naming_page_visual_and_field(report, model, engine, tmp_path, field, part):
    broken = with_visual(report, visual(roles=MappingProxyType({"Values": (field,)})))
    with pytest.raises(ItemError, match=f"page 'Plant overview', visual 'v1': {part}"):
        render_report(broken, model, engine, tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


def test_a_sort_by_what_is_not_shown_is_an_error(report, model, engine, tmp_path):
    broken = with_visual(report, visual(sort=(Sort("Production", "Quality", True),)))
    with pytest.raises(ItemError, match=r"sorted by Production\[Quality\]"):
        render_report(broken, model, engine, tmp_path / "x.html")


def test_a_visual_that_is_not_drawn_is_refused_by_name(report, model, engine, tmp_path):
    with pytest.raises(NotSupportedError, match="'v1': the type 'gauge' is not drawn"):
        render_report(with_visual(report, visual(type="gauge")), model, engine, tmp_path / "x.html")


def test_a_chart_role_that_is_not_drawn_is_refused_by_name(report, model, engine, tmp_path):
    roles = MappingProxyType(
        {"Y": (Field("Production", "OEE", "measure"),), "Tooltips": (Field("Production", "Quality", "measure"),)}
    )
    with pytest.raises(NotSupportedError, match="Tooltips"):
        render_report(with_visual(report, visual(type="barChart", roles=roles)), model, engine, tmp_path / "x.html")


def test_bars_stand_in_the_order_that_the_visual_asks_for(report, model, engine, tmp_path):
    (chart,) = (v for v in report.pages[0].visuals if v.name == "downtime_by_asset")
    for is_descending in (True, False):
        ordered = replace(chart, sort=(replace(chart.sort[0], is_descending=is_descending),))
        text = render_report(with_visual(report, ordered), model, engine, tmp_path / "x.html").read_text()
        drawn = re.findall(r">(Oven|Press[^<]*)</text>", text[: text.index("<details>")])
        assert [name.startswith("Oven") for name in drawn] == [is_descending, not is_descending]


def test_a_table_stands_in_the_order_of_several_columns(report, model, engine):
    asset, shift = Field("Asset", "asset_name", "column"), Field("Shift", "shift_name", "column")
    fields = (shift, asset, Field("Production", "OEE", "measure"))
    order = (Sort("Asset", "asset_name", False), Sort("Shift", "shift_name", True))
    table = visual(type="tableEx", roles=MappingProxyType({"Values": fields}), sort=order)
    found = [(r["Asset[asset_name]"], r["Shift[shift_name]"]) for r in load_visual(table, model, engine).rows]
    press = 'Press <1> & "co"'
    assert found == [("Oven", "Late"), ("Oven", "Early"), (press, "Late"), (press, "Early")]


def test_a_bar_is_as_long_as_its_value(report, model, engine, tmp_path):
    (chart,) = (v for v in report.pages[0].visuals if v.name == "oee_by_asset")
    text = render_report(with_visual(report, chart), model, engine, tmp_path / "x.html").read_text()
    widths = [float(w) for w in re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)"', text)]
    values = sorted((r["[OEE]"] for r in rows_of(chart, engine)), reverse=True)
    assert len(widths) == len(values) == 2
    assert widths[0] / widths[1] == pytest.approx(values[0] / values[1], abs=0.01)


def test_the_axis_of_small_numbers_tells_its_steps_apart(report, model, engine, tmp_path):
    small = Field("Energy", "Energy per Good Unit kWh", "measure")
    roles = MappingProxyType({"Y": (small,), "Category": (Field("Asset", "asset_name", "column"),)})
    chart = visual(type="clusteredBarChart", roles=roles, position=Position(0, 0, 620, 260))
    text = render_report(with_visual(report, chart), model, engine, tmp_path / "x.html").read_text()
    assert re.findall(r'text-anchor="middle">([^<]*)</text>', text) == ["0", "0.005", "0.01", "0.015", "0.02", "0.025"]


@pytest.mark.parametrize("kind", ["barChart", "columnChart", "clusteredBarChart", "clusteredColumnChart"])
def test_every_kind_of_chart_draws_each_value_once_with_its_name(report, model, engine, tmp_path, kind):
    (chart,) = (v for v in report.pages[0].visuals if v.name == "downtime_by_asset")
    text = render_report(with_visual(report, replace(chart, type=kind)), model, engine, tmp_path / "x.html").read_text()
    told = re.findall(r"<title>([^<]*)</title></rect>", text)
    expected = [
        f"{row['Asset[asset_name]']}, {row['State Time[state]']}: {format_value(row['[Downtime Hours]'], '#,0.0')}"
        for row in rows_of(chart, engine)
    ]
    assert sorted(html.unescape(item) for item in told) == sorted(expected)
    assert len(expected) == 4


def test_a_blank_value_draws_no_bar(report, model, make_engine, tmp_path):
    (chart,) = (v for v in report.pages[0].visuals if v.name == "effectiveness_by_shift")
    keys = {"date_key": 1, "shift_key": 1, "asset_key": 1, "product_key": 1}
    facts = [{**keys, "planned_busy_s": 10.0, "production_s": 5.0}]
    engine = make_engine({**ROWS_WITHOUT_FACTS, "Production": facts})
    text = render_report(with_visual(report, chart), model, engine, tmp_path / "x.html").read_text()
    assert re.findall(r"<title>([^<]*)</title></rect>", text) == ["Early, Availability: 50.0 %"]
    assert text.count("\N{EN DASH}</text>") == 2


ROWS_WITHOUT_FACTS = {
    "Date": [{"date_key": 1}],
    "Shift": [{"shift_key": 1, "shift_name": "Early"}],
    "Asset": [{"asset_key": 1, "asset_name": "Press"}],
    "Product": [{"product_key": 1, "product_name": "Bolt"}],
}
