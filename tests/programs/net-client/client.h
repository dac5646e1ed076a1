/*
 * What the modes of the net client share: sessions, waiting, and frames of their own kind.
 */
#pragma once
#include <base/checksum.h>
#include <base/string.h>
#include <front_net.h>
#include <runtime/print.h>
#include <runtime/session.h>

#define POSTED 64u /* buffers that are kept posted */

/* IEEE 802, "local experimental" Ethertype; in the order of bytes of the wire. */
#define ETHERTYPE_TEST 0xb588u
#define HEADER_BYTES   14u

struct end {
    struct front_net net;
    u64 event;
    const u8 *mac; /* its own address */
};

/* Opens the session of this name, and learns its address. Ends the program if that cannot be. */
void end_open(struct end *end, const char *name);

/* Fetches the session's counters. */
struct net_info end_info(struct end *end);

/* Waits until something was received or completed. */
void end_wait(struct end *end);

/* Publishes, and waits until everything that was sent has completed. What is received meanwhile
 * stays to be received. */
void end_finish(struct end *end);

/* The next frame, which must come; ends the program when it does not within seconds. */
struct net_frame end_receive(struct end *end, const char *what);

/* Writes an Ethernet header. */
void header_write(u8 *frame, const u8 *to, const u8 *from, u16 type);

/* Reads "52:54:00:74:65:01"; false: it is not that. */
bool mac_read(struct slice text, u8 mac[NET_MAC]);

static inline u16 read16(const u8 *bytes)
{
    return (u16)(bytes[0] << 8 | bytes[1]);
}

/* A line in the log that tests look for, and the end of the program. */
_Noreturn __attribute__((format(printf, 1, 2))) void fail(const char *text, ...);

/* The modes. */
void generate(struct slice arguments);
void echo(void);
void rules(void);
void hostile(void);
void wire(void);
