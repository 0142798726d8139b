"""The pages of a day at the desk: what needs a person, what patients wrote, what left."""
