"""Generated programs and data through both engines for as long as one likes: `make fuzz MINUTES=10`."""
