/*
 * Unit tests of the keeper's tables of disks, volumes, network cards and sessions: what stands in
 * them, and that nothing that a server says can do harm there.
 */
// with: servers/keeper/report_devices.c servers/keeper/report_sessions.c servers/keeper/report.c
// with: servers/keeper/numbers.c libpv/base/format.c
#include "printed.h"

#include <base/random.h>
#include <keeper/devices.h>
#include <keeper/report.h>

/* --- disks and volumes ------------------------------------------------------------------------ */

static void test_disks(void **state)
{
    (void)state;
    static struct devices_disks disks;
    report_disks(&sink, &disks);
    assert_string_equal(printed, "There are no disks.\n");
    setup(NULL);
    disks.disk_count = 2;
    disks.disks[0] = (struct disk_info){.name = "ahci3",
                                        .model = "A MODEL",
                                        .serial = "X1",
                                        .table = "GPT, 3 partitions",
                                        .port = "being reset",
                                        .sectors = 131072,
                                        .completed = 123456,
                                        .failed = 1,
                                        .retried = 2,
                                        .resets = 3,
                                        .timeouts = 4,
                                        .kind = DISK_INFO_AHCI,
                                        .unit = 3,
                                        .state = DISK_INFO_READY,
                                        .queue_depth = 32,
                                        .under_way = 7};
    disks.disks[1] = (struct disk_info){
        .name = "ram0", .sectors = 3, .kind = DISK_INFO_RAM, .state = DISK_INFO_GONE};
    report_disks(&sink, &disks);
    assert_printed("DISK      WHERE            SIZE    SECTORS STATE NCQ OUT  DONE  FAIL AGAIN "
                   "RESET  LATE\n"
                   "ahci3     AHCI port 3       64M     131072 ready  32   7  123k     1     2 "
                   "    3     4\n"
                   "ram0      memory             0K          3 gone    -   -     -     -     - "
                   "    -     -\n");
    assert_printed("ahci3: A MODEL, serial number X1; port: being reset\n  GPT, 3 partitions\n");
}

static void test_volumes(void **state)
{
    (void)state;
    static struct devices_disks disks;
    report_volumes(&sink, &disks);
    assert_string_equal(printed, "There are no volumes.\n");
    setup(NULL);
    disks.volume_count = 3;
    disks.volumes[0] = (struct volume_info){.name = "ahci3", .disk = "ahci3", .sectors = 4096};
    disks.volumes[1] = (struct volume_info){.name = "data",
                                            .disk = "ahci3",
                                            .users = "alice",
                                            .first = 2048,
                                            .sectors = 16384,
                                            .partition = 2,
                                            .writers = 1};
    disks.volumes[2] = (struct volume_info){.name = "system",
                                            .disk = "ahci3",
                                            .users = "alice, bob",
                                            .sectors = 8,
                                            .partition = 1,
                                            .readers = 2,
                                            .gone = 1};
    report_volumes(&sink, &disks);
    assert_string_equal(
        printed,
        "VOLUME       DISK     PART     FIRST   SECTORS     SIZE  USED BY\n"
        "ahci3        ahci3     all         0      4096       2M  nobody\n"
        "data         ahci3       2      2048     16384       8M  alice (writes)\n"
        "system       ahci3       1         0         8       4K  alice, bob (read-only); the disk "
        "is gone\n");
}

/* --- network cards ---------------------------------------------------------------------------- */

static void test_nics(void **state)
{
    (void)state;
    struct system_status *system = calloc(1, sizeof(*system));
    static struct devices_nics nics;
    report_nics(&sink, &nics, system);
    assert_printed("There is no network card");
    assert_printed("No session has a port");
    setup(NULL);
    system->session_count = 1;
    system->sessions[0].info = (struct session_info){.number = 9, .client = "bob"};
    nics.card_count = 1;
    nics.cards[0] = (struct devices_card){
        .number = 1,
        .frames = {0x665544332211 | NET_CARD_LINK | NET_CARD_82574L, 10, 20},
        .bytes = {1000, 2000, 5},
        .dropped = {1, 2, 4},
        .errors = {3, 6, 99},
    };
    nics.port_count = 2;
    nics.ports[0] = (struct devices_port){
        .number = 4, .frames = {0x9ul << 48 | 0x665544332211, 11, 12}, .dropped = {13, 14, 15}};
    nics.ports[1] = (struct devices_port){.number = 5, .frames = {0x8ul << 48, 0, 0}};
    report_nics(&sink, &nics, system);
    assert_printed(
        "NIC   CHIP    MAC               LINK  SENT BYTES  RCVD BYTES  DROP ERROR  INTR\n"
        "nic1  82574L  11:22:33:44:55:66 up      10  1000    20  2000     3     3     5\n"
        "nic1: dropped 1 without room, 2 not allowed, 4 for others; 6 resets\n"
        "PORT SESSION CLIENT       MAC                SENT  RCVD  FULL  FILT LIMIT\n"
        "   4       9 bob          11:22:33:44:55:66    11    12    13    14    15\n"
        "   5       8 ?            00:00:00:00:00:00     0     0     0     0     0\n");
    free(system);
}

