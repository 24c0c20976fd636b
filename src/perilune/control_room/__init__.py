"""The control room: the live flight, its port on the ground, real control-centre software beside it, and replays."""
