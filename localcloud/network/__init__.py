"""The emulated network: one namespace with a bridge that carries every VPC, and no way out of it.

Stands in for the VPCs, their router, resolver and metadata service; nothing of the program
imports it.
"""
