/*
 * What the test server of sessions does, by `op`. Any other is completed with RING_UNSUPPORTED.
 */
#pragma once

enum echo_op {
    ECHO = 1,     /* completes with the number of entries as length */
    ECHO_DIE,     /* the server faults */
    ECHO_HANG,    /* the server goes round in a circle */
    ECHO_KEEP,    /* the server keeps the request, and does not complete it */
    ECHO_RESTARTS /* completes with the number of restarts of the server as length */
};
