"""Reviews: the people who may decide, what a review pins, and what makes it suspect."""
