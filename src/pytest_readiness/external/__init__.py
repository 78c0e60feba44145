"""Evidence from outside pytest: commands, examined results and JUnit XML."""
