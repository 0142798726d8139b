"""What the doctor looks at, and what it says of each thing."""
