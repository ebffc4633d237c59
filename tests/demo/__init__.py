"""The demo: the root project's three environments on a sandbox, each step checked.

`make demo` runs it for a person to watch, and the test of the demo runs it like that. `__main__`
tells the story, and `engine` runs the commands of the engine that there is.
"""
