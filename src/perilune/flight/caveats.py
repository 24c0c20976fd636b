"""What a flight of today does not have in it, and why: the sentences that stand in every result."""

NOT_YET_MODELLED = (
    "Tank pressure and gas: thrust and flow do not change as the tanks empty (regulated tanks are assumed); the liquids swing as one pendulum a tank "
    "and never leave its bottom (higher modes move at most 0.9 % of them).",
    "Spread between engines of a group and between pulses: they answer alike, and all pulse together; no figures of it are published.",
    "What came before the start: a descent orbit insertion burn is an impulse; its errors are drawn into the state that the flight begins with.",
    "The ground and the lander's body on it: the ground does not give, only the pads touch it, and a leg that meets its stop breaks nothing; "
    "soil and structure of none of these landings are known well enough to be held against.",
    "Plume, dust and blinding of sensors: ranging sensors see the bare relief, star trackers always see stars; no measured flight to hold a "
    "model of them against. What they do to a sensor can be tried as a fault.",
    "Structure, thermal state and power: they do not turn the lander within a descent, and nothing but the impact ends its power. Telemetry is what "
    "the computer publishes; which of it reaches the Earth is reckoned afterwards, from the link.",
    "Computing time finer than a tick: commands act a whole number of control periods after the measurements that they come from, the period in "
    "which flight software and plant talk to each other here.",
    "Solid tides (2e-7 m/s²), solar pressure and relativity: smaller than what the field on board lacks.",
)
