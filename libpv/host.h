/*
 * What the rings need of whoever links them: the thin layer below libpv. A server's is in
 * servers/runtime/session_news.c (system calls and a call to root), a guest's are hypercalls, a
 * test's is whatever the test wants to see.
 */
#pragma once
#include <base/types.h>

/* Raises the event that wakes the other side of a session; `bell` is what the owner of the ring
 * gave when it was opened. Lazy: the caller goes on running until it waits. */
void host_ring(u64 bell);

/* Tells root that page G of this LOST session has been written anew. */
void host_reconnect(u64 number);
