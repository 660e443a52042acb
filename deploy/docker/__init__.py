"""The image of all services, and what compose needs beside it."""
