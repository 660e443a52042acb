"""`fengge audit`: whether every ticket adds up, and whether the history is what it was when it was sealed."""
