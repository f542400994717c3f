"""kotadb: give it a git repository, ask it where things are.

The folders, in the direction of imports (`docs/architecture.md` has the picture):

``http`` ``cli``                       front ends: parse a request, call one function below, render
``questions`` ``jobs`` ``access``      the read side; the worker and its queue; owners and keys
``postgres`` ``git`` ``parsers``       the only packages that speak SQL, run git, and parse what strangers wrote
``pipeline``                           plain functions on values: discover, extract, identify
``languages``                          one folder per language: queries and a spec
``model``                              frozen values that all of them pass around
``errors`` ``settings`` ``logs``       the ground
"""

__version__ = "0.1.0"