/* --- sessions --------------------------------------------------------------------------------- */

static void test_sessions(void **state)
{
    (void)state;
    struct system_status *system = calloc(1, sizeof(*system));
    report_sessions(&sink, system);
    assert_printed("There are no sessions");
    setup(NULL);
    system->session_count = 1;
    system->sessions[0] = (struct status_session){
        .info = {.number = 7,
                 .log2_n = 7,
                 .data_size = 1 << 20,
                 .state = SESSION_ATTACHED,
                 .epoch = 2,
                 .restarts = 2,
                 .name = "disk",
                 .client = "alice",
                 .server = "disk",
                 .argument = "data rw"},
        .client = {.prod = 12, .raised = 3, .suppressed = 4, .errors = 5, .outstanding = 6},
        .server = {.prod = 8, .raised = 1, .suppressed = 2, .errors = 1, .outstanding = 4},
    };
    report_sessions(&sink, system);
    assert_printed(
        "NO CLIENT      NAME      SERVER   STATE   PUSH  DONE  OUT  SENT SAVED ERR RST\n"
        " 7 alice       disk      disk     works     12     8    6     3     4   6   2\n");
    setup(NULL);
    assert_false(report_session(&sink, system, 6));
    assert_true(report_session(&sink, system, 7));
    assert_printed("session 7: 'disk' of alice with disk, works\nasks for 'data rw'\n");
    assert_printed("ring     128 entries, epoch 2, 2 restarts of the server\n");
    assert_printed(
        "client   12 entries pushed, 6 outstanding, 5 errors of the other side, epoch 0\n"
        "         3 doorbells sent, 4 suppressed\n");
    assert_printed("server   8 entries pushed, 4 outstanding, 1 errors of the other side, epoch 0\n"
                   "         1 wake-ups sent, 2 suppressed\n");
    free(system);
}

/* --- whatever they say ------------------------------------------------------------------------ */

static void test_word(void **state)
{
    (void)state;
    report_word(&sink, "a\n\033[2J\x7f\xc3", 8, 10);
    assert_string_equal(printed, "a??[2J??  ");
    setup(NULL);
    report_word(&sink, "abc", 2, 0);
    assert_string_equal(printed, "ab");
}

static void fill(struct random *random, void *memory, usize size)
{
    for (usize i = 0; i < size / sizeof(u64); i++)
        ((u64 *)memory)[i] = random_below(random, 4) ? random_next(random) : i % 8;
}

/* Only printable text comes out, and nothing is read beyond what is there. */
static void test_anything(void **state)
{
    (void)state;
    struct random random;
    random_init(&random, 37);
    for (u32 round = 0; round < 200; round++) {
        struct system_status *system = calloc(1, sizeof(*system));
        struct devices_disks *disks = malloc(sizeof(*disks));
        struct devices_nics *nics = malloc(sizeof(*nics));
        fill(&random, &system->session_count,
             sizeof(*system) - offsetof(struct system_status, session_count));
        fill(&random, disks, sizeof(*disks));
        fill(&random, nics, sizeof(*nics));
        setup(NULL);
        report_disks(&sink, disks);
        report_volumes(&sink, disks);
        report_nics(&sink, nics, system);
        for (usize i = 0; i < printed_length; i++)
            assert_true(printed[i] == '\n' || (printed[i] >= ' ' && printed[i] < 0x7f));
        report_sessions(&sink, system);
        (void)report_session(&sink, system, system->sessions[0].info.number);
        free(system);
        free(disks);
        free(nics);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_disks),    TEST(test_volumes), TEST(test_nics),
        TEST(test_sessions), TEST(test_word),    TEST(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
