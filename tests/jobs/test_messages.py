"""Bronze: each landed file becomes messages once, whatever its route; a bad file stops no other."""

from __future__ import annotations

import base64
import datetime as dt
import os
from io import BytesIO
from pathlib import Path

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fabric_ot.contracts.landing import CsvMapping, CsvValue, LandingConfig
from fabric_ot.errors import ContractError
from fabric_ot.jobs.instants import parse_instant
from fabric_ot.jobs.messages import run_messages
from fabric_ot.lakehouse import Lakehouse

AS_OF = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
T_MS = 1_772_344_800_123  # 2026-03-01T06:00:00.123Z

HISTORIAN = CsvMapping(
    "meter", "historian", "historian/meter/*.csv", ("Zeit", "kWh"), ";", "Zeit", "dd.MM.yyyy HH:mm",
    values=(CsvValue("kWh", "meter/energy", "kWh"),),
)  # fmt: skip
SITE = CsvMapping("site", "reference", "reference/site*.csv", ("site_id", "site_name", "time_zone"))
COLUMNS = (
    ("t", "${mqtt-topic}"), ("p", "${mqtt-payload}"), ("q", "${mqtt-qos}"), ("r", "${mqtt-retain}"),
    ("ms", "${timestamp}"),
)  # fmt: skip
CONFIG = LandingConfig(hivemq_columns=COLUMNS, csv=(HISTORIAN, SITE))

UNION = ["long", "double", "string", "bytes", "null"]
CAPTURE = {
    "type": "record", "name": "EventData",
    "fields": [
        {"name": "SequenceNumber", "type": "long"},
        {"name": "Offset", "type": "string"},
        {"name": "EnqueuedTimeUtc", "type": "string"},
        {"name": "SystemProperties", "type": {"type": "map", "values": UNION[:4]}},
        {"name": "Properties", "type": {"type": "map", "values": UNION}},
        {"name": "Body", "type": ["null", "bytes"]},
    ],
}  # fmt: skip


class Plant:
    """A bronze lakehouse in a folder, and short ways to land files in it."""

    def __init__(self, spark, folder: Path, config: LandingConfig = CONFIG) -> None:
        self.landing = folder / "Files" / "landing"
        self.bronze = Lakehouse(
            spark, name="ot_bronze", layer="bronze", tables_path=str(folder / "T"), files_path=str(folder / "Files")
        )
        self.put("landing.json", config.to_json().encode())

    def put(self, path: str, data: bytes) -> Path:
        target = self.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def parquet(self, path: str, rows: list[tuple], names=("t", "p", "q", "r", "ms"), types=None) -> Path:
        types = types or [pa.string(), pa.binary(), pa.int32(), pa.bool_(), pa.int64()]
        columns = [pa.array([row[n] for row in rows], kind) for n, kind in enumerate(types)]
        buffer = BytesIO()
        pq.write_table(pa.table(dict(zip(names, columns, strict=True))), buffer)
        return self.put(path, buffer.getvalue())

    def avro(self, partition: int, hour: int, events: list[dict], codec: str = "null") -> str:
        path = f"event_hubs/ns/hub/{partition}/2026/03/01/{hour:02}/00/00.avro"
        buffer = BytesIO()
        fastavro.writer(buffer, CAPTURE, events, codec=codec, sync_interval=200)
        self.put(path, buffer.getvalue())
        return path

    def run(self, batch_id: str):
        return run_messages(self.bronze, as_of_utc=AS_OF, batch_id=batch_id)

    def messages(self) -> list[dict]:
        rows = self.bronze.read("plant.message").orderBy("route", "source_partition", "source_offset").collect()
        return [row.asDict() for row in rows]

    def files(self) -> dict[str, tuple]:
        rows = self.bronze.read("plant.landing_file").collect()
        return {row.path: (row.route, row.status, row.rows_read, row.error or "") for row in rows}


