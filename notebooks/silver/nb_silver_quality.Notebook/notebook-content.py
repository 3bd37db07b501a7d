# Fabric notebook source

# METADATA ********************

# META {
# META   "kernel_info": {
# META     "name": "synapse_pyspark"
# META   },
# META   "dependencies": {
# META     "environment": {
# META       "environmentId": "23df4ce7-b019-59e8-bc52-b5bfa0acbd2b",
# META       "workspaceId": "00000000-0000-0000-0000-000000000000"
# META     }
# META   }
# META }

# MARKDOWN ********************

# # Quality control
# 
# Charts the samples by limits that stay frozen, tells the rules that fire, and the capability of each process;
# sees each sample with the process as it was when the part was taken.

# PARAMETERS CELL ********************

as_of_utc = "2026-01-01T00:00:00Z"

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

from fabric_ot.jobs.instants import parse_instant
from fabric_ot.jobs.quality_control import run_quality_control
from fabric_ot.lakehouse import open_lakehouse

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

silver = open_lakehouse(spark, "ot_silver")
report = run_quality_control(silver, as_of_utc=parse_instant(as_of_utc))
display(report.counts)

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

notebookutils.notebook.exit(report.to_json())

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }
