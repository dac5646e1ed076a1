/*
 * Answers for the keeper: what the switch has counted (service/net.h).
 */
#pragma once
#include <net/port.h>

/* Answers a call: its four words become the reply's. */
void inspect(const struct net *net, u64 word[4]);
