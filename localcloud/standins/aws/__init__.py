"""Stand-in for the official AWS plugin: puts the real Terraform AWS provider behind Pulumi's SDK.

The official plugin is that provider plus a translation of names and shapes; here the translation
is derived from the installed SDK and the provider's own schema. It speaks to an emulated control
plane only, whatever the program's provider resources say.
"""
