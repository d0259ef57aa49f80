"""How does one page, without anything beside it, tell all of a result?"""