def event(n: int, topic: object = "a/b", body: bytes | None = b"x", **headers) -> dict:
    properties = {"mqtt-topic": topic, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "SequenceNumber": n, "Offset": str(n * 8), "EnqueuedTimeUtc": "3/1/2026 1:05:09 PM", "SystemProperties": {},
        "Properties": properties, "Body": body,
    }  # fmt: skip


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.fixture
def plant(spark, tmp_path: Path) -> Plant:
    return Plant(spark, tmp_path)


def test_an_instant_without_a_zone_is_refused() -> None:
    assert parse_instant("2026-03-02T01:00:00+01:00") == AS_OF
    with pytest.raises(ValueError, match="has no time zone"):
        parse_instant("2026-03-02T00:00:00")


@pytest.mark.acceptance(15)
@pytest.mark.spark
def test_all_routes_land_in_one_batch_and_a_second_run_writes_nothing(plant: Plant) -> None:
    plant.parquet("hivemq/2026/a b+c.parquet", [("x/y", b"\x00\xff", 1, True, T_MS), (None, None, 7, None, 2**62)])
    plant.avro(0, 5, [])
    path = plant.avro(0, 6, [
        event(10, mqtt_qos=1, mqtt_retain="true", broker_time_ms=T_MS),
        event(11, topic=b"bytes/topic", body=None, mqtt_qos=b"2", mqtt_retain=0, broker_time_ms=str(T_MS)),
        event(12, topic=None, mqtt_qos="many", broker_time_ms=1.5),
    ], codec="deflate")  # fmt: skip
    plant.put("historian/meter/m.csv", "\ufeffZeit;kWh\r\n01.03.2026 00:15;1,5\r\nZ\u00e4hler;?\r\n".encode())
    plant.put("historian/meter/latin.csv", b"Zeit;kWh\n\xe4;\xff\n\nlast")
    plant.put("reference/site.csv", b"site_id,site_name,time_zone\n")

    report = plant.run("b1")

    assert report.counts == {
        "files_landed": 4, "files_empty": 2, "files_refused": 0, "rows_read": 10, "messages": 10,
    }  # fmt: skip
    hub0, hub1, hub2, l0, l1, l2, m0, m1, h0, h1 = plant.messages()
    assert (hub0["source_partition"], hub0["source_offset"], hub0["topic"]) == ("ns/hub/0", 10, "a/b")
    assert (hub0["qos"], hub0["is_retained"], hub0["source_file"]) == (1, True, path)
    assert hub0["broker_time_utc"] == utc("2026-03-01T06:00:00.123")
    assert hub0["enqueued_time_utc"] == utc("2026-03-01T13:05:09")
    assert (hub1["topic"], bool(hub1["payload"]), hub1["qos"], hub1["is_retained"]) == ("bytes/topic", False, 2, False)
    assert hub1["broker_time_utc"] == hub0["broker_time_utc"]
    assert (hub2["topic"], hub2["qos"], hub2["is_retained"], hub2["broker_time_utc"]) == ("", None, None, None)
    assert [bytes(row["payload"]) for row in (l0, l1, l2)] == [b"\xe4;\xff", b"", b"last"]
    assert [row["source_offset"] for row in (l0, l1, l2)] == [0, 1, 2]
    assert (m0["topic"], bytes(m0["payload"])) == ("historian/meter", b"01.03.2026 00:15;1,5")
    assert bytes(m1["payload"]) == "Z\u00e4hler;?".encode()
    assert (h0["source_partition"], h0["source_offset"]) == ("hivemq/2026/a b+c.parquet", 0)
    assert (bytes(h0["payload"]), h0["qos"], h0["is_retained"]) == (b"\x00\xff", 1, True)
    assert h0["broker_time_utc"] == utc("2026-03-01T06:00:00.123")
    assert (h1["topic"], h1["payload"], h1["qos"], h1["broker_time_utc"]) == ("", None, None, None)
    assert {row["ingest_batch_id"] for row in (hub0, l0, m0, h0)} == {"b1"}
    assert plant.files()["event_hubs/ns/hub/0/2026/03/01/05/00/00.avro"] == ("event_hubs", "empty", 0, "")
    assert plant.files()["reference/site.csv"][:3] == ("file", "empty", 0)

    versions = [plant.bronze.version(t) for t in ("plant.message", "plant.landing_file")]
    assert set(plant.run("b2").counts.values()) == {0}
    assert [plant.bronze.version(t) for t in ("plant.message", "plant.landing_file")] == versions


