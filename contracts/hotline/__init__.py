"""A 12345 hotline's own language and ours: one file per city says what becomes what, in both directions."""
