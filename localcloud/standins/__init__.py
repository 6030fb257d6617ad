"""Stand-ins for Pulumi plugins, used only where the official ones cannot be downloaded.

Each is a gRPC server that the engine starts exactly as it starts the official plugin; neither the
engine nor the program can tell which of the two it talks to, except by what a stand-in lacks: then
it says so by name.
"""
