/*
 * What the disk server and the net server say of what they have, as one answer to one question; and
 * the tables that are printed of it. It is theirs to say: nothing of it is believed, only shown.
 */
#pragma once
#include <abi/error.h>
#include <base/format.h>
#include <service/disk.h>
#include <service/net.h>
#include <service/root.h>

/* The most that is asked for and shown; what a server has beyond is left out. */
#define DEVICES_DISKS   48u
#define DEVICES_VOLUMES 256u
#define DEVICES_CARDS   8u
#define DEVICES_PORTS   64u

struct devices_disks {
    u32 disk_count, volume_count;
    struct disk_info disks[DEVICES_DISKS];
    struct volume_info volumes[DEVICES_VOLUMES];
};

/* The words of the calls in service/net.h. */
struct devices_card {
    u64 number;
    struct {
        u64 address, sent, received;
    } frames;
    struct {
        u64 sent, received, interrupts;
    } bytes;
    struct {
        u64 full, filtered, unwanted;
    } dropped;
    struct {
        u64 damaged, resets, accesses;
    } errors;
};

struct devices_port {
    u64 number;
    struct {
        u64 address, sent, received;
    } frames;
    struct {
        u64 full, filtered, limited;
    } dropped;
};

struct devices_nics {
    u32 card_count, port_count;
    struct devices_card cards[DEVICES_CARDS];
    struct devices_port ports[DEVICES_PORTS];
};

/* Fetches all disks, or all volumes, from the disk server that is called at `endpoint`; cards and
 * ports from the net server. An error: of a call, or what the server said. */
must_check status devices_get_disks(u32 endpoint, struct devices_disks *disks);
must_check status devices_get_volumes(u32 endpoint, struct devices_disks *disks);
must_check status devices_get_nics(u32 endpoint, struct devices_nics *nics);

/* One row for each disk, and below the table what there is to say about each. */
void report_disks(struct sink *sink, const struct devices_disks *disks);

/* One row for each volume, with those who have it. */
void report_volumes(struct sink *sink, const struct devices_disks *disks);

/* One row for each card, and one for each port of the switch; `system` knows the sessions. */
void report_nics(struct sink *sink, const struct devices_nics *nics,
                 const struct system_status *system);
