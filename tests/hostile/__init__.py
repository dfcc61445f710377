"""Submissions that mean harm, want points for nothing, or are simply broken."""
