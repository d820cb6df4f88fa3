"""Documents with versions, and evidence of every consent that can be checked without trusting us."""
