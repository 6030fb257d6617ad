"""AWS on this machine: what the program runs against when there is no account."""
