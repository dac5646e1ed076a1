/*
 * Sessions (libpv/include/service/session.h): their memory, who has it mapped, and what becomes of
 * them when one of the two sides ends.
 *
 * Root holds the pages of every session, so neither side's death takes anything from the other.
 * What a device of a dead server may still write to is not given back before the next incarnation
 * of that server is up: a server says that it is up when it has reset its device. Where there will
 * be none, it is never given back.
 */
#pragma once
#include "server.h"

/* Opens the sessions that the configuration gives this client, which is about to start. */
void sessions_open(const struct server *client);

/* Has not all been given back that an earlier life of this client used? */
bool sessions_remain(const struct server *client);

/* The server said that it is up: sessions may be handed to it. */
void sessions_server_up(const struct server *server);

/* It ended: what it served is LOST, or closed if it is not restarted; what it used is closed. */
void sessions_server_ended(const struct server *server);

/* Goes on with giving back what nobody needs any more. */
void sessions_work(void);

/* When sessions_work has something to do again; NEVER: not by time. */
u64 sessions_due(void);

/* The calls of service/root.h, with the caller and its words. */
status sessions_next(const struct server *caller, struct message *m);
status sessions_released(const struct server *caller, u64 number);
status sessions_refuse(const struct server *caller, u64 number, u64 reason);
status sessions_reconnect(const struct server *caller, u64 number);
status sessions_close(u64 number);

/* Opens one that the operator typed: `line` says CLIENT NAME SERVER SIZE [ARGUMENTS]. Its number,
 * or an error; what is wrong is in the system log. */
status sessions_open_line(struct slice line);

/* Fills in the status of all that there are; how many. */
u32 sessions_status(struct status_session out[SESSION_LIMIT]);
