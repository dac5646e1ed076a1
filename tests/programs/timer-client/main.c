/*
 * Clients of the timer server that see whether it keeps its promises. The arguments of the section
 * say which:
 *
 *     (none)      all promises to one client (checks.c), and then standing.c
 *     standing    standing.c alone
 *     load, wake, storm    see load.c
 *
 * Grants: the clock page as `clock`, and sessions named timer0, timer1 and so on.
 */
#include "client.h"

#include <base/string.h>
#include <runtime/start.h>
#include <runtime/syscall.h>
#include <service/root.h>

static void tell_root(void)
{
    struct message m = {.word = {ROOT_READY}};
    ignore_status(ipc_call(SLOT_ROOT, &m, 0)); /* nobody waits for this program */
}

int main(void)
{
    tell_root();
    if (!client_open())
        return 1;
    const char *arguments = start->arguments;
    if (strcmp(arguments, "load") == 0)
        run_load();
    else if (strcmp(arguments, "wake") == 0)
        run_wake();
    else if (strcmp(arguments, "storm") == 0)
        run_storm();
    else {
        if (strcmp(arguments, "standing") != 0)
            run_checks();
        run_standing();
    }
    return 0;
}
