/* Unit tests of the boot configuration (servers/root/config.h): what it understands, and for
 * every way to get it wrong the message. */
// with: servers/root/config.c servers/root/config_words.c servers/root/config_grants.c
// with: servers/root/config_check.c servers/root/config_sessions.c
// with: libpv/base/parse.c libpv/base/format.c
#include "unit.h"

#include "../../servers/root/config.h"

static struct config config;
static struct config_message message;

static bool parse(const char *text)
{
    char *bytes = exact_copy(text, strlen(text));
    memset(&message, 0, sizeof(message));
    bool result = config_parse(&config, "x.cfg", (struct slice){bytes, strlen(text)}, &message);
    free(bytes);
    return result;
}

static void parse_good(const char *text)
{
    if (!parse(text))
        fail_msg("refused: %s", message.text);
}

static void parse_bad(const char *text, const char *expected)
{
    assert_false(parse(text));
    assert_string_equal(message.text, expected);
}

#define SERVER "server a\n image a.elf\n priority 3\n"

static void test_defaults(void **state)
{
    (void)state;
    parse_good("server a\n image a.elf\n priority 3");
    assert_int_equal(config.server_count, 1);
    const struct config_server *a = &config.servers[0];
    assert_string_equal(a->name, "a");
    assert_string_equal(a->image, "a.elf");
    assert_int_equal(a->priority, 3);
    assert_int_equal(a->weight, 100);
    assert_int_equal(a->cap_ns, 0);
    assert_int_equal(a->memory, 512 << 10);
    assert_int_equal(a->stack, 16 << 10);
    assert_int_equal(a->log, 8 << 10);
    assert_string_equal(a->arguments, "");
    assert_true(a->restart);
    assert_false(a->manage || a->shares);
    assert_int_equal(a->grant_count, 0);
    assert_int_equal(a->start_grants, 0);
}

static void assert_grant(const struct config_server *server, u32 index, enum config_kind kind,
                         const char *name, u64 a, u64 b)
{
    assert_in_range(index, 0, server->grant_count - 1);
    const struct config_grant *grant = &config.grants[server->first_grant + index];
    assert_int_equal(grant->kind, kind);
    assert_string_equal(grant->name, name);
    assert_int_equal(grant->a, a);
    assert_int_equal(grant->b, b);
}

static void test_how_it_runs(void **state)
{
    (void)state;
    parse_good("# comment\n\n\t server b # the first\r\n image b.elf\n priority 1\n"
               "server a\n image  servers/a.elf  # comment\n priority 15\n weight 10000\n"
               " cap 500us\n memory 1M\n stack 4097\n log 1M\n"
               "\targuments  one, # two  \n restart never\n manage\n shares\n after b\n");
    assert_int_equal(config.server_count, 2);
    assert_string_equal(config.servers[0].name, "b");
    assert_int_equal(config.servers[0].line, 3);
    assert_int_equal(config.servers[0].after, 0);
    const struct config_server *a = &config.servers[1];
    assert_string_equal(a->name, "a");
    assert_string_equal(a->image, "servers/a.elf");
    assert_int_equal(a->line, 6);
    assert_int_equal(a->image_line, 7);
    assert_int_equal(a->memory_line, 11);
    assert_int_equal(a->priority, 15);
    assert_int_equal(a->weight, 10000);
    assert_int_equal(a->cap_ns, 500000);
    assert_int_equal(a->memory, 1 << 20);
    assert_int_equal(a->stack, 8192);
    assert_int_equal(a->log, 1 << 20);
    assert_string_equal(a->arguments, "one, # two");
    assert_false(a->restart);
    assert_true(a->manage && a->shares);
    assert_int_equal(a->after, 1);
}

