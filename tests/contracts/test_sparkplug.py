"""The Sparkplug wire contract: the code and the `.proto` text say the same thing; the published vectors decode."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabric_ot.contracts.sparkplug import (
    DataType,
    file_descriptor,
    missing_between,
    payload_class,
    signed_value,
)


def compile_proto(folder: Path):
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    text = files("fabric_ot.contracts").joinpath("sparkplug_b.proto").read_text(encoding="utf-8")
    source = folder / "fabric_ot" / "contracts"
    source.mkdir(parents=True)
    (source / "sparkplug_b.proto").write_text(text, encoding="utf-8")
    out = folder / "set.bin"
    command = ["-m", "grpc_tools.protoc", f"-I{folder}", f"--descriptor_set_out={out}"]
    subprocess.run([sys.executable, *command, "fabric_ot/contracts/sparkplug_b.proto"], check=True)
    return FileDescriptorSet.FromString(out.read_bytes()).file[0]


def without_json_names(message):
    for field in message.field:
        field.ClearField("json_name")
    for nested in message.nested_type:
        without_json_names(nested)


def test_the_proto_text_compiles_to_the_descriptor_assembled_in_code(tmp_path):
    pytest.importorskip("grpc_tools")
    compiled = compile_proto(tmp_path)
    for message in compiled.message_type:
        without_json_names(message)
    assert compiled == file_descriptor()


def test_importing_the_contract_does_not_load_protobuf():
    code = "import sys, fabric_ot.contracts.sparkplug; sys.exit('google.protobuf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_payload_survives_the_wire_with_its_oneof_and_properties():
    payload = payload_class()(timestamp=5, seq=255)
    metric = payload.metrics.add(name="Temperature", alias=100, datatype=DataType.Double, double_value=21.5)
    metric.properties.keys.append("Quality")
    metric.properties.values.add(type=DataType.Int32, int_value=500)
    again = payload_class().FromString(payload.SerializeToString())
    assert again == payload
    assert again.metrics[0].WhichOneof("value") == "double_value"
    assert not again.metrics[0].HasField("is_null")


def test_published_vectors_decode_to_their_documented_contents(shared_data):
    vectors = json.loads((shared_data / "sparkplug_umh/test_vectors.json").read_text(encoding="utf-8"))
    decoded = {v["name"]: payload_class().FromString(base64.b64decode(v["base64"])) for v in vectors}
    assert [len(decoded[v["name"]].metrics) for v in vectors] == [v["metric_count"] for v in vectors]
    birth = {m.name: m for m in decoded["NBIRTH_V1"].metrics}
    assert birth["bdSeq"].long_value == 88
    assert (birth["Temperature"].alias, birth["Temperature"].double_value) == (100, 21.5)
    assert [decoded[n].seq for n in ("NDATA_V1", "NDATA_GAP", "NDATA_WRAPAROUND")] == [1, 5, 0]
    assert {p.timestamp for p in decoded.values()} == {1750855643474}


@given(st.sampled_from([8, 16, 32, 64]), st.data())
def test_two_s_complement_gives_back_every_signed_number(bits, data):
    number = data.draw(st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1))
    datatype = {8: DataType.Int8, 16: DataType.Int16, 32: DataType.Int32, 64: DataType.Int64}[bits]
    assert signed_value(number & ((1 << bits) - 1), datatype) == number


@given(st.integers(0, 255), st.integers(0, 254))
def test_missing_messages_are_counted_across_the_wrap(previous, lost):
    assert missing_between(previous, (previous + 1 + lost) % 256) == lost
