"""What failed and needs a person: groups by cause, one record, and jobs that see to many of them."""
