"""What must be true of a lander whose liquids swing: what is conserved, how fast they swing, and an independent planar solution."""

import numpy as np
import pytest
import warp as wp
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

from perilune.base.structs import records
from perilune.base.vector import real, vec3
from perilune.flight.dynamics import powered_step
from perilune.flight.slosh_step import sloshing_step
from perilune.flight.state import Body
from perilune.lander.slosh import Hub, Motion, SloshState, hub_motion


@wp.kernel(module="unique")
def fly(
    hub: wp.array(dtype=Hub),
    start: wp.array(dtype=Body),
    slosh: wp.array(dtype=SloshState),
    mass_flow: real,
    force: vec3,
    torque: vec3,
    h: real,
    bodies: wp.array(dtype=Body),
    sloshes: wp.array(dtype=SloshState),
    felt: wp.array(dtype=vec3),
):
    b = start[0]
    s = slosh[0]
    m = hub[0].mass
    for i in range(bodies.shape[0]):
        b, felt_now = sloshing_step(real(0.0), b, s, hub[0], m, mass_flow, force, torque, vec3(0.0, 0.0, 0.0), h)
        m -= mass_flow * h
        bodies[i] = b
        sloshes[i] = s
        felt[i] = felt_now


@wp.kernel(module="unique")
def fly_rigid(start: wp.array(dtype=Body), mass: real, inertia: vec3, force: vec3, torque: vec3, h: real, bodies: wp.array(dtype=Body)):
    b = start[0]
    for i in range(bodies.shape[0]):
        b = powered_step(real(0.0), b, force, torque, mass, real(0.0), inertia, vec3(0.0, 0.0, 0.0), h)
        bodies[i] = b


@wp.kernel(module="unique")
def accelerate(
    hub: wp.array(dtype=Hub), force: vec3, torque: vec3, rate: vec3, n1: vec3, swing1: vec3, n2: vec3, swing2: vec3, out: wp.array(dtype=Motion)
):
    out[0] = hub_motion(hub[0], hub[0].mass, force, torque, rate, n1, swing1, n2, swing2)


MASS, INERTIA = 330.0, np.array([160.0, 180.0, 140.0])
BOBS = {"fuel": (60.0, 0.25, (0.05, -0.02, 0.5)), "oxidiser": (90.0, 0.22, (-0.03, 0.04, -0.3))}


def hub_of(bobs=BOBS, drag=0.0, mass=MASS, inertia=INERTIA, hang=(0.0, 0.0, -1.0)):
    """A hub with these bobs (mass, length, hinge from its centre of mass) and the body's own point at the centre of all, at rest along `hang`."""
    hub = records(Hub, 1)
    hub["mass"], hub["inertia"], hub["inverse_inertia"] = mass, inertia, 1 / np.asarray(inertia)
    moment, total = np.zeros(3), mass
    for name, (m, length, hinge) in bobs.items():
        bob = hub[name]
        bob["mass"], bob["inverse_mass"], bob["length"], bob["inverse_length"], bob["hinge"] = m, 1 / m, length, 1 / length, hinge
        bob["drag"] = drag * m * length
        moment, total = moment + m * (np.array(hinge) + length * np.array(hang)), total + m
    hub["offset"] = -moment / total
    return hub


def thrown(rate=(0.2, -0.1, 0.3), attitude=(0.3, -0.5, 0.7)):
    """A turning body and two bobs that swing: body and slosh."""
    body, slosh = records(Body, 1), records(SloshState, 1)
    body["position"], body["velocity"] = (1.0e3, 2.0e3, -3.0e3), (5.0, -3.0, 2.0)
    body["attitude"] = Rotation.from_rotvec(attitude).as_quat()
    body["rate"] = rate
    turn_of = Rotation.from_quat(np.array(body["attitude"][0]))
    for name, along, turn in (("fuel", (0.3, 0.1, -1.0), (0.8, 0.5, 0.2)), ("oxidiser", (-0.2, 0.4, -0.9), (-0.5, 0.9, 0.4))):
        n = np.array(along) / np.linalg.norm(along)
        slosh[name]["along"], slosh[name]["swing"] = turn_of.apply(n), turn_of.apply(np.cross(turn, n))
    return body, slosh


