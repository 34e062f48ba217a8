"""What of a sale is the state's: who taxes it, at which rates, and how fractions are rounded."""
