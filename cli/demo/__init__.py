"""A day in a subdistrict: requests from a file, simulated people, and the account of it all."""
