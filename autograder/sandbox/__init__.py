"""One submission, run where it can hurt nobody and learn nothing that would help it."""
