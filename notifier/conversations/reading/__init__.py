"""How a reply is read: words, weights, and what they mean."""
