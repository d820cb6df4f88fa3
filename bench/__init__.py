"""How fast the product is, beside what bare Flask does on the same machine in the same minutes: `make bench`."""
