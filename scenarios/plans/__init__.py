"""What is varied, what is fitted? Study and fit files."""
