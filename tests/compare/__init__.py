"""The theatre: what is recorded, and what is shown."""
