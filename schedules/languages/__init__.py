"""Languages: one folder is one language, with everything that is said in it or understood; the registry finds them."""
