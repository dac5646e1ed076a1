/*
 * The disk server: volumes for its sessions, on disks at an AHCI controller and in memory. What
 * clients may ask for is in libpv/include/ring/block.h.
 *
 * One loop around one wait: the device's interrupt, doorbells, and calls of those who want to know
 * what disks there are. Each time it takes what is there, by turns (clients.h), starts the device
 * once, publishes once for each client, and sleeps when all rings are empty.
 */
#include <disk/ahci_home.h>
#include <disk/clients.h>
#include <disk/ramdisk.h>
#include <disk/report.h>

#include <runtime/print.h>
#include <runtime/start.h>
#include <runtime/syscall.h>

/* Waits, or only looks what there is if `busy`. A call is answered first. True: there is another
 * call, in `m`. */
static bool wait(bool busy, bool must_reply, struct message *m)
{
    if (must_reply)
        ignore_status(ipc_reply(m, 0)); /* the caller may have ended meanwhile */
    status got = session_ipc_wait(SLOT_SERVICE, busy ? WAIT_POLL : 0, m);
    if (status_code(got) == ERR_EMPTY)
        m->events = 0;
    else if (got < 0)
        panic("disk: waiting: %s", error_text(status_code(got)));
    else if (!(got & WAIT_EVENT))
        m->events = 0;
    return got > 0 && (got & WAIT_MESSAGE);
}

int main(void)
{
    ramdisks_open(&volumes);
    ahci_home_open();
    sessions_start();
    session_hold_bells();

    struct message m;
    bool must_reply = false;
    for (;;) {
        clients_turns();
        bool soon = ahci_home_before_wait();
        bool busy = !clients_settle() || soon;
        must_reply = wait(busy, must_reply, &m);
        ahci_home_events(m.events);
        if (m.events & (EVENT_SESSIONS | EVENT_ALIVE))
            session_events(m.events);
        clients_ring(m.events);
        if (must_reply)
            report(&m);
    }
}
