/*
 * The bench program for rings: how many instructions, wake-ups and register accesses a request to a
 * server takes, from the client's push to the client's pop.
 *
 * It runs alone with the servers that it asks, at a lower priority than they have, as guests do.
 * Each figure comes from many batches of which the best is reported: the one into which no other
 * interrupt fell. Prints `bench NAME VALUE UNIT` lines on a console, and at last `bench done`.
 *
 * Sessions: `console`, `echo` (tests/programs/session-echo), `ram` (block), `left` and `right`
 * (net, both this program's), `timer`. Grants: the clock page. With the argument `ahci` it measures
 * a disk and nothing else, and needs the session `ahci` and the service `disk`, which knows of
 * register accesses.
 */
#include "rings.h"

#include <base/string.h>
#include <runtime/start.h>

int main(void)
{
    rings_start();
    if (strcmp(start->arguments, "ahci") == 0) {
        measure_ahci();
    } else {
        measure_ring();
        measure_ram();
        measure_net();
        measure_timer();
    }
    report();
    return 0;
}
