"""Settlement of one program year: participation, payments, credits, invariants, and the files that hold them."""
