"""ctihub: a CTI middleware hub; hub/app.py puts the rooms together."""
