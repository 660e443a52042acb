"""What was done in the operators' room, and who looked at what."""
