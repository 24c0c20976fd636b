"""What a flight of today does not have in it: the sentences that stand in every result."""

NOT_YET_MODELLED = (
    "Tank pressure and gas: thrust and flow do not change as the tanks empty; the liquids swing as one pendulum a tank and never leave its bottom.",
    "Spread between engines of a group and between pulses: they answer alike, and all pulse together.",
    "The descent orbit insertion burn: an impulse; its errors are drawn into the state that follows it.",
    "The ground and the lander's body on it: the ground does not give, only the pads touch it, and a leg that meets its stop breaks nothing.",
    "Plume, dust and blinding of sensors: the range finder sees the bare relief, the star tracker always sees stars.",
    "Structure, thermal state, power and radio link: telemetry is what the computer publishes, whether or not a station hears it.",
    "Computing time finer than a tick: commands act a whole number of control periods after the measurements that they come from.",
    "Solid tides (2e-7 m/s²), solar pressure and relativity.",
)
