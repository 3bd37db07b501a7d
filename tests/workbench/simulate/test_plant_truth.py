"""The landed files, read back by a slow and obvious decoder, tell the same facts as the machines themselves."""

from __future__ import annotations

import csv
import json
from base64 import b64decode
from collections import Counter, defaultdict
from datetime import date, datetime
from io import BytesIO
from itertools import pairwise
from zlib import crc32

import fastavro
import pyarrow.parquet as pq
import pytest

from fabric_ot.contracts.sparkplug import missing_between, payload_class, signed_value
from fabric_ot.workbench.simulate.eventstream_table import tables_path
from fabric_ot.workbench.simulate.layout import SITES
from fabric_ot.workbench.simulate.plant import simulate_plant
from fabric_ot.workbench.simulate.shifts import shift_instance


def landed_messages(out):
    """Yield (route, broker_ms, order, topic, payload, retained) of every readable file, each transport key once."""
    for path in sorted(out.glob("hivemq/**/messages.parquet")):
        for n, row in enumerate(pq.read_table(path).to_pylist()):
            order = ("hivemq", str(path), n)
            yield "hivemq", row["received_at_ms"], order, row["mqtt_topic"], row["mqtt_payload"], row["mqtt_retain"]
    seen = set()
    for path in sorted(out.glob("event_hubs/**/*.avro")):
        try:
            records = list(fastavro.reader(BytesIO(path.read_bytes())))
        except (EOFError, ValueError):
            continue
        for row in records:
            order = ("event_hubs", path.parts[-7], row["SequenceNumber"])
            if order not in seen:
                seen.add(order)
                properties = row["Properties"]
                retained = bool(properties["mqtt-retain"])
                yield "event_hubs", properties["broker-time-ms"], order, properties["mqtt-topic"], row["Body"], retained
    for path in sorted(tables_path(out).glob("plant/eventstream_raw/*.parquet")):
        for row in pq.read_table(path).to_pylist():
            unnumbered = ("by_content", crc32(repr((row["topic"], row["body"], row["received_ms"])).encode()))
            number = row["sequence_number"]
            order = ("eventstream", *((str(row["PartitionId"]), number) if number else unnumbered))
            if order not in seen:
                seen.add(order)
                body = None if row["body"] is None else b64decode(row["body"])
                yield "eventstream", row["received_ms"], order, row["topic"], body, bool(row["retain"])


def metric_value(metric, datatype):
    field = metric.WhichOneof("value")
    if metric.is_null or field is None:
        return None
    value = getattr(metric, field)
    return signed_value(value, datatype) if field in ("int_value", "long_value") else value


class SparkplugReader:
    """Decodes the messages of all nodes in order of arrival."""

    def __init__(self):
        self.samples, self.gaps, self.dead_tags = {}, defaultdict(list), []
        self.ignored = Counter()

    def read_node(self, node, messages):
        births = [m for m in messages if m[1] in ("NBIRTH", "DBIRTH")]
        session, recent, seq = self.first_definitions(births), [], None
        bd_seq, known = None, {}
        for broker_ms, kind, device, raw in messages:
            payload = payload_class().FromString(raw)
            if (kind, device, raw) in recent[-255:]:
                self.ignored["redelivery"] += 1
                continue
            recent.append((kind, device, raw))
            if kind == "NDEATH":
                if payload.metrics[0].long_value != bd_seq:
                    self.ignored["stale_death"] += 1
                else:
                    self.stale(known, broker_ms, broker_ms, None)
                continue
            if kind == "NBIRTH":
                session, recent, seq = {}, [], None
                bd_seq = next(m.long_value for m in payload.metrics if m.name == "bdSeq")
            missing = 0 if seq is None else missing_between(seq, payload.seq)
            if missing and bd_seq is not None:
                self.gaps[node].append(missing)
            seq = payload.seq
            if kind == "DDEATH":
                self.stale(known, payload.timestamp, broker_ms, device)
                continue
            for metric in payload.metrics:
                if metric.name in ("bdSeq", "Node Control/Rebirth"):
                    continue
                if kind.endswith("BIRTH"):
                    session[metric.alias] = (device, metric.name, metric.datatype)
                    known[device, metric.name] = self.tag(node, device, metric.name)
                owner, name, datatype = session[metric.alias]
                assert owner == device
                at = metric.timestamp or payload.timestamp or broker_ms
                self.samples[self.tag(node, device, name), at, broker_ms] = metric_value(metric, datatype)

    def stale(self, known, at, broker_ms, device):
        for (owner, _), tag in known.items():
            if device is None or owner == device:
                self.samples[tag, at, broker_ms] = "STALE"
                self.dead_tags.append(tag)

    @staticmethod
    def first_definitions(births):
        found = {}
        for _, _, device, raw in births:
            for m in payload_class().FromString(raw).metrics:
                if m.name not in ("bdSeq", "Node Control/Rebirth"):
                    found.setdefault(m.alias, (device, m.name, m.datatype))
        return found

    @staticmethod
    def tag(node, device, name):
        return "/".join(["spBv1.0", node, *([device] if device else []), name])


