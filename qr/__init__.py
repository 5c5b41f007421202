"""Codes, symbols, labels and sheets: what is printed and scanned. Pure: imports nothing else of the project."""
