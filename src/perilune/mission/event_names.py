"""The events of a flight by name, in the order of the columns of its event table; a fault may wait for one of them."""

EVENTS = ("ignition", "pitch-up", "vertical", "terminal", "touchdown-detected", "first-range", "dry", "contact", "attitude-dry")