def flown(hub, body, slosh, seconds, force=(0.0, 0.0, 0.0), torque=(0.0, 0.0, 0.0), h=0.02, mass_flow=0.0):
    steps = round(seconds / h)
    out = [wp.zeros(steps, dtype=t, device="cpu") for t in (Body, SloshState, vec3)]
    packs = [wp.array(a, dtype=t, device="cpu") for a, t in ((hub, Hub), (body, Body), (slosh, SloshState))]
    wp.launch(fly, 1, [*packs, mass_flow, vec3(*force), vec3(*torque), h, *out], device="cpu")
    return tuple(np.array(a.numpy()) for a in out)


def account(hub, bodies, sloshes):
    """Momentum, angular momentum about the origin and kinetic energy of hub and bobs, in space."""
    turn = Rotation.from_quat(np.array(bodies["attitude"]))

    def space(v):
        return turn.apply(np.array(v))

    rate = bodies["rate"]
    offset = hub["offset"][0]
    at = bodies["position"] + space(np.broadcast_to(offset, rate.shape))
    speed = bodies["velocity"] + space(np.cross(rate, offset))
    mass, inertia = hub["mass"][0], hub["inertia"][0]
    momentum = mass * speed
    spin = space(inertia * rate) + mass * np.cross(at, speed)
    energy = 0.5 * mass * (speed**2).sum(1) + 0.5 * (inertia * rate**2).sum(1)
    for name in ("fuel", "oxidiser"):
        m, length, hinge = (hub[name][key][0] for key in ("mass", "length", "hinge"))
        place = at + space(np.broadcast_to(hinge, rate.shape)) + length * sloshes[name]["along"]
        going = speed + space(np.cross(rate, hinge)) + length * sloshes[name]["swing"]
        momentum, spin, energy = momentum + m * going, spin + m * np.cross(place, going), energy + 0.5 * m * (going**2).sum(1)
    return momentum, spin, energy


def with_start(body, slosh, bodies, sloshes):
    return np.concatenate([body, bodies]), np.concatenate([slosh, sloshes])


def drift(values):
    """Largest change of a vector, relative."""
    return np.linalg.norm(values - values[0], axis=1).max() / np.linalg.norm(values[0])


@pytest.mark.parametrize("drag", [0.0, 0.8])
def test_momentum_and_angular_momentum_are_kept_to_the_square_of_the_step(drag):
    hub, (body, slosh) = hub_of(drag=drag), thrown()
    coarse, fine = (account(hub, *with_start(body, slosh, *flown(hub, body, slosh, 60.0, h=h)[:2])) for h in (0.02, 0.005))
    for k, bound in ((0, 3e-5), (1, 3e-5)):
        assert drift(coarse[k]) < bound
        assert drift(fine[k]) < drift(coarse[k]) / 8.0 or drift(fine[k]) < 1e-11


def internal(hub, bodies, sloshes):
    """Kinetic energy less that of the common centre of mass, which no inner force changes."""
    momentum, _, energy = account(hub, bodies, sloshes)
    return energy - (momentum**2).sum(1) / (2 * (hub["mass"][0] + hub["fuel"]["mass"][0] + hub["oxidiser"]["mass"][0]))


def test_energy_is_kept_without_damping_to_the_square_of_the_step():
    hub, (body, slosh) = hub_of(), thrown()
    coarse, fine = (internal(hub, *with_start(body, slosh, *flown(hub, body, slosh, 60.0, h=h)[:2])) for h in (0.02, 0.005))
    assert coarse == pytest.approx(coarse[0], rel=1e-3)
    assert np.abs(fine - fine[0]).max() < np.abs(coarse - coarse[0]).max() / 8.0


def test_damping_takes_energy_and_ends_with_the_bobs_at_rest_in_the_body():
    hub, (body, slosh) = hub_of(drag=0.8), thrown()
    bodies, sloshes, _ = flown(hub, body, slosh, 600.0)
    energy = internal(hub, *with_start(body, slosh, bodies, sloshes))[::500]  # every ten seconds: a step may err by its square
    assert (np.diff(energy) < 0.0).all() and energy[-1] < 0.9 * energy[0]
    slips = []
    for name in ("fuel", "oxidiser"):
        turn = Rotation.from_quat(np.array(bodies["attitude"]))
        slips.append(np.linalg.norm(sloshes[name]["swing"] - np.cross(turn.apply(np.array(bodies["rate"])), sloshes[name]["along"]), axis=1))
        assert slips[-1][-1] < 0.02 * slips[-1][0]


