"""What writers of JUnit XML say of a small suite of known truth, and what ``readiness record --junit`` makes of it."""
