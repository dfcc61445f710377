"""The build in parts, one idea a file: solution cells, notebooks, the release, comparing folders."""
