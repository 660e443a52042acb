"""Which requests are about the same: the very same words at once, similar ones behind the writers' back."""
