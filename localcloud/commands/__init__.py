"""What `python -m localcloud` can do: one module a subcommand."""
