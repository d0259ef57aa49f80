"""Physics, discretisation and algorithms of hotmesa."""
