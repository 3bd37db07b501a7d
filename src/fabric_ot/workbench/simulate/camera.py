"""A camera that tells more than plain values: properties, metadata, a data set, a template, a file; and the truth.

What a reading must carry is written out here by hand, not computed from what is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fabric_ot.contracts.sparkplug import DataType

CAMERA = "camera"


@dataclass(frozen=True)
class Told:
    """One metric: its fields as sent, and the text of its value and of the JSON beside it ('' where there is none)."""

    name: str
    metric: dict[str, Any]
    value_text: str = ""
    details: str = ""


def _properties(**values: dict[str, Any]) -> dict[str, Any]:
    return {"keys": list(values), "values": list(values.values())}


DEFINITION = Told(
    "Inspection",
    {
        "name": "Inspection", "datatype": DataType.Template,
        "template_value": {
            "is_definition": True,
            "metrics": [{"name": "Diameter", "datatype": DataType.Double, "double_value": 0.0}],
        },
    },
    '{"is_definition":true,"metrics":[{"datatype":10,"double_value":0.0,"name":"Diameter"}]}',
)  # fmt: skip

SPOKEN: tuple[Told, ...] = (
    Told(
        "Exposure",
        {
            "name": "Exposure", "alias": 20, "datatype": DataType.Double, "double_value": 12.5,
            "properties": _properties(
                engUnit={"type": DataType.String, "string_value": "ms"},
                Quality={"type": DataType.Int32, "int_value": 192},
                Offset={"type": DataType.Int32, "int_value": 2**32 - 5},
                Low={"type": DataType.Double, "double_value": 0.5},
                Locked={"type": DataType.Boolean, "boolean_value": True},
                Note={"type": DataType.String, "is_null": True},
                Limits={
                    "type": DataType.PropertySet,
                    "propertyset_value": _properties(High={"type": DataType.UInt8, "int_value": 250}),
                },
            ),
        },
        "",
        '{"properties":{"Limits":{"High":250},"Locked":true,"Low":0.5,"Note":null,"Offset":-5}}',
    ),
    Told(
        "Defects",
        {
            "name": "Defects", "alias": 21, "datatype": DataType.DataSet,
            "dataset_value": {
                "num_of_columns": 2,
                "columns": ["kind", "count"],
                "types": [DataType.String, DataType.Int32],
                "rows": [{"elements": [{"string_value": "scratch"}, {"int_value": 3}]}],
            },
        },
        '{"columns":["kind","count"],"num_of_columns":"2",'
        '"rows":[{"elements":[{"string_value":"scratch"},{"int_value":3}]}],"types":[12,3]}',
    ),
    Told(
        "Last Inspection",
        {
            "name": "Last Inspection", "alias": 22, "datatype": DataType.Template,
            "template_value": {
                "is_definition": False,
                "template_ref": "Inspection",
                "metrics": [{"name": "Diameter", "datatype": DataType.Double, "double_value": 66.25}],
            },
        },
        '{"is_definition":false,"metrics":[{"datatype":10,"double_value":66.25,"name":"Diameter"}],'
        '"template_ref":"Inspection"}',
    ),
    Told(
        "Image",
        {
            "name": "Image", "alias": 23, "datatype": DataType.File, "bytes_value": b"\x89PNG",
            "metadata": {"content_type": "image/png", "size": 4, "file_name": "can.png", "description": "first can"},
        },
        "iVBORw==",
        '{"metadata":{"content_type":"image/png","description":"first can","file_name":"can.png","size":4}}',
    ),
)  # fmt: skip
"""What its birth tells."""

REPORTED: tuple[Told, ...] = (
    Told(
        "Image",
        {"alias": 23, "bytes_value": b"\x00\xff", "metadata": {"file_name": "can-2.png", "seq": 1}},
        "AP8=",
        '{"metadata":{"file_name":"can-2.png","seq":1}}',
    ),
    Told("Exposure", {"alias": 20, "double_value": 13.0}),
)
"""What it tells afterwards, by alias."""
