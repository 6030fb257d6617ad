"""The emulated AWS control plane: moto in one process, its gaps filled, its state kept on disk.

A stand-in: it answers the AWS API on the loopback, and nothing of the program imports it.
"""
