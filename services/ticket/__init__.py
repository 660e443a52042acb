"""What the resident sees: the life of a request, its deadlines and its history."""
