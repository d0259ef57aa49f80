"""Which steady states are there, and what is read off them?"""