static void test_grants(void **state)
{
    (void)state;
    parse_good(SERVER " ports uart 0x3f8 8\n irq uart isa 4\n irq one gsi 20\n"
                      " irq two gsi 21 low level\n irq three gsi 0x16 edge high\n"
                      " screen screen\n hpet hpet\n hpet second 1\n registers r 0xfee00000 4K\n"
                      " pci disk 8086:2922\n pci net class 02:00\n"
                      " syslog log\n status status\n image-memory\n machine\n"
                      " call c c # a comment\n" /* c comes later */
                      "server b\n image b\n priority 1\n call x c\n"
                      "server c\n image c\n priority 2\n ports all 0 0x10000\n");
    const struct config_server *a = &config.servers[0];
    assert_int_equal(a->grant_count, 16);
    assert_int_equal(a->start_grants, 14 + 2 * 2 + 2 * 8 - 2); /* at most */
    assert_int_equal(a->interrupts, 8);
    assert_grant(a, 0, CONFIG_PORTS, "uart", 0x3f8, 8);
    assert_grant(a, 1, CONFIG_IRQ_ISA, "uart", 4, 0);
    assert_grant(a, 2, CONFIG_IRQ_GSI, "one", 20, 0);
    assert_grant(a, 3, CONFIG_IRQ_GSI, "two", 21 | IRQ_LEVEL | IRQ_ACTIVE_LOW, 0);
    assert_grant(a, 4, CONFIG_IRQ_GSI, "three", 22, 0);
    assert_grant(a, 5, CONFIG_SCREEN, "screen", 0, 0);
    assert_grant(a, 6, CONFIG_HPET, "hpet", 0, 0);
    assert_grant(a, 7, CONFIG_HPET, "second", 1, 0);
    assert_grant(a, 8, CONFIG_REGISTERS, "r", 0xfee00000, 4096);
    assert_grant(a, 9, CONFIG_PCI_DEVICE, "disk", 0x8086, 0x2922);
    assert_grant(a, 10, CONFIG_PCI_CLASS, "net", 2, 0);
    assert_grant(a, 11, CONFIG_SYSLOG, "log", 0, 0);
    assert_grant(a, 12, CONFIG_STATUS, "status", 0, 0);
    assert_grant(a, 13, CONFIG_IMAGE_MEMORY, "image", 0, 0);
    assert_grant(a, 14, CONFIG_MACHINE, "machine", 0, 0);
    assert_grant(a, 15, CONFIG_CALL, "c", 2, 0);
    assert_grant(&config.servers[1], 0, CONFIG_CALL, "x", 2, 0);
    assert_grant(&config.servers[2], 0, CONFIG_PORTS, "all", 0, 0x10000);
}

static void test_lent_memory(void **state)
{
    (void)state;
    parse_good(SERVER " dma disk 64K\n ram disk 5000 files/disk.img\n ram empty 1M # nothing\n"
                      " clock clock write\n share victim b\n"
                      "server b\n image b\n priority 1\n clock clock\n");
    const struct config_server *a = &config.servers[0];
    assert_int_equal(a->start_grants, 5);
    assert_int_equal(a->interrupts, 0);
    assert_grant(a, 0, CONFIG_DMA, "disk", 64 << 10, 0);
    assert_grant(a, 1, CONFIG_RAM, "disk", 8192, 0);
    assert_string_equal(config.grants[1].path, "files/disk.img");
    assert_grant(a, 2, CONFIG_RAM, "empty", 1 << 20, 0);
    assert_string_equal(config.grants[2].path, "");
    assert_grant(a, 3, CONFIG_CLOCK, "clock", 1, 0);
    assert_grant(a, 4, CONFIG_SHARE, "victim", 1, 0);
    assert_grant(&config.servers[1], 0, CONFIG_CLOCK, "clock", 0, 0);
    /* What root pays, with what the kernel keeps to find the pages. */
    assert_int_equal(config_grant_pages(&config.grants[0]), 16 + 3);
    assert_int_equal(config_grant_pages(&config.grants[1]), 2 + 3);
    assert_int_equal(config_grant_pages(&config.grants[3]), 1 + 3);
    assert_int_equal(config_grant_pages(&config.grants[4]), 0);
}

