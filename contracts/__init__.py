"""The published language: everything that crosses a service border, declared once."""
