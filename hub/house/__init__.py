"""The sides of the house: each puts rooms together that belong together. hub/app.py builds, starts and stops them."""
