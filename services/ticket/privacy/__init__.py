"""What identifies a requester: sealed, told by role and purpose with a note of each look, and erased."""
