"""The roof: what ties all together; imports everything, nobody imports it."""