@pytest.mark.parametrize("drag", [0.0, 0.8])
def test_at_every_instant_the_walls_take_energy_and_nothing_else_is_lost(drag):
    """The rates of momentum, angular momentum and energy, put together from the accelerations of hub and bobs in random states."""
    random = np.random.default_rng(3)
    hub = hub_of(drag=drag)
    for _ in range(20):
        rate, force, torque = random.normal(size=3) * 0.3, random.normal(size=3) * 300.0, random.normal(size=3) * 20.0
        rods = [n / np.linalg.norm(n) for n in random.normal(size=(2, 3))]
        swings = [np.cross(random.normal(size=3), n) for n in rods]
        out = wp.zeros(1, dtype=Motion, device="cpu")
        vectors = [vec3(*v) for v in (force, torque, rate, rods[0], swings[0], rods[1], swings[1])]
        wp.launch(accelerate, 1, [wp.array(hub, dtype=Hub, device="cpu"), *vectors, out], device="cpu")
        motion = out.numpy()[0]
        offset, inertia, angular = hub["offset"][0], hub["inertia"][0], motion["angular"]
        linear = motion["linear"] + np.cross(angular, offset) + np.cross(rate, np.cross(rate, offset))  # of the hub's centre of mass
        momentum = MASS * linear
        spin = inertia * angular + np.cross(rate, inertia * rate)
        power, lost, speed = inertia * angular @ rate, 0.0, random.normal(size=3)  # of the hub's centre of mass
        power += MASS * linear @ speed
        for name, n, swing in zip(("fuel", "oxidiser"), rods, swings, strict=True):
            m, length, hinge = (hub[name][key][0] for key in ("mass", "length", "hinge"))
            acceleration = linear + np.cross(angular, hinge) + np.cross(rate, np.cross(rate, hinge)) + length * motion[name]
            going = speed + np.cross(rate, hinge) + length * swing
            momentum, spin = momentum + m * acceleration, spin + np.cross(hinge + length * n, m * acceleration)
            power += m * acceleration @ going
            lost += hub[name]["drag"][0] * length * ((swing - np.cross(rate, n)) ** 2).sum()
            assert motion[name] @ n == pytest.approx(-swing @ swing, abs=1e-9), "the rod keeps its length"
        assert momentum == pytest.approx(force, abs=1e-8)
        assert spin == pytest.approx(torque, abs=1e-8)
        assert power == pytest.approx(force @ speed + torque @ rate - lost, abs=1e-8)
        assert lost >= 0.0


def test_thrust_changes_the_momentum_of_all_by_its_impulse():
    hub, (body, slosh) = hub_of(drag=0.3), thrown((0.0, 0.0, 0.3), attitude=(0.0, 0.0, 0.0))
    bodies, sloshes, _ = flown(hub, body, slosh, 4.0, force=(20.0, -10.0, 900.0), torque=(2.0, 1.0, -3.0))
    momentum, _, _ = account(hub, *with_start(body, slosh, bodies, sloshes))
    force = Rotation.from_quat(np.concatenate([body["attitude"], bodies["attitude"]])).apply((20.0, -10.0, 900.0))
    impulse = ((force[1:] + force[:-1]) / 2 * 0.02).sum(0)
    assert momentum[-1] - momentum[0] == pytest.approx(impulse, rel=1e-4, abs=0.05)


def test_under_steady_thrust_bobs_hang_and_the_whole_accelerates_as_one():
    hub = hub_of({name: (m, length, (0.0, 0.0, hinge[2])) for name, (m, length, hinge) in BOBS.items()})
    body, slosh = thrown((0.0, 0.0, 0.0), attitude=(0.0, 0.0, 0.0))
    for name in ("fuel", "oxidiser"):
        slosh[name]["along"], slosh[name]["swing"] = (0, 0, -1), 0.0
    bodies, sloshes, felt = flown(hub, body, slosh, 10.0, force=(0.0, 0.0, 960.0))
    assert felt / 0.02 == pytest.approx(np.broadcast_to([0, 0, 960.0 / 480.0], felt.shape), abs=1e-12)
    assert sloshes["fuel"]["along"] == pytest.approx(np.broadcast_to([0, 0, -1.0], (500, 3)), abs=1e-12)
    assert bodies["rate"] == pytest.approx(np.zeros((500, 3)), abs=1e-12)


