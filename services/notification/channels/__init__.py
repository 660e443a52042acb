"""The ways out, one file each: console (a table operators look at) and smtp."""
