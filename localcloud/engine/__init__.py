"""The real Pulumi engine on this machine: its command line, its plugins, and how they are run."""
