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

# # Readings
# 
# Decodes Sparkplug, UNS JSON and historian rows of new batches into `plant.reading`; what is refused goes to `plant.quarantine`.
# Broken rules of Sparkplug go to `plant.violation`, rebirths that a host would ask for to `plant.rebirth_request`. `sparkplug_mode` is `lenient` or `strict`: strict quarantines messages that break a must.

# PARAMETERS CELL ********************

as_of_utc = "2026-01-01T00:00:00Z"
bronze_workspace_id = ""
sparkplug_mode = "lenient"

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

from fabric_ot.jobs.instants import parse_instant
from fabric_ot.jobs.readings import run_readings
from fabric_ot.lakehouse import open_lakehouse

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

bronze = open_lakehouse(spark, "ot_bronze", workspace_id=bronze_workspace_id)
silver = open_lakehouse(spark, "ot_silver")
report = run_readings(bronze, silver, as_of_utc=parse_instant(as_of_utc), mode=sparkplug_mode)
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
