"""The dialects of sparsec: `nn` (networks), `sparse` (block-sparse products, layouts, schedules), `kernel` (calls)."""
