"""What a compiled model spends its time on, and what would change it: `sparsec explain` and `sparsec.explain`."""
