"""What every panel shares."""