/* A PCI function takes its device, six BARs, and an interrupt. */
static void test_functions(void **state)
{
    (void)state;
    parse_good(SERVER " pci disk 8086:2922 optional\n pci net class 02:00 optional # or not\n"
                      " pci nic class 02:00\n irq x isa 1\n");
    const struct config_server *a = &config.servers[0];
    assert_int_equal(a->start_grants, 3 * 8 + 1);
    assert_int_equal(a->interrupts, 4);
    assert_grant(a, 0, CONFIG_PCI_DEVICE, "disk", 0x8086, 0x2922);
    assert_grant(a, 1, CONFIG_PCI_CLASS, "net", 2, 0);
    assert_grant(a, 2, CONFIG_PCI_CLASS, "nic", 2, 0);
    assert_true(config.grants[0].optional && config.grants[1].optional);
    assert_false(config.grants[2].optional || config.grants[3].optional);
    parse_bad(SERVER "pci disk 8086:2922\nregisters disk 0xfe000000 4K",
              "x.cfg:5: 'disk' in server 'a' is already the name of what line 4 gives it: choose "
              "another name, or remove one");
    parse_good(SERVER "pci a 1:1\npci b 1:1\npci c 1:1\npci d 1:1\npci e 1:1\npci f 1:1");
    parse_bad(SERVER "pci a 1:1\npci b 1:1\npci c 1:1\npci d 1:1\npci e 1:1\npci f 1:1\nscreen s",
              "x.cfg:10: server 'a' has more than 48 grants or 32 interrupts: remove some");
}

static void test_bad_memory(void **state)
{
    (void)state;
    parse_bad(SERVER "dma disk", "x.cfg:4: 'dma' in server 'a' has to be followed by NAME SIZE");
    parse_bad(SERVER "dma disk 0",
              "x.cfg:4: 0 is out of range: from 1 to 274877906944 is possible");
    parse_bad(SERVER "dma disk 4K path", "x.cfg:4: 'path' is too much: 'dma' has to be followed by "
                                         "NAME SIZE");
    parse_bad(SERVER "dma d 4K\ndma d 4K",
              "x.cfg:5: 'd' in server 'a' is already the name of what line 4 gives it: choose "
              "another name, or remove one");
    parse_bad(SERVER "ram", "x.cfg:4: 'ram' in server 'a' has to be followed by NAME SIZE [PATH]");
    parse_bad(SERVER "ram d many", "x.cfg:4: 'many': not a number");
    parse_bad(SERVER "ram d 300G",
              "x.cfg:4: 300G is out of range: from 1 to 274877906944 is possible");
    parse_bad(
        SERVER "ram d 4K 0123456789012345678901234567890123456789012345678901234567890123",
        "x.cfg:4: path '0123456789012345678901234567890123456789...' is too long: give it fewer "
        "than 64 characters");
    parse_bad(SERVER "clock c read",
              "x.cfg:4: 'clock' in server 'a' has to be followed by NAME [write]");
    parse_bad(SERVER "clock c\nclock d", "x.cfg:5: a second 'clock' in server 'a': remove one");
    parse_bad(SERVER "clock c write\nserver b\nimage b\npriority 1\nclock c write",
              "x.cfg:8: the clock page is already written by the server with line 4: remove one "
              "'write'");
    parse_bad(SERVER "share s", "x.cfg:4: 'share' in server 'a' has to be followed by NAME SERVER");
    parse_bad(SERVER "share s c", "x.cfg:4: there is no server 'c' for the 'share' in server 'a': "
                                  "correct the name, or add a section 'server c'");
    parse_bad(SERVER "share s a", "x.cfg:4: 'share a' in server 'a' itself: remove the line");
    /* Unlike calls, shares may go in circles. */
    parse_good(SERVER "share s b\nserver b\nimage b\npriority 1\nshare s a");
}

