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

# # Maintenance
# 
# Matches failures that the states show with maintenance orders; MTBF, MTTR, plans kept and backlog by month.

# PARAMETERS CELL ********************

as_of_utc = "2026-01-01T00:00:00Z"
weekly_capacity_s = 144000.0  # one person, 40 hours

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

from fabric_ot.jobs.instants import parse_instant
from fabric_ot.jobs.maintenance import MaintenanceChoices, run_maintenance
from fabric_ot.lakehouse import open_lakehouse

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

silver = open_lakehouse(spark, "ot_silver")
choices = MaintenanceChoices(weekly_capacity_s=weekly_capacity_s)
report = run_maintenance(silver, as_of_utc=parse_instant(as_of_utc), choices=choices)
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
