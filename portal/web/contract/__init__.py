"""What the read-only API promises: its questions, its answers and its operations. The document is made of these."""
