"""The two Fabric runtimes: which Spark goes with which Delta, and the exact jars that make the pair."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_ot.errors import NotSupportedError


@dataclass(frozen=True)
class Jar:
    """One jar by its public coordinates and the SHA-256 of its bytes."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def coordinates(self) -> str:
        """`group:artifact:version`, as Spark resolves packages."""
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def file_name(self) -> str:
        """The name under which Spark's resolver retrieves it."""
        return f"{self.group}_{self.artifact}-{self.version}.jar"


@dataclass(frozen=True)
class Runtime:
    """A Fabric runtime as far as this machine needs it."""

    version: str
    spark_version: str
    java_versions: tuple[int, ...]
    jars: tuple[Jar, ...]


RUNTIME_2_0 = Runtime(
    version="2.0",
    spark_version="4.1.1",
    java_versions=(17, 21),
    jars=(
        Jar(
            "io.delta",
            "delta-spark_4.1_2.13",
            "4.2.0",
            "8480050a55c7e50427f3bec3af9243f98fc7cbfa453a2ef55e6ea8d0b7b121ff",
        ),
        Jar("io.delta", "delta-storage", "4.2.0", "2d84df76551f2b3cd27b120abec67ccbba324cea6ec45eb659edcc54234f99f3"),
        Jar(
            "org.apache.spark",
            "spark-avro_2.13",
            "4.1.1",
            "6a19d90bc3b6e88d8db0fa36a19273aa10fea2dbd7a62bb60e4cedd73051b32d",
        ),
    ),
)

RUNTIME_1_3 = Runtime(
    version="1.3",
    spark_version="3.5.5",
    java_versions=(11, 17),
    jars=(
        Jar(
            "io.delta",
            "delta-spark_2.12",
            "3.2.1",
            "088e187da689a347a6a8556dcb22318e3dfcfb995d807f5e2c19b4d0a7ee9499",
        ),
        Jar("io.delta", "delta-storage", "3.2.1", "4dcc179fc4076bda5060a4038f979c53e1f5916cf04971e28f9441db390763c7"),
        Jar("org.antlr", "antlr4-runtime", "4.9.3", "131a6594969bc4f321d652ea2a33bc0e378ca312685ef87791b2c60b29d01ea5"),
        Jar(
            "org.apache.spark",
            "spark-avro_2.12",
            "3.5.5",
            "16815c7ae6e68eb8f097c3987737689a20fb9cd8718f1c6cce72b76008a94d06",
        ),
    ),
)

RUNTIMES: tuple[Runtime, ...] = (RUNTIME_2_0, RUNTIME_1_3)


def runtime_of_spark(spark_version: str) -> Runtime:
    """Return the Fabric runtime that runs this Spark; refuse any other version by name.

    Example:
        >>> runtime_of_spark("3.5.5").version
        '1.3'
    """
    for runtime in RUNTIMES:
        if runtime.spark_version == spark_version:
            return runtime
    pairs = ", ".join(f"{r.spark_version} (runtime {r.version})" for r in RUNTIMES)
    message = f"PySpark {spark_version} is installed, and no Fabric runtime uses it. Install one of: {pairs}."
    raise NotSupportedError(message)
