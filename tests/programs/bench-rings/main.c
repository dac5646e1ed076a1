/*
 * The bench program for rings: how many instructions, wake-ups and register accesses a request to a
 * server takes, from the client's push to the client's pop.
 *
 * It runs alone with the servers that it asks, at a lower priority than they have, as guests do.
 * Each figure comes from many batches of which the best is reported: the one into which no other
 * interrupt fell. Prints `bench NAME VALUE UNIT` lines on a console, and at last `bench done`.
 *
 * Sessions: `echo` (tests/programs/session-echo), `ram` and `ahci` (block), `left` and `right`
 * (net, both this program's), `timer`. Grants: service `console`, `disk` for its register accesses,
 * the clock page.
 */
#include "rings.h"

#include <runtime/print.h>

int main(void)
{
    rings_start();
    measure_ring();
    measure_block();
    measure_net();
    measure_timer();
    report();
    return 0;
}
