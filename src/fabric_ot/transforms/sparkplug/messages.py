"""The Sparkplug message log: session facts and outcome of each transported message."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fabric_ot.contracts.silver import SPARKPLUG_MESSAGE
from fabric_ot.transforms.messages.decoded_samples import TRANSPORT_KEY


def to_sparkplug_messages(messages: DataFrame, outcomes: DataFrame) -> DataFrame:
    """Turn placed messages and their outcomes into `plant.sparkplug_message`.

    Columns in:  messages: those of `with_sequence`; outcomes: those of `rollup_messages`.
    Columns out: `plant.sparkplug_message`.
    Grain out:   one row per message.
    Cost:        one join by the transport key.
    """
    told = outcomes.select(
        *TRANSPORT_KEY,
        "outcome",
        sf.when(sf.col("outcome") != "decoded", sf.col("reason")).alias("reason"),
        "value_count",
    )
    return messages.join(told, list(TRANSPORT_KEY)).select(*SPARKPLUG_MESSAGE.column_names)
