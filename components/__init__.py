"""What the platform is made of: one concept of AWS a file."""
