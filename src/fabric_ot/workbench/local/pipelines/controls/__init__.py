"""Control activities, one function per type; they run in process and need no connector."""