static void test_bad_lines(void **state)
{
    (void)state;
    parse_bad("", "x.cfg:1: no server in the whole file: write at least one 'server NAME'");
    parse_bad("# a\n#b", "x.cfg:2: no server in the whole file: write at least one 'server NAME'");
    parse_bad("\nimage a",
              "x.cfg:2: 'image' before the first server: begin with a line 'server NAME'");
    parse_bad(SERVER "memroy 1M",
              "x.cfg:4: unknown word 'memroy' in server 'a'; expected one of image priority weight "
              "cap deadline memory stack log arguments restart after ports irq registers screen "
              "hpet pci dma ram clock call share session syslog status manage shares "
              "image-memory machine, or server");
    parse_bad("server", "x.cfg:1: 'server' needs a name: write 'server NAME'");
    parse_bad("server a b", "x.cfg:1: 'b' after the server's name: write 'server NAME'");
    parse_bad("server a-name-of-16-xxx",
              "x.cfg:1: server 'a-name-of-16-xxx' is too long: give it 15 "
              "characters or fewer");
    parse_bad("server a/b",
              "x.cfg:1: server 'a/b': a name is made of letters, digits, '-' and '_'");
    parse_bad("server root", "x.cfg:1: 'root' starts the others and needs no section: remove it");
    parse_bad(SERVER "\nserver a",
              "x.cfg:5: server 'a' is already there, in line 1: rename or remove one");
    parse_bad("server \x01\xff\n",
              "x.cfg:1: server '\?\?': a name is made of letters, digits, '-' and "
              "'_'");
}

static void test_bad_numbers(void **state)
{
    (void)state;
    parse_bad(SERVER "weight",
              "x.cfg:4: 'weight' in server 'a' has to be followed by a number from "
              "1 to 10000");
    parse_bad(SERVER "weight # 5", "x.cfg:4: 'weight' in server 'a' has to be followed by a number "
                                   "from 1 to 10000");
    parse_bad(SERVER "weight 5 6", "x.cfg:4: '6' is too much: 'weight' has to be followed by a "
                                   "number from 1 to 10000");
    parse_bad(SERVER "weight much", "x.cfg:4: 'much': not a number");
    parse_bad(SERVER "weight 0", "x.cfg:4: 0 is out of range: from 1 to 10000 is possible");
    parse_bad(SERVER "weight 10001", "x.cfg:4: 10001 is out of range: from 1 to 10000 is possible");
    parse_bad("server a\npriority 16", "x.cfg:2: 16 is out of range: from 1 to 15 is possible");
    parse_bad("server a\npriority 0", "x.cfg:2: 0 is out of range: from 1 to 15 is possible");
    parse_bad(SERVER "cap 5",
              "x.cfg:4: '5' is not a time: write a number and its unit, like 5ms or "
              "500us");
    parse_bad(SERVER "cap 5s", "x.cfg:4: '5s' is not a time: write a number and its unit, like 5ms "
                               "or 500us");
    parse_bad(SERVER "cap 11ms", "x.cfg:4: 11 is out of range: from 1 to 10 is possible");
    parse_bad(SERVER "cap 0us", "x.cfg:4: 0 is out of range: from 1 to 10000 is possible");
    parse_bad(SERVER "cap ms",
              "x.cfg:4: 'ms' is not a time: write a number and its unit, like 5ms or 500us");
    parse_bad(SERVER "memory 63K", "x.cfg:4: 63K is out of range: from 65536 to 1099511627776 is "
                                   "possible");
    parse_bad(SERVER "stack 0", "x.cfg:4: 0 is out of range: from 4096 to 1048576 is possible");
    parse_bad(SERVER "log 2M", "x.cfg:4: 2M is out of range: from 4096 to 1048576 is possible");
    parse_bad(SERVER "weight 1\nweight 2", "x.cfg:5: a second 'weight' in server 'a': remove one");
}

