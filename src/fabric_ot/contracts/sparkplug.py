"""The Sparkplug B 3.0 wire contract: payload messages, datatype ids, message types, quality codes.

`sparkplug_b.proto` is the readable source. The message class is assembled from the table below, so that no
generated module ties the wheel to one protobuf release; protobuf itself is loaded at the first call only.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from fabric_ot.errors import MissingDependencyError

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

NAMESPACE = "spBv1.0"
"""The first level of every Sparkplug B topic."""

STATE_TOPIC_PREFIX = f"{NAMESPACE}/STATE/"

NODE_MESSAGE_TYPES: tuple[str, ...] = ("NBIRTH", "NDEATH", "NDATA", "NCMD")
DEVICE_MESSAGE_TYPES: tuple[str, ...] = ("DBIRTH", "DDEATH", "DDATA", "DCMD")
MESSAGE_TYPES: tuple[str, ...] = (*NODE_MESSAGE_TYPES, *DEVICE_MESSAGE_TYPES)
COMMAND_MESSAGE_TYPES: tuple[str, ...] = ("NCMD", "DCMD")

BD_SEQ = "bdSeq"
"""Metric of NBIRTH and NDEATH that ties a will to its session; not a sample."""

NODE_CONTROL_PREFIX = "Node Control/"
"""Metrics that command the node; not samples."""

REBIRTH = "Node Control/Rebirth"

SEQ_MODULUS = 256
"""`seq` runs from 0 to 255 and starts over."""

QUALITY_PROPERTY = "Quality"
QUALITY_BAD = 0
QUALITY_GOOD = 192
QUALITY_STALE = 500
QUALITY_NAMES: dict[int, str] = {QUALITY_BAD: "BAD", QUALITY_GOOD: "GOOD", QUALITY_STALE: "STALE"}
"""What the property `Quality` means; a metric without it is GOOD."""


class DataType(IntEnum):
    """The datatype ids of metrics, properties and data sets.

    Example:
        >>> DataType(3).name, int(DataType.Template)
        ('Int32', 19)
    """

    Unknown = 0
    Int8 = 1
    Int16 = 2
    Int32 = 3
    Int64 = 4
    UInt8 = 5
    UInt16 = 6
    UInt32 = 7
    UInt64 = 8
    Float = 9
    Double = 10
    Boolean = 11
    String = 12
    DateTime = 13
    Text = 14
    UUID = 15
    DataSet = 16
    Bytes = 17
    File = 18
    Template = 19
    PropertySet = 20
    PropertySetList = 21
    Int8Array = 22
    Int16Array = 23
    Int32Array = 24
    Int64Array = 25
    UInt8Array = 26
    UInt16Array = 27
    UInt32Array = 28
    UInt64Array = 29
    FloatArray = 30
    DoubleArray = 31
    BooleanArray = 32
    StringArray = 33
    DateTimeArray = 34


SIGNED_BITS: dict[int, int] = {DataType.Int8: 8, DataType.Int16: 16, DataType.Int32: 32, DataType.Int64: 64}
"""Width of the signed types, which travel in unsigned fields as two's complement."""

PROTO_FILE = "fabric_ot/contracts/sparkplug_b.proto"
PROTO_PACKAGE = "org.eclipse.tahu.protobuf"

