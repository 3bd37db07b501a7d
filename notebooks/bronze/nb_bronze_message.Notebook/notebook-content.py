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

# # Bronze messages
# 
# Lands every new file below `Files/landing` of `ot_bronze`, and the new rows of declared Eventstreams' tables, as rows of
# `plant.message`; a bad file or table is refused by name.

# PARAMETERS CELL ********************

as_of_utc = "2026-01-01T00:00:00Z"
batch_id = "manual"

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

from fabric_ot.jobs.instants import parse_instant
from fabric_ot.jobs.messages import run_messages
from fabric_ot.lakehouse import open_lakehouse

# METADATA ********************

# META {
# META   "language": "python",
# META   "language_group": "synapse_pyspark"
# META }

# CELL ********************

bronze = open_lakehouse(spark, "ot_bronze")
report = run_messages(bronze, as_of_utc=parse_instant(as_of_utc), batch_id=batch_id)
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
