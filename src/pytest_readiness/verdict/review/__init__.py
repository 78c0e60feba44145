"""Reviews: who may decide, what a review pins, and what ends its validity."""
