"""`python -m engine.course` is the command `course` where scripts are not on the path."""

from engine.course import main

main()
