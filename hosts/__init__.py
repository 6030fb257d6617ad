"""What a machine is made into: steps, roles, and the two remote commands that carry them."""
