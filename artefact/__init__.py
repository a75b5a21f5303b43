"""Makes what runs on Lambda: the program, its zip file, its bill of materials. scripts/package calls it."""
