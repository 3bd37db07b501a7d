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

# # KPIs
# 
# Computes the loss tree, the KPIs of ISO 22400 and the compared formulas of the sites that changed. Runs after
# nb_silver_energy, nb_silver_quality and nb_silver_maintenance.

# PARAMETERS CELL ********************

as_of_utc = "2026-01-01T00:00:00Z"
item_components = "gripper, sensor"  # replaced, not repaired: MTTF is of them

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

from fabric_ot.jobs.instants import parse_instant
from fabric_ot.jobs.kpis import run_kpis
from fabric_ot.lakehouse import open_lakehouse

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

silver = open_lakehouse(spark, "ot_silver")
items = [name.strip() for name in item_components.split(",") if name.strip()]
report = run_kpis(silver, as_of_utc=parse_instant(as_of_utc), item_components=items)
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
