"""Groups: by which rule the numbers of a mission are put together, so that a cause or a difference can be named in one or two words.

The rule reads the dotted path alone; no mission has a list of its own. `start` is one group. In `lander` a device is one (`lander.mass`,
`lander.main_engine`), but the inertial unit is its gyros and its accelerometers apart (`lander.imu.gyro`, `lander.imu.accel`), by the first word
of the key. In `environment` it is the first word of the key (`environment.map`). A planned fault of the mission is one (`faults.0`).
"""


def group_of_drawn(path: str) -> str:
    """The group of a drawn value.

    >>> [group_of_drawn(path) for path in ("start.position_error_radial_m", "lander.mass.dry_cg_m.0", "lander.imu.gyro_bias_deg_h.2")]
    ['start', 'lander.mass', 'lander.imu.gyro']
    """
    words = path.split(".")
    match words:
        case ["environment", key, *_]:
            return f"environment.{first_word(key)}"
        case ["lander", "imu", key, *_]:
            return f"lander.imu.{first_word(key)}"
        case ["lander" | "faults", device, *_]:
            return f"{words[0]}.{device}"
    return words[0]


def first_word(key: str) -> str:
    """`map` of `map_offset_east_m`."""
    return key.partition("_")[0]


def group_of_difference(path: str) -> str:
    """The group of a number in which two missions differ: as of drawn values, with `site` for the place and the planned orbit to it (`start`, which
    has to follow the site), `start.errors` for the errors there, the tables of `avionics`, and the filter's gate apart (`avionics.navigation.gate`).

    >>> [group_of_difference(path) for path in ("site.latitude_deg", "avionics.navigation.gate_policy", "avionics.navigation.range_noise_m")]
    ['site', 'avionics.navigation.gate', 'avionics.navigation']
    """
    words = path.split(".")
    match words:
        case ["start", key, *_]:
            return "start.errors" if "_error_" in key else "start"
        case ["avionics", "navigation", key, *_] if first_word(key) == "gate":
            return "avionics.navigation.gate"
        case ["avionics", table, *_]:
            return f"avionics.{table}"
    return group_of_drawn(path)