static void test_bad_words(void **state)
{
    (void)state;
    parse_bad("server a\npriority 1\n",
              "x.cfg:1: server 'a' lacks a line 'image servers/NAME.elf': add it");
    parse_bad("server a\nimage a\n", "x.cfg:1: server 'a' lacks a line 'priority NUMBER': add it");
    parse_bad(
        "server a\nimage 0123456789012345678901234567890123456789012345678901234567890123",
        "x.cfg:2: path '0123456789012345678901234567890123456789...' is too long: give it fewer "
        "than 64 characters");
    parse_bad(SERVER "restart sometimes",
              "x.cfg:4: 'restart' in server 'a' has to be followed by always or never");
    parse_bad(SERVER "arguments  ",
              "x.cfg:4: 'arguments' in server 'a' has to be followed by text");
    parse_bad(SERVER "manage 1", "x.cfg:4: '1' after 'manage', which stands alone");
    char text[600] = SERVER "arguments ";
    memset(text + strlen(text), 'x', 256);
    parse_bad(text, "x.cfg:4: arguments are longer than 255 characters: shorten them");
    text[strlen(text) - 1] = 0;
    parse_good(text);
    assert_int_equal(strlen(config.servers[0].arguments), 255);
}

static void test_bad_grants(void **state)
{
    (void)state;
    parse_bad(SERVER "ports uart 0x3f8",
              "x.cfg:4: 'ports' in server 'a' has to be followed by NAME "
              "FIRST COUNT, like uart 0x3f8 8");
    parse_bad(SERVER "ports uart 0x10000 1",
              "x.cfg:4: 0x10000 is out of range: from 0 to 65535 is possible");
    parse_bad(SERVER "ports uart 0xffff 2", "x.cfg:4: 2 is out of range: from 1 to 1 is possible");
    parse_bad(SERVER "irq x pci 3",
              "x.cfg:4: 'irq' in server 'a' has to be followed by NAME isa N, "
              "or NAME gsi N [level|edge] [low|high]");
    parse_bad(SERVER "irq x isa 16", "x.cfg:4: 16 is out of range: from 0 to 15 is possible");
    parse_bad(SERVER "irq x isa 4 low", "x.cfg:4: 'low' is too much: of an ISA interrupt the "
                                        "firmware knows how it works");
    parse_bad(SERVER "irq x gsi 4 up",
              "x.cfg:4: 'irq' in server 'a' has to be followed by NAME isa "
              "N, or NAME gsi N [level|edge] [low|high]");
    parse_bad(SERVER "registers x 0 0",
              "x.cfg:4: 0 is out of range: from 1 to 1099511627776 is possible");
    parse_bad(SERVER "hpet h 32", "x.cfg:4: 32 is out of range: from 0 to 31 is possible");
    static const char *const pci[] = {
        "pci d 8086",        "pci d 8086:",        "pci d :1",           "pci d 10000:1",
        "pci d class 100:0", "pci d klass 1:0",    "pci d g:0",          "pci optional",
        "pci d 1:1 perhaps", "pci d optional 1:1", "pci d class 1:1 1:1"};
    for (usize i = 0; i < array_count(pci); i++) {
        char text[100] = SERVER;
        parse_bad(strcat(text, pci[i]),
                  "x.cfg:4: 'pci' in server 'a' has to be followed by NAME VENDOR:DEVICE, or NAME "
                  "class CLASS:SUBCLASS, in hexadecimal, [optional]");
    }
    parse_bad(SERVER "irq x isa 1\nhpet x\n",
              "x.cfg:5: 'x' in server 'a' is already the name of what line 4 gives it: choose "
              "another name, or remove one");
    parse_good(SERVER "irq x isa 1\nports x 1 1\nserver b\nimage b\npriority 1\nirq x isa 1");
}

