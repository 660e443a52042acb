"""The directory: where things are, who can be asked, under which list and contract; filled from CSV files."""
