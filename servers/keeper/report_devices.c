/*
 * The tables of disks, volumes and network cards. devices.h has the contract.
 */
#include "devices.h"

#include "numbers.h"
#include "report.h"

#include <base/string.h>

#define SECTORS_IN_PAGE 8u

/* A count that means something only if `has`. */
static struct number count_if(bool has, u64 count)
{
    return has ? number_count(count) : (struct number){"-"};
}

/* --- disks ------------------------------------------------------------------------------------ */

static const char *disk_state(u32 state)
{
    switch (state) {
    case DISK_INFO_PROBING:
        return "wait"; /* until its partition table is known */
    case DISK_INFO_READY:
        return "ready";
    case DISK_INFO_GONE:
        return "gone";
    default:
        return "?";
    }
}

static void disk_row(struct sink *sink, const struct disk_info *disk)
{
    bool ahci = disk->kind == DISK_INFO_AHCI;
    char where[24] = "memory";
    if (ahci)
        format_buffer(where, sizeof(where), "AHCI port %u", disk->unit);
    report_word(sink, disk->name, sizeof(disk->name), 9);
    format(sink, " %-12s %8s %10lu %-5s %3s %3s %5s %5s %5s %5s %5s\n", where,
           number_pages(disk->sectors / SECTORS_IN_PAGE).text, disk->sectors,
           disk_state(disk->state), count_if(ahci, disk->queue_depth).text,
           count_if(ahci, disk->under_way).text, count_if(ahci, disk->completed).text,
           count_if(ahci, disk->failed).text, count_if(ahci, disk->retried).text,
           count_if(ahci, disk->resets).text, count_if(ahci, disk->timeouts).text);
}

/* Text of a server, if there is any, behind a text of ours. */
static void say(struct sink *sink, const char *before, const char *text, usize size)
{
    if (strnlen(text, size) == 0)
        return;
    format(sink, "%s", before);
    report_word(sink, text, size, 0);
}

static void disk_facts(struct sink *sink, const struct disk_info *disk)
{
    report_word(sink, disk->name, sizeof(disk->name), 0);
    say(sink, ": ", disk->model, sizeof(disk->model));
    say(sink, ", serial number ", disk->serial, sizeof(disk->serial));
    say(sink, "; port: ", disk->port, sizeof(disk->port));
    format(sink, "\n  ");
    say(sink, "", disk->table, sizeof(disk->table));
    format(sink, "\n");
}

void report_disks(struct sink *sink, const struct devices_disks *disks)
{
    u32 count = min(disks->disk_count, DEVICES_DISKS);
    if (count == 0) {
        format(sink, "There are no disks.\n");
        return;
    }
    format(sink,
           "DISK      WHERE            SIZE    SECTORS STATE NCQ OUT  DONE  FAIL AGAIN RESET  "
           "LATE\n");
    for (u32 i = 0; i < count; i++)
        disk_row(sink, &disks->disks[i]);
    for (u32 i = 0; i < count; i++)
        disk_facts(sink, &disks->disks[i]);
}

/* --- volumes ---------------------------------------------------------------------------------- */

static void volume_row(struct sink *sink, const struct volume_info *volume)
{
    char part[16] = "all";
    if (volume->partition != 0)
        format_buffer(part, sizeof(part), "%u", volume->partition);
    report_word(sink, volume->name, sizeof(volume->name), 12);
    format(sink, " ");
    report_word(sink, volume->disk, sizeof(volume->disk), 8);
    format(sink, " %4s %9lu %9lu %8s  ", part, volume->first, volume->sectors,
           number_pages(volume->sectors / SECTORS_IN_PAGE).text);
    if (volume->writers != 0 || volume->readers != 0) {
        report_word(sink, volume->users, sizeof(volume->users), 0);
        format(sink, volume->writers != 0 ? " (writes)" : " (read-only)");
    } else {
        format(sink, "nobody");
    }
    format(sink, volume->gone ? "; the disk is gone\n" : "\n");
}

