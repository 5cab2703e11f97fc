"""Settlement: participation, payments, credits and invariants of one program year, and the files they are written to."""
