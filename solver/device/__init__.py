"""Where does the heat go? Layers, contacts and baths of one device."""
