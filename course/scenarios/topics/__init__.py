"""The public scenarios, one file per topic."""
