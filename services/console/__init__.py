"""The operators' room: what waits and why, the one ticket somebody asks about, what failed."""
