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

# # Energy
# 
# Computes demand, load, power factor, cost, energy by state and baselines of the sites that changed. Runs after nb_silver_production.

# PARAMETERS CELL ********************

as_of_utc = "2026-01-01T00:00:00Z"
baseline_to = ""

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

from fabric_ot.jobs.energy import run_energy
from fabric_ot.jobs.instants import parse_date, parse_instant
from fabric_ot.lakehouse import open_lakehouse

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

silver = open_lakehouse(spark, "ot_silver")
report = run_energy(silver, as_of_utc=parse_instant(as_of_utc), baseline_to=parse_date(baseline_to))
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
