/* Flight software in C for the last kilometres: takes over when the lander is vertical, lands it on what the sensors say, and knows nothing else.
 *
 *     perilune port-header > perilune_port.h && cc -O2 -o lander lander.c -lm
 *     perilune fly resilience --avionics socket:lander.sock --takeover vertical &  ./lander lander.sock
 *
 * Dead reckoning on the inertial increments in the site's axes (east, north, up), the height corrected by the range finder over flat ground. */
#include "perilune_port.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define G0 9.80665
static Loaded loaded;
static double q[4], v[3], height, rate[3], mass, held[3], waiting[3], contact_for; /* q: site from body */
static Actuation command;
static int landed;

static void turn(const double a[4], const double x[3], double out[3], double sign) { /* sign -1: the other way */
    double u[3] = {a[0] * sign, a[1] * sign, a[2] * sign};
    double t[3] = {2 * (u[1] * x[2] - u[2] * x[1]), 2 * (u[2] * x[0] - u[0] * x[2]), 2 * (u[0] * x[1] - u[1] * x[0])};
    out[0] = x[0] + a[3] * t[0] + u[1] * t[2] - u[2] * t[1];
    out[1] = x[1] + a[3] * t[1] + u[2] * t[0] - u[0] * t[2];
    out[2] = x[2] + a[3] * t[2] + u[0] * t[1] - u[1] * t[0];
}

static void multiply(const double a[4], const double b[4], double out[4]) {
    double r[4] = {a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1], a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
                   a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3], a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2]};
    double n = sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2] + r[3] * r[3]);
    for (int i = 0; i < 4; i++) out[i] = r[i] / n;
}

static void begin(const Estimate *e) {
    multiply(e->site_from_mci, e->telemetry.attitude_mci_from_body, q);
    memcpy(v, e->telemetry.velocity_site, sizeof v);
    height = e->telemetry.height;
    mass = e->telemetry.mass;
    command.main_engine = e->telemetry.main_engine;
    command.assist_duty = e->telemetry.assist_duty;
}

static double navigate(const Measurements *m, const Estimate *e) { /* the specific force felt since the last tick, m/s² */
    double felt[3] = {0, 0, 0}, dt = m->imu.dt;
    for (int k = 0; k < m->imu.count; k++) {
        double angle[3], push[3], gained[3];
        for (int i = 0; i < 3; i++) {
            angle[i] = m->imu.delta_angle[k][i] - e->telemetry.gyro_bias[i] * dt;
            push[i] = m->imu.delta_velocity[k][i] - e->telemetry.accel_bias[i] * dt;
            rate[i] = angle[i] / dt;
            felt[i] += push[i];
        }
        double step[4] = {angle[0] / 2, angle[1] / 2, angle[2] / 2, 1};
        multiply(q, step, q);
        turn(q, push, gained, 1);
        gained[2] -= e->gravity * dt;
        height += (v[2] + gained[2] / 2) * dt;
        for (int i = 0; i < 3; i++) v[i] += gained[i];
    }
    if (m->range_finder.valid) { /* the beam's foot is as high as the ground below: flat ground */
        double beam[3];
        turn(q, loaded.belief.beam_body, beam, 1);
        double off = -m->range_finder.range * beam[2] + v[2] * 0.1 - height;
        height += 0.15 * off;
        v[2] += 0.01 * off;
    }
    return m->imu.count ? sqrt(felt[0] * felt[0] + felt[1] * felt[1] + felt[2] * felt[2]) / (m->imu.count * dt) : 0;
}

