"""The unified namespace as a table: where in the plant each declared tag belongs."""

from __future__ import annotations

from fabric_ot.contracts.table import Table, optional, required

NAMESPACE_TABLE = Table(
    layer="silver",
    schema="plant",
    name="namespace",
    grain="one declared tag, as of its current version",
    key=("tag_id",),
    written_by="nb_silver_reference",
    columns=(
        required("tag_id", "string"),
        required("asset_id", "string", "by the tag catalogue"),
        required("source", "string", "sparkplug | uns | historian: what kind of name the tag has"),
        optional("enterprise", "string", "ISA-95 level; null: the name says nothing of it; '': the level is empty"),
        optional("site", "string"),
        optional("area", "string"),
        optional("work_center", "string", "line or process cell"),
        optional("work_unit", "string", "machine, or cell of a line"),
        optional("asset_path", "string", "the levels as the name writes them"),
        optional("data_contract", "string", "of the topic, where the layout declares contracts"),
        optional("virtual_path", "string", "names between the levels and the tag's own"),
        optional("tag_name", "string"),
        optional("hierarchy_problem", "string", "why the levels are not told; null where all is well"),
    ),
)
