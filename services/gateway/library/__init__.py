"""What integrators read at the door: documents, schemas, samples, and pages that need nothing else."""
