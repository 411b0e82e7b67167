"""What is kept of a reader, said plainly; how it is erased, and forgotten by itself."""