void report_volumes(struct sink *sink, const struct devices_disks *disks)
{
    u32 count = min(disks->volume_count, DEVICES_VOLUMES);
    if (count == 0) {
        format(sink, "There are no volumes.\n");
        return;
    }
    format(sink, "VOLUME       DISK     PART     FIRST   SECTORS     SIZE  USED BY\n");
    for (u32 i = 0; i < count; i++)
        volume_row(sink, &disks->volumes[i]);
}

/* --- network cards ---------------------------------------------------------------------------- */

static struct number mac_text(u64 word)
{
    struct number text;
    u8 mac[6];
    for (u32 i = 0; i < sizeof(mac); i++)
        mac[i] = (u8)(word >> 8 * i);
    format_buffer(text.text, sizeof(text.text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
                  mac[2], mac[3], mac[4], mac[5]);
    return text;
}

static void card_row(struct sink *sink, const struct devices_card *card)
{
    char name[NUMBER_BYTES];
    u64 word = card->frames.address;
    format_buffer(name, sizeof(name), "nic%lu", card->number);
    format(sink, "%-5s %-7s %-17s %-4s %5s %5s %5s %5s %5s %5s %5s\n", name,
           word & NET_CARD_82574L ? "82574L" : "82540EM", mac_text(word).text,
           word & NET_CARD_LINK ? "up" : "down", number_count(card->frames.sent).text,
           number_count(card->bytes.sent).text, number_count(card->frames.received).text,
           number_count(card->bytes.received).text,
           number_count(card->dropped.full + card->dropped.filtered).text,
           number_count(card->errors.damaged).text, number_count(card->bytes.interrupts).text);
}

static void card_facts(struct sink *sink, const struct devices_card *card)
{
    format(sink, "nic%lu: dropped %s without room, %s not allowed, %s for others; %s resets\n",
           card->number, number_count(card->dropped.full).text,
           number_count(card->dropped.filtered).text, number_count(card->dropped.unwanted).text,
           number_count(card->errors.resets).text);
}

static const char *client_of(const struct system_status *system, u32 number)
{
    for (u64 i = 0; i < min(system->session_count, SESSION_LIMIT); i++) {
        if (system->sessions[i].info.number == number)
            return system->sessions[i].info.client;
    }
    return "?";
}

static void port_row(struct sink *sink, const struct devices_port *port,
                     const struct system_status *system)
{
    u32 session = NET_PORT_SESSION(port->frames.address);
    format(sink, "%4lu %7u ", port->number, session);
    report_word(sink, client_of(system, session), START_NAME_SIZE, 12);
    format(sink, " %-17s %5s %5s %5s %5s %5s\n", mac_text(port->frames.address).text,
           number_count(port->frames.sent).text, number_count(port->frames.received).text,
           number_count(port->dropped.full).text, number_count(port->dropped.filtered).text,
           number_count(port->dropped.limited).text);
}

void report_nics(struct sink *sink, const struct devices_nics *nics,
                 const struct system_status *system)
{
    u32 cards = min(nics->card_count, DEVICES_CARDS), ports = min(nics->port_count, DEVICES_PORTS);
    if (cards == 0)
        format(sink, "There is no network card: frames go between sessions only.\n");
    else
        format(sink, "NIC   CHIP    MAC               LINK  SENT BYTES  RCVD BYTES  DROP ERROR "
                     " INTR\n");
    for (u32 i = 0; i < cards; i++)
        card_row(sink, &nics->cards[i]);
    for (u32 i = 0; i < cards; i++)
        card_facts(sink, &nics->cards[i]);
    if (ports == 0) {
        format(sink, "No session has a port at the switch.\n");
        return;
    }
    format(sink, "PORT SESSION CLIENT       MAC                SENT  RCVD  FULL  FILT LIMIT\n");
    for (u32 i = 0; i < ports; i++)
        port_row(sink, &nics->ports[i], system);
    format(sink, "FULL: to it, but it had no room. FILT: from it, and not allowed.\n"
                 "LIMIT: from it, and one broadcast too many.\n");
}
