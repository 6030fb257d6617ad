"""Stand-in for pulumi-resource-command: commands here and over SSH, and copies over SFTP.

Differs from the official plugin on purpose in one thing: where an input is secret, neither the
output of the command nor its error is logged or quoted.
"""