static void steer(const Estimate *e) {
    double tick = e->control_period, low = height > 20 ? (height - 20) / 80 : 0;
    double wanted = height > 100 ? sqrt(9 + 2 * 0.944 * (height - 100)) : 1.5 + 1.5 * low; /* sink rate, m/s */
    int main_on = height > 100;
    double ask[3] = {-v[0] / 10, -v[1] / 10, e->gravity + (main_on ? 0.944 : 0) + (-v[2] - wanted)};
    if (ask[2] < 0.5) ask[2] = 0.5;
    double most = ask[2] * (main_on ? 0.5 : 0.17), across = hypot(ask[0], ask[1]), share = across > most ? most / across : 1;
    ask[0] *= share, ask[1] *= share;
    double size = sqrt(ask[0] * ask[0] + ask[1] * ask[1] + ask[2] * ask[2]), thrust = mass * size, z[3], torque[3];
    command.main_engine = main_on;
    command.assist_duty = fmin(fmax((thrust - main_on * loaded.belief.main_thrust) / loaded.belief.assist_thrust, 0), 1);
    turn(q, ask, z, -1); /* the wanted thrust in body axes; +z is to point along it */
    double error[3] = {-z[1] / size, z[0] / size, 0};
    for (int i = 0; i < 3; i++) {
        double inertia = (loaded.belief.inertia_full[i] + loaded.belief.inertia_dry[i]) / 2, clipped = fmin(fmax(error[i], -0.15), 0.15);
        torque[i] = inertia * (0.64 * clipped - 1.28 * rate[i]) + held[i];
        if (fabs(error[i]) < 0.15) held[i] = fmin(fmax(held[i] + inertia * 0.64 * clipped * tick / 20, -5), 5);
    }
    memset(command.thruster_on, 0, sizeof command.thruster_on);
    memcpy(command.torque_body, torque, sizeof torque);
    for (int axis = 0; axis < 3; axis++) { /* each axis fires its column of the table once that is worth a pulse */
        waiting[axis] = fmin(fmax(waiting[axis] + torque[axis] * tick, -3), 3);
        int column = 2 * axis + (waiting[axis] < 0);
        if (fabs(waiting[axis]) < loaded.allocation.bit[column]) continue;
        for (int i = 0; i < 16; i++) command.thruster_on[i] += loaded.allocation.duty[i][column] * fabs(waiting[axis]);
        waiting[axis] = 0;
    }
    for (int i = 0; i < 16; i++) {
        if (command.thruster_on[i] > tick) command.thruster_on[i] = tick;
        if (command.thruster_on[i] < loaded.allocation.minimum_on) command.thruster_on[i] = 0;
    }
    mass -= tick * (command.main_engine * loaded.belief.main_thrust / loaded.belief.main_isp +
                    command.assist_duty * loaded.belief.assist_thrust / loaded.belief.assist_isp) / G0;
}

static int all(int line, void *data, size_t size, int sending) {
    for (size_t done = 0; done < size;) {
        ssize_t n = sending ? write(line, (char *)data + done, size - done) : read(line, (char *)data + done, size - done);
        if (n <= 0) return 0;
        done += (size_t)n;
    }
    return 1;
}

int main(int count, char **words) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    int line = socket(AF_UNIX, SOCK_STREAM, 0), tries = 0;
    if (count != 2 || strlen(words[1]) >= sizeof place.sun_path) return fprintf(stderr, "usage: lander SOCKET\n"), 2;
    strcpy(place.sun_path, words[1]);
    while (connect(line, (struct sockaddr *)&place, sizeof place) && tries++ < 60000) usleep(10000);
    PlnHeader header;
    Estimate estimate;
    Measurements m;
    if (!all(line, &header, sizeof header, 0) || header.length != sizeof loaded || !all(line, &loaded, sizeof loaded, 0)) return 1;
    if (!all(line, &header, sizeof header, 0) || header.length != sizeof estimate || !all(line, &estimate, sizeof estimate, 0)) return 1;
    begin(&estimate);
    while (all(line, &header, sizeof header, 0) && header.kind == PLN_MEASUREMENTS && all(line, &m, sizeof m, 0)) {
        double force = navigate(&m, &estimate);
        double given = (command.main_engine * loaded.belief.main_thrust + command.assist_duty * loaded.belief.assist_thrust) / mass;
        contact_for = height < 15 && fabs(force - given) > 0.6 ? contact_for + estimate.control_period : 0;
        landed = landed || contact_for > 0.45;
        if (landed) memset(&command, 0, sizeof command);
        else steer(&estimate);
        header.kind = PLN_COMMANDS, header.length = sizeof command;
        if (!all(line, &header, sizeof header, 1) || !all(line, &command, sizeof command, 1)) break;
    }
    return header.kind == PLN_END ? 0 : 1;
}