def test_inertial_unit_feels_what_moves_the_body():
    hub, (body, slosh) = hub_of(drag=0.3), thrown()
    bodies, _, felt = flown(hub, body, slosh, 2.0, force=(5.0, 0.0, 900.0), h=0.001)
    turn = Rotation.from_quat(np.concatenate([body["attitude"], bodies["attitude"][:-1]]))
    middle = turn * Rotation.from_rotvec(bodies["rate"] * 0.0005)
    assert middle.apply(felt).sum(0) == pytest.approx(bodies["velocity"][-1] - body["velocity"][0], abs=2e-5)


def test_without_swinging_mass_the_lander_is_the_rigid_one():
    light = {name: (1e-9, length, hinge) for name, (_, length, hinge) in BOBS.items()}
    hub, (body, slosh) = hub_of(light), thrown()
    push = {"force": (30.0, -20.0, 900.0), "torque": (3.0, -2.0, 1.0)}
    bodies, _, _ = flown(hub, body, slosh, 10.0, **push)
    rigid = wp.zeros(500, dtype=Body, device="cpu")
    inputs = [wp.array(body, dtype=Body, device="cpu"), MASS, vec3(*INERTIA), vec3(*push["force"]), vec3(*push["torque"]), 0.02, rigid]
    wp.launch(fly_rigid, 1, inputs, device="cpu")
    for name in ("position", "velocity", "attitude", "rate"):
        assert bodies[name] == pytest.approx(rigid.numpy()[name], abs=1e-8)


def test_small_swings_of_a_light_bob_have_the_pendulums_period():
    light = {"fuel": (1e-3, 0.25, (0.0, 0.0, 0.5)), "oxidiser": (1e-9, 0.2, (0.0, 0.0, 0.0))}
    hub, (body, slosh) = hub_of(light), thrown((0.0, 0.0, 0.0), attitude=(0.0, 0.0, 0.0))
    for name, angle in (("fuel", 0.01), ("oxidiser", 0.0)):
        slosh[name]["along"], slosh[name]["swing"] = (np.sin(angle), 0, -np.cos(angle)), 0.0
    _, sloshes, _ = flown(hub, body, slosh, 60.0, force=(0.0, 0.0, MASS * 2.0))
    assert period(sloshes["fuel"]["along"][:, 0], 0.02) == pytest.approx(2 * np.pi * np.sqrt(0.25 / 2.0), rel=2e-4)


def period(x, h):
    """Mean time between upward zero crossings, interpolated."""
    i = np.flatnonzero((x[:-1] < 0) & (x[1:] >= 0))
    t = (i + x[i] / (x[i] - x[i + 1])) * h
    return (t[-1] - t[0]) / (len(t) - 1)


def planar(bobs, force, seconds, angles):
    """Lagrange's equations of a hub (x, z, pitch about y) with two planar pendulums, thrust along body z; SciPy's eighth-order solver.

    Coordinates: hub's centre of mass x, z, pitch p, and each rod's angle a from space -z. Masses, forces and rods as in `hub_of`.
    """
    (m1, l1, h1), (m2, l2, h2) = bobs
    inertia = INERTIA[1]

    def bob(p, a, length, hinge):
        """Jacobian (2, 5 without the rods' own columns) and velocity-squared terms of a bob's place: hub + hinge turned + rod."""
        return np.array([hinge * np.cos(p), -hinge * np.sin(p)]), np.array([length * np.cos(a), length * np.sin(a)])

    def rates(_, s):
        p, a1, a2, vx, vz, w, u1, u2 = s[2:]
        rows = []
        for k, (a, u, length, hinge) in enumerate(((a1, u1, l1, h1), (a2, u2, l2, h2))):
            dp, da = bob(p, a, length, hinge)
            jacobian = np.zeros((2, 5))
            jacobian[:, 0], jacobian[:, 1], jacobian[:, 2], jacobian[:, 3 + k] = (1, 0), (0, 1), dp, da
            bias = np.array([-hinge * np.sin(p), -hinge * np.cos(p)]) * w * w + np.array([-length * np.sin(a), length * np.cos(a)]) * u * u
            rows.append((jacobian, bias))
        mass = np.zeros((5, 5))
        mass[0, 0] = mass[1, 1] = MASS
        mass[2, 2] = inertia
        right = np.array([force * np.sin(p), force * np.cos(p), 0.0, 0.0, 0.0])
        for m, (jacobian, bias) in zip((m1, m2), rows, strict=True):
            mass += m * jacobian.T @ jacobian
            right -= m * jacobian.T @ bias
        return np.concatenate([[vx, vz, w, u1, u2], np.linalg.solve(mass, right)])

    times = np.arange(0.02, seconds + 1e-9, 0.02)
    state = np.array([0, 0, 0, *angles, 0, 0, 0, 0, 0], float)
    return times, solve_ivp(rates, (0, seconds), state, "DOP853", times, rtol=1e-11, atol=1e-12).y


