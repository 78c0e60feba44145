"""A staging environment on this machine, because the example cannot know yours. You need none of this."""
