/*
 * The victim: a client of the hostile server (tests/programs/hostile-server), with every front end
 * of libpv. It has a session for each pair of a front end and a misdeed, called FRONT-MISDEED (or
 * for some of the pairs). On each it asks for a number of things, and gives up when a time has
 * passed (a timer of the honest timer server). Its honest sessions, `echo` and `clock`, have to go
 * on all the time.
 *
 * What is checked: it is not stopped or misled about anything but what the server has to say; each
 * request ends once, or never if the server never answers; a server that breaks the ring's rules is
 * found out, and counted.
 */
#pragma once
#include <front_block.h>
#include <front_console.h>
#include <front_net.h>
#include <front_timer.h>

/* What came of it. */
struct outcome {
    u32 asked;
    u32 right;  /* ended well */
    u32 failed; /* ended with an error */
};

/* One of the front ends, and how it is used. The session is open. */
struct user {
    const char *name;
    /* Begins, asks for all that can be asked at once, and publishes. False: it cannot be used. */
    bool (*begin)(struct outcome *outcome);
    /* Takes what has come, and asks for more. True: all has ended. */
    bool (*go_on)(struct outcome *outcome);
    bool (*may_sleep)(void);
    struct front *front;
};

extern const struct user users[];
extern const u32 user_count;

/* Counting checks, in all files together; see check.h. */
void check_at(bool holds, const char *what, int line);
#define check(condition) check_at(condition, #condition, __LINE__)
