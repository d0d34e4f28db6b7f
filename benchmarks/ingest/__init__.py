"""How fast does a table come in, and in how much memory? Next to pandas, pyarrow and DuckDB, in the same run."""
