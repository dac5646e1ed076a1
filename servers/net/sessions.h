/*
 * Sessions that come and go: from what root hands out to ports of the switch, and back.
 */
#pragma once
#include <net/port.h>
#include <runtime/session.h>

/* The switch whose ports the sessions become. To be called before sessions_start. */
void sessions_for(struct net *net);

/* Refuses those that broke a rule of the ring, and releases those that no wire reads from any
 * more. To be called in each turn. */
void sessions_tidy(void);
