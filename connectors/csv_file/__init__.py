"""The kind `csv`: a file of customers."""