# path below Payload: numbered fields in order; "*" repeated, "?" member of the oneof `value`, "+n" extensions from n
_MESSAGES: dict[str, str] = {
    "Template": "1 string version, 2 *Metric metrics, 3 *Template.Parameter parameters, 4 string template_ref, "
    "5 bool is_definition, +6",
    "Template.Parameter": "1 string name, 2 uint32 type, 3 ?uint32 int_value, 4 ?uint64 long_value, "
    "5 ?float float_value, 6 ?double double_value, 7 ?bool boolean_value, 8 ?string string_value, "
    "9 ?Template.Parameter.ParameterValueExtension extension_value",
    "Template.Parameter.ParameterValueExtension": "+1",
    "DataSet": "1 uint64 num_of_columns, 2 *string columns, 3 *uint32 types, 4 *DataSet.Row rows, +5",
    "DataSet.DataSetValue": "1 ?uint32 int_value, 2 ?uint64 long_value, 3 ?float float_value, "
    "4 ?double double_value, 5 ?bool boolean_value, 6 ?string string_value, "
    "7 ?DataSet.DataSetValue.DataSetValueExtension extension_value",
    "DataSet.DataSetValue.DataSetValueExtension": "+1",
    "DataSet.Row": "1 *DataSet.DataSetValue elements, +2",
    "PropertyValue": "1 uint32 type, 2 bool is_null, 3 ?uint32 int_value, 4 ?uint64 long_value, "
    "5 ?float float_value, 6 ?double double_value, 7 ?bool boolean_value, 8 ?string string_value, "
    "9 ?PropertySet propertyset_value, 10 ?PropertySetList propertysets_value, "
    "11 ?PropertyValue.PropertyValueExtension extension_value",
    "PropertyValue.PropertyValueExtension": "+1",
    "PropertySet": "1 *string keys, 2 *PropertyValue values, +3",
    "PropertySetList": "1 *PropertySet propertyset, +2",
    "MetaData": "1 bool is_multi_part, 2 string content_type, 3 uint64 size, 4 uint64 seq, 5 string file_name, "
    "6 string file_type, 7 string md5, 8 string description, +9",
    "Metric": "1 string name, 2 uint64 alias, 3 uint64 timestamp, 4 uint32 datatype, 5 bool is_historical, "
    "6 bool is_transient, 7 bool is_null, 8 MetaData metadata, 9 PropertySet properties, 10 ?uint32 int_value, "
    "11 ?uint64 long_value, 12 ?float float_value, 13 ?double double_value, 14 ?bool boolean_value, "
    "15 ?string string_value, 16 ?bytes bytes_value, 17 ?DataSet dataset_value, 18 ?Template template_value, "
    "19 ?Metric.MetricValueExtension extension_value",
    "Metric.MetricValueExtension": "+1",
}
_PAYLOAD = "1 uint64 timestamp, 2 *Metric metrics, 3 uint64 seq, 4 string uuid, 5 bytes body, +6"
_MAX_FIELD_NUMBER = 1 << 29


def signed_value(raw: int, datatype: int) -> int:
    """Return the number that the unsigned wire value `raw` means under `datatype`.

    Example:
        >>> signed_value(4294967284, DataType.Int32), signed_value(244, DataType.Int8), signed_value(244, 5)
        (-12, -12, 244)
    """
    bits = SIGNED_BITS.get(datatype)
    if bits is None:
        return raw
    low = raw & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


def missing_between(previous_seq: int, seq: int) -> int:
    """Return how many messages are missing between two `seq` values (a repeated seq is a duplicate: 0).

    Example:
        >>> missing_between(1, 5), missing_between(255, 0), missing_between(7, 7)
        (3, 0, 0)
    """
    step = (seq - previous_seq) % SEQ_MODULUS
    return max(step - 1, 0)


def file_descriptor() -> FileDescriptorProto:
    """Return the descriptor of `sparkplug_b.proto`, assembled from the table above."""
    descriptor_pb2 = _protobuf().descriptor_pb2
    file = descriptor_pb2.FileDescriptorProto(name=PROTO_FILE, package=PROTO_PACKAGE)
    payload = file.message_type.add(name="Payload")
    _fill(payload, _PAYLOAD)
    messages = {"": payload}
    for path, fields in _MESSAGES.items():
        parent, _, name = path.rpartition(".")
        messages[path] = messages[parent].nested_type.add(name=name)
        _fill(messages[path], fields)
    return file


@cache
def payload_class() -> type[Any]:
    """Return the message class `org.eclipse.tahu.protobuf.Payload`.

    It lives in a descriptor pool of its own: another registration of the same package does no harm.

    Raises:
        MissingDependencyError: protobuf is not installed.

    Example:
        >>> payload_class()(seq=3).SerializeToString().hex()
        '1803'
    """
    google = _protobuf()
    pool = google.descriptor_pool.DescriptorPool()
    pool.Add(file_descriptor())
    found: type[Any] = google.message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PROTO_PACKAGE}.Payload"))
    return found


def _protobuf() -> Any:
    try:
        from google import protobuf
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: F401 loads them
    except ImportError as exc:
        raise MissingDependencyError.for_extra("Sparkplug B decoding", "sparkplug") from exc
    return protobuf


def _fill(message: DescriptorProto, fields: str) -> None:
    for item in fields.split(", "):
        if item.startswith("+"):
            message.extension_range.add(start=int(item), end=_MAX_FIELD_NUMBER)
            continue
        number, type_, name = item.split(" ")
        _add_field(message, int(number), type_, name)


def _add_field(message: DescriptorProto, number: int, type_: str, name: str) -> None:
    field_type = _protobuf().descriptor_pb2.FieldDescriptorProto
    base = type_.lstrip("*?")
    label = field_type.LABEL_REPEATED if type_.startswith("*") else field_type.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, label=label)
    if base[0].isupper():
        field.type = field_type.TYPE_MESSAGE
        field.type_name = f".{PROTO_PACKAGE}.Payload.{base}"
    else:
        field.type = field_type.Type.Value(f"TYPE_{base.upper()}")
    if type_.startswith("?"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="value")
        field.oneof_index = 0