@pytest.mark.acceptance(15)
@pytest.mark.spark
def test_bad_files_are_refused_by_name_and_the_others_land(plant: Plant) -> None:
    rows = [(f"t/{n}", b"x" * 50, 0, False, T_MS) for n in range(200)]
    plant.parquet("hivemq/good.parquet", rows)
    plant.parquet(
        "hivemq/other_types.parquet", rows, types=[pa.binary(), pa.binary(), pa.int64(), pa.bool_(), pa.int64()]
    )
    whole = plant.parquet("hivemq/cut.parquet", rows).read_bytes()
    plant.put("hivemq/cut.parquet", whole[: len(whole) // 2])
    middle = len(whole) // 2
    plant.put("hivemq/damaged.parquet", whole[: middle - 40] + bytes(80) + whole[middle + 40 :])
    plant.parquet("hivemq/lacks.parquet", [row[:4] for row in rows], names=("t", "p", "q", "r"),
                  types=[pa.string(), pa.binary(), pa.int32(), pa.bool_()])  # fmt: skip
    plant.parquet("hivemq/text_time.parquet", [(*rows[0][:4], "noon")],
                  types=[pa.string(), pa.binary(), pa.int32(), pa.bool_(), pa.string()])  # fmt: skip
    good = plant.avro(1, 6, [event(n) for n in range(50)])
    cut = plant.avro(1, 7, [event(n) for n in range(50, 100)])
    data = (plant.landing / cut).read_bytes()
    plant.put(cut, data[: len(data) * 6 // 10])
    plant.put("event_hubs/ns/hub/1/2026/03/01/08/00/00.avro", b"not avro")
    plant.put("event_hubs/ns/hub/odd.avro", data)
    plant.put("historian/meter/wrong.csv", b"Zeit;kW\n1;2\n")
    plant.put("historian/meter/big.csv", b"Zeit;kWh\n")
    os.truncate(plant.landing / "historian/meter/big.csv", 64 * 1024 * 1024 + 1)
    plant.put("notes.txt", b"hello")

    report = plant.run("b1")

    files = plant.files()
    refused = {path: row[3] for path, row in files.items() if row[1] == "refused"}
    assert files["hivemq/good.parquet"] == ("hivemq", "landed", 200, "")
    assert files["hivemq/other_types.parquet"] == ("hivemq", "landed", 200, "")
    assert files[good] == ("event_hubs", "landed", 50, "")
    assert "is not a Parquet file" in refused["hivemq/cut.parquet"]
    assert "cannot be read" in refused["hivemq/damaged.parquet"]
    assert refused["hivemq/lacks.parquet"] == (
        "mapped column 'ms' (${timestamp}) is missing; the file has ['p', 'q', 'r', 't']"
    )
    assert "column 'ms' is BINARY" in refused["hivemq/text_time.parquet"]
    assert "cut off: the last whole block ends at byte" in refused[cut]
    assert refused["event_hubs/ns/hub/1/2026/03/01/08/00/00.avro"]
    assert "unknown route: not event_hubs/<namespace>" in refused["event_hubs/ns/hub/odd.avro"]
    assert refused["historian/meter/wrong.csv"] == "header ['Zeit', 'kW'] is not ['Zeit', 'kWh'] (historian/meter)"
    assert "larger than 67108864 bytes" in refused["historian/meter/big.csv"]
    assert files["notes.txt"][0] == "unknown"
    assert (len(refused), len(files), report.counts["messages"]) == (10, 13, 450)
    assert len(report.notes) == 10
    assert plant.bronze.count("plant.message") == 450


@pytest.mark.spark
def test_a_record_that_two_capture_files_hold_lands_once_and_so_does_a_rerun_after_a_crash(plant: Plant) -> None:
    plant.avro(0, 6, [event(n, body=b"first") for n in range(10)])
    plant.avro(0, 7, [event(n, body=b"first") for n in range(8, 15)])
    real = plant.bronze.append
    plant.bronze.append = lambda table, rows: (_ for _ in ()).throw(RuntimeError("power cut"))  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="power cut"):
        plant.run("b1")
    plant.bronze.append = real  # type: ignore[method-assign]
    plant.avro(0, 8, [event(n, body=b"second") for n in range(14, 17)])

    report = plant.run("b2")

    assert (report.counts["rows_read"], report.counts["messages"]) == (20, 2)
    rows = plant.messages()
    assert [row["source_offset"] for row in rows] == list(range(17))
    assert [row["ingest_batch_id"] for row in rows] == ["b1"] * 15 + ["b2"] * 2
    assert bytes(rows[14]["payload"]) == b"first"
    files = plant.bronze.read("plant.landing_file").orderBy("path").collect()
    assert [row.ingest_batch_id for row in files] == ["b1", "b1", "b2"], "silver would never see an unnamed batch"


@pytest.mark.spark
def test_a_rewritten_file_is_a_new_source(plant: Plant) -> None:
    plant.put("reference/site.csv", b"site_id,site_name,time_zone\na,A,UTC\n")
    plant.run("b1")
    plant.put("reference/site.csv", b"site_id,site_name,time_zone\na,Renamed,UTC\n")
    assert plant.run("b2").counts["messages"] == 1
    partitions = [row["source_partition"] for row in plant.messages()]
    assert partitions[0] == "reference/site.csv"
    assert partitions[1].startswith("reference/site.csv@20")
    assert len(plant.messages()) == 2


@pytest.mark.acceptance(15)
@pytest.mark.spark
def test_payloads_as_base64_or_text_become_their_bytes(spark, tmp_path: Path) -> None:
    columns = (("t", "${mqtt-topic}"), ("p", "${mqtt-payload-base64}"), ("ms", "${timestamp}"))
    plant = Plant(spark, tmp_path / "base64", LandingConfig(hivemq_columns=columns))
    types = [pa.string(), pa.string(), pa.timestamp("ms", "UTC")]
    encoded = base64.b64encode(b"\x00\x01\xfe").decode()
    plant.parquet("hivemq/a.parquet", [("t", encoded, T_MS), ("t", "no base64!", T_MS)], ("t", "p", "ms"), types)
    types[0] = pa.binary()
    plant.parquet(
        "hivemq/b.parquet",
        [(b"caf\xe9", encoded, T_MS), ("caf\u00e9".encode(), encoded, T_MS)],
        ("t", "p", "ms"),
        types,
    )
    plant.run("b1")
    assert [bytes(row["payload"]) for row in plant.messages()[:2]] == [b"\x00\x01\xfe", b"no base64!"]
    assert [row["topic"] for row in plant.messages()[2:]] == ["caf\u00e9", "caf\u00e9"], (
        "a topic is always readable text"
    )
    assert plant.messages()[0]["broker_time_utc"] == utc("2026-03-01T06:00:00.123")


@pytest.mark.spark
def test_files_without_declared_mappings_are_refused_and_a_missing_declaration_is_an_error(spark, tmp_path) -> None:
    plant = Plant(spark, tmp_path, LandingConfig())
    plant.parquet("hivemq/a.parquet", [("t", b"x", 0, False, T_MS)])
    assert plant.run("b1").counts["files_refused"] == 1
    assert plant.files()["hivemq/a.parquet"][3] == "landing.json declares no hivemq_columns"
    (plant.landing / "landing.json").unlink()
    plant.put("x.csv", b"a")
    with pytest.raises(ContractError, match=r"landing/landing\.json: no such file"):
        plant.run("b2")


@pytest.mark.spark
def test_an_empty_landing_folder_writes_nothing(plant: Plant) -> None:
    assert set(plant.run("b1").counts.values()) == {0}
    assert plant.bronze.version("plant.message") is None
    assert plant.bronze.version("plant.landing_file") is None