def test_planar_motion_is_that_of_lagranges_equations():
    bobs = [(60.0, 0.25, 0.5), (90.0, 0.22, -0.3)]
    hub = hub_of({name: (m, length, (0, 0, hinge)) for name, (m, length, hinge) in zip(("fuel", "oxidiser"), bobs, strict=True)})
    body, slosh = records(Body, 1), records(SloshState, 1)
    body["attitude"] = (0, 0, 0, 1)
    body["position"] = -hub["offset"]
    angles = (0.4, -0.3)
    for name, angle in zip(("fuel", "oxidiser"), angles, strict=True):
        slosh[name]["along"] = (np.sin(angle), 0, -np.cos(angle))
    _, y = planar(bobs, 900.0, 10.0, angles)
    assert np.abs(y[2]).max() > 0.02, "the lander is seen to rock"
    apart = []
    for h in (0.02, 0.005):
        bodies, sloshes, _ = (a[round(0.02 / h) - 1 :: round(0.02 / h)] for a in flown(hub, body, slosh, 10.0, force=(0.0, 0.0, 900.0), h=h))
        turn = Rotation.from_quat(np.array(bodies["attitude"]))
        centre = bodies["position"] + turn.apply(np.array(np.broadcast_to(hub["offset"][0], (500, 3))))
        ours = [centre[:, 0], centre[:, 2], turn.as_rotvec()[:, 1]]
        ours += [np.arctan2(sloshes[name]["along"][:, 0], -sloshes[name]["along"][:, 2]) for name in ("fuel", "oxidiser")]
        apart.append(np.abs(np.array(ours) - y[:5]).max(axis=1))
    assert (apart[0] < [1e-3, 1e-2, 2e-4, 3e-3, 3e-3]).all(), "metres and radians, at the step that is flown"
    assert (apart[1] < apart[0] / 8.0).all(), "and with the square of the step better"


def test_a_heavy_bob_swings_faster_than_its_rod_alone_by_the_hubs_recoil():
    """One pendulum on a free hub, hinge on the axis: frequency from the linearised two-body equations."""
    m, length, d, force = 120.0, 0.25, 0.4, 900.0
    hub = hub_of({"fuel": (m, length, (0, 0, d)), "oxidiser": (1e-9, 0.2, (0, 0, 0))})
    body, slosh = records(Body, 1), records(SloshState, 1)
    body["attitude"] = (0, 0, 0, 1)
    slosh["fuel"]["along"], slosh["oxidiser"]["along"] = (np.sin(0.01), 0, -np.cos(0.01)), (0, 0, -1)
    _, sloshes, _ = flown(hub, body, slosh, 60.0, force=(0, 0, force))
    a = force / (MASS + m)

    # Small angles relative to the body: rod angle q, pitch p. Tension m a; across: hub M X'' = F p + m a (q + p)... solved as a determinant.
    def determinant(w2):
        mass = np.array([[MASS + m, m * d, m * length], [m * d, INERTIA[1] + m * d * d, m * d * length], [m * length, m * d * length, m * length**2]])
        stiff = np.array([[0, -force, 0], [0, -m * a * d, 0], [0, 0, m * a * length]])
        return np.linalg.det(stiff - w2 * mass)

    alone = a / length
    w2 = brentq(determinant, alone * 1.0001, alone * 6)
    relative = sloshes["fuel"]["along"][:, 0]
    assert w2 > 1.2 * alone
    assert period(relative - relative.mean(), 0.02) == pytest.approx(2 * np.pi / np.sqrt(w2), rel=1e-3)