def refuse_constant(name):
    message = f"{name} is not JSON"
    raise ValueError(message)


def read_json(payload, topic):
    document = dict(json.loads(payload, parse_constant=refuse_constant))
    at = document.pop("timestamp_ms")
    if "value" in document:
        return [((topic, at, document.get("sequence", 0)), document["value"])]
    return [((f"{topic}/{field}", at, 0), value) for field, value in document.items()]


@pytest.fixture(scope="module")
def decoded(plant_day):
    out, truth = plant_day
    sparkplug, json_rows = defaultdict(list), []
    for _, broker_ms, order, topic, payload, retained in landed_messages(out):
        levels = topic.split("/")
        if levels[0] == "spBv1.0" and f"{levels[1]}/{'/'.join(levels[3:4])}" in truth.seq_gaps:
            if levels[2] not in ("NCMD", "DCMD"):
                device = levels[4] if len(levels) > 4 else ""
                sparkplug[f"{levels[1]}/{levels[3]}"].append((broker_ms, order, levels[2], device, payload))
        elif levels[0] == "acme" and len(levels) == 6 and not retained and payload and len(payload) < 1_000_000:
            json_rows.append((broker_ms, order, topic, payload))
    reader = SparkplugReader()
    for node, messages in sparkplug.items():
        reader.read_node(node, [(m[0], *m[2:]) for m in sorted(messages, key=lambda m: m[:2])])
    json_samples = {}
    for broker_ms, _, topic, payload in sorted(json_rows):
        try:
            rows = read_json(payload, topic)
        except (ValueError, KeyError, TypeError):
            continue
        for (tag, at, sequence), value in rows:
            in_range = isinstance(at, int) and 946_684_800_000 < at <= broker_ms
            if in_range and not (tag.endswith("/temperature") and not isinstance(value, float)):
                json_samples[tag, at, sequence] = value
    return reader, json_samples


def by_tag(decoded):
    reader, json_samples = decoded
    found = defaultdict(list)
    for (tag, at, sequence), value in {**reader.samples, **json_samples}.items():
        found[tag].append((at, sequence, value))
    return {tag: [(at, value) for at, _, value in sorted(rows, key=lambda r: r[:2])] for tag, rows in found.items()}


