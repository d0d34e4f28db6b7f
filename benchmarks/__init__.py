"""What we promise, measured: each module runs as `python -m benchmarks.NAME [--quick]` and ends with a line of JSON."""
