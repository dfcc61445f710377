"""Small networks that lessons train, written once for torch and for nptorch."""
