"""Decisions of people: reviews, blockers, waivers and retirements."""