def read_csv(out, entity):
    with (out / "reference" / f"{entity}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(
    scope="module",
    params=[{"scale": 0.2}, {"scale": 0.05, "seed": 3, "start": date(2026, 3, 7), "days": 2}],
    ids=["default day", "weekend of Denver's summer time"],
)
def plant_day(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("plant") / "landing"
    return out, simulate_plant(out, **request.param)


def test_every_distinct_sample_is_counted(plant_day, decoded):
    _, truth = plant_day
    reader, json_samples = decoded
    stale = len(reader.dead_tags)
    told = truth.injected
    assert len(reader.samples) - stale == truth.samples["sparkplug_distinct"] - told["rule_breaker_samples"]
    assert stale == truth.samples["stale"] - told["rule_breaker_stale"] == 9 + 7
    assert len(json_samples) == truth.samples["uns_json_distinct"]


def test_gaps_redeliveries_and_stale_deaths_are_those_injected(plant_day, decoded):
    _, truth = plant_day
    reader, _ = decoded
    for node, expected in truth.seq_gaps.items():
        assert {"gaps": len(reader.gaps[node]), "missing": sum(reader.gaps[node])} == expected
    assert sum(expected["missing"] for expected in truth.seq_gaps.values()) == truth.injected["lost_messages"] > 0
    assert reader.ignored == {"redelivery": truth.injected["redelivered_sparkplug"], "stale_death": 1}


def increase(rows, modulus):
    total, previous, borders = 0, None, []
    for at, value in rows:
        if value in (None, "STALE"):
            continue
        if previous is not None:
            step = value - previous
            total += step if step >= 0 else value + modulus - previous if modulus else value
        previous = value
        borders.append((at, total))
    return borders


def counted_between(steps, start_ms, end_ms):
    known = dict(steps)
    return known[end_ms] - known.get(start_ms, 0)


def instants(row):
    site = next(s for s in SITES if s.site_id == row["site_id"])
    shift = next(s for s in site.shifts if s.shift_id == row["shift_id"])
    return shift_instance(site, shift, datetime.fromisoformat(row["production_date"]).date())


def test_sampled_counters_add_up_to_each_shift(plant_day, decoded):
    out, truth = plant_day
    tags, samples = read_csv(out, "tag"), by_tag(decoded)
    sums = defaultdict(lambda: [0, 0])
    for row in truth.production:
        key = (row["asset_id"], row["site_id"], row["shift_id"], row["production_date"])
        sums[key][0] += row["good_qty"]
        sums[key][1] += row["scrap_qty"]
    checked = 0
    for (asset_id, site_id, shift_id, day), expected in sums.items():
        instance = instants({"site_id": site_id, "shift_id": shift_id, "production_date": day})
        mine = {t["role"]: t for t in tags if t["asset_id"] == asset_id}
        if "produced_counter" in mine:
            shown = {"produced_counter": sum(expected), "scrap_counter": expected[1]}
        else:
            shown = dict(zip(("good_counter", "scrap_counter"), expected, strict=True))
        for role, count in shown.items():
            tag = mine[role]
            if tag["tag_id"] in samples:
                modulus = int(tag["counter_modulus"] or 0)
                steps = increase(samples[tag["tag_id"]], modulus)
                assert counted_between(steps, instance.start_ms, instance.end_ms) == count, (asset_id, shift_id)
                checked += 1
    never_heard = sum(row["product_id"] == "" for row in truth.production)
    assert checked == 2 * (len(truth.oee) - never_heard) > 50
    assert "produced_counter" in {t["role"] for t in tags}


def test_sampled_products_carry_the_counts_of_their_own_running(plant_day, decoded):
    out, truth = plant_day
    tags, samples = read_csv(out, "tag"), by_tag(decoded)
    expected, found = Counter(), Counter()
    for row in truth.production:
        counts_all = any(t["asset_id"] == row["asset_id"] and t["role"] == "produced_counter" for t in tags)
        expected[row["asset_id"], row["product_id"]] += row["produced_qty" if counts_all else "good_qty"]
    ends: dict[str, int] = {}
    for row in truth.production:
        ends[row["asset_id"]] = max(instants(row).end_ms, ends.get(row["asset_id"], 0))
    for asset_id in {row["asset_id"] for row in truth.production}:
        mine = {t["role"]: t for t in tags if t["asset_id"] == asset_id}
        products = [(at, v) for at, v in samples.get(mine["product"]["tag_id"], []) if v not in (None, "STALE")]
        counter = mine.get("good_counter") or mine["produced_counter"]
        steps = increase(samples.get(counter["tag_id"], []), int(counter["counter_modulus"] or 0))
        for (_, before), (at, total) in pairwise(steps):
            if at <= ends[asset_id]:
                found[asset_id, [v for t, v in products if t <= at][-1]] += total - before
    expected = +expected
    assert found == expected


def test_sampled_states_take_the_time_of_the_truth(plant_day, decoded):
    out, truth = plant_day
    tags, samples = read_csv(out, "tag"), by_tag(decoded)
    horizon = int(datetime.fromisoformat(truth.horizon_utc).timestamp() * 1000)
    assert truth.state_time
    groups = defaultdict(lambda: (Counter(), Counter()))
    for row in truth.state_time:
        # people may have said of one state that some of its time was something else
        told, inside = groups[row["asset_id"], row["site_id"], row["shift_id"], row["production_date"]]
        told[row["state"]] += row["duration_s"]
        inside[row["state"]] += row["planned_stop_s"]
    for (asset_id, site_id, shift_id, day), (told, inside) in groups.items():
        tag = next(t for t in tags if t["asset_id"] == asset_id and t["role"] == "state")
        # before its first word an asset gives no signal
        rows = [(0, "STALE"), *((at, value) for at, value in samples.get(tag["tag_id"], []) if at < horizon)]
        instance = instants({"site_id": site_id, "shift_id": shift_id, "production_date": day})
        seconds, stopped = Counter(), Counter()
        for (at, value), (until, _) in zip(rows, [*rows[1:], (horizon, None)], strict=True):
            label = "NO_SIGNAL" if value == "STALE" else value.upper()
            low, high = max(at, instance.start_ms), min(until, instance.end_ms)
            if low < high:
                seconds[label] += high - low
                stopped[label] += sum(max(0, min(high, e) - max(low, s)) for s, e in instance.stops)
        assert {s: n / 1000 for s, n in seconds.items()} == told
        assert {s: stopped[s] / 1000 for s in seconds} == inside


def test_sampled_meters_show_the_energy_of_the_truth(plant_day, decoded):
    _, truth = plant_day
    samples = by_tag(decoded)
    for tag, kwh in truth.energy_kwh.items():
        if not tag.startswith("historian/"):
            values = [value for _, value in samples[tag] if value not in (None, "STALE")]
            assert values[-1] - values[0] == pytest.approx(kwh, abs=1e-6)
            assert values == sorted(values)
