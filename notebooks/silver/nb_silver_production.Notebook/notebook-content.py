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

# # Production
# 
# Computes shift instances, states and what they count as, counter increments and production facts of the assets that
# changed.

# PARAMETERS CELL ********************

as_of_utc = "2026-01-01T00:00:00Z"
# What the plant declares: 0 means no debounce, no micro-stops.
debounce_s = 0.0
micro_stop_s = 0.0
planned_down_is_busy = True

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

from fabric_ot.jobs.instants import parse_instant
from fabric_ot.jobs.production import ProductionChoices, run_production
from fabric_ot.lakehouse import open_lakehouse

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

silver = open_lakehouse(spark, "ot_silver")
choices = ProductionChoices(debounce_s, micro_stop_s, planned_down_is_busy)
report = run_production(silver, as_of_utc=parse_instant(as_of_utc), choices=choices)
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
