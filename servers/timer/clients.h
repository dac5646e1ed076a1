/*
 * All sessions of the timer server, and the queue of their timers: who has requests to be looked
 * at, and whose turn it is.
 */
#pragma once
#include <runtime/session.h>
#include <timer/client.h>

/* From now on sessions can be served. Before that, all are refused. */
void clients_start(void);

/* The doorbells among these event bits have rung. */
void clients_wake(u64 events);

/*
 * One turn: takes a bounded number of requests of each session that has some; what is due in
 * between expires. False: there is nothing left to be taken, and a doorbell rings when there is.
 */
must_check bool clients_serve(void);

/* Completes every timer that is due; the next deadline, UINT64_MAX if there is none. */
u64 clients_expire(u64 now);
