"""The downlink: what the avionics publish as packets, and what the ground makes of the bytes that reach it."""