static void test_bad_targets(void **state)
{
    (void)state;
#define TWO SERVER "server b\n image b\n priority 1\n"
    parse_bad(SERVER "call x c", "x.cfg:4: there is no server 'c' for the 'call' in server 'a': "
                                 "correct the name, or add a section 'server c'");
    parse_bad(SERVER "after c", "x.cfg:4: there is no server 'c' for the 'after' in server 'a': "
                                "correct the name, or add a section 'server c'");
    parse_bad(SERVER "call x a", "x.cfg:4: 'call a' in server 'a' itself: remove the line");
    parse_good(TWO " call x a\n call y a\n after a");
    assert_int_equal(config.servers[1].after, 1);
    parse_bad(SERVER "call x b\nserver b\n image b\n priority 1\n call x a",
              "x.cfg:1: server 'a' calls servers that call each other in a circle; calls go only "
              "towards greater trust: remove one 'call'");
    parse_bad("server z\n image z\n priority 1\n" SERVER
              "after b\nserver b\n image b\n priority 1\n after a",
              "x.cfg:4: server 'a' waits by 'after' for servers that wait for each other, so none "
              "would start: remove one 'after'");
}

static void test_limits(void **state)
{
    (void)state;
    char text[8192] = "";
    for (u32 i = 0; i < CONFIG_SERVERS; i++)
        sprintf(text + strlen(text), "server s%u\n image s\n priority 1\n", i);
    parse_good(text);
    assert_int_equal(config.server_count, CONFIG_SERVERS);
    strcat(text, "server one-more");
    parse_bad(text, "x.cfg:94: more than 31 servers: remove some");

    strcpy(text, SERVER);
    for (u32 i = 0; i < GRANT_LIMIT; i++)
        sprintf(text + strlen(text), "screen s%u\n", i);
    parse_good(text);
    strcat(text, "screen more");
    parse_bad(text, "x.cfg:52: server 'a' has more than 48 grants or 32 interrupts: remove some");

    strcpy(text, SERVER);
    for (u32 i = 0; i < CONFIG_INTERRUPTS; i++)
        sprintf(text + strlen(text), "irq s%u gsi %u\n", i, i);
    parse_good(text);
    strcat(text, "hpet more");
    parse_bad(text, "x.cfg:36: server 'a' has more than 48 grants or 32 interrupts: remove some");
}

static void test_memory(void **state)
{
    (void)state;
    parse_good(SERVER
               " memory 1M\n log 64K\nserver b\n image b\n priority 1\n memory 128K\n log 8K");
    u64 needed = (1024 + 64 + 16 + 128 + 8 + 16) << 10;
    assert_true(config_check_memory(&config, "x.cfg", needed, 16 << 10, &message));
    assert_false(config_check_memory(&config, "x.cfg", needed - 1024, 16 << 10, &message));
    assert_string_equal(message.text,
                        "x.cfg:9: server 'b' wants 152 KiB of memory (its own, its log, and what "
                        "root needs for it), but of the 1255 KiB there are only 151 KiB are left: "
                        "give the machine more memory, or the servers less");
    assert_false(config_check_memory(&config, "x.cfg", 0, 0, &message));

    parse_good(SERVER " memory 1M\n log 64K\n dma d 64K\n ram r 4M\n");
    needed = (1024 + 64 + 16 + (64 + 12) + (4096 + 8 + 12)) << 10;
    assert_true(config_check_memory(&config, "x.cfg", needed, 16 << 10, &message));
    assert_false(config_check_memory(&config, "x.cfg", needed - 1024, 16 << 10, &message));
    assert_string_equal(message.text,
                        "x.cfg:7: 'r' wants 4116 KiB of memory, but of the 5295 KiB there are only "
                        "4115 KiB are left: give the machine more memory, or this less");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_how_it_runs),
        cmocka_unit_test(test_grants),      cmocka_unit_test(test_lent_memory),
        cmocka_unit_test(test_functions),   cmocka_unit_test(test_bad_memory),
        cmocka_unit_test(test_bad_lines),   cmocka_unit_test(test_bad_numbers),
        cmocka_unit_test(test_bad_words),   cmocka_unit_test(test_bad_grants),
        cmocka_unit_test(test_bad_targets), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
