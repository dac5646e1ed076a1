/* Fuzzes the boot configuration's parser: whatever the text, it is refused with a printable message
 * or becomes a configuration that keeps its promises. */
// with: servers/root/config.c servers/root/config_words.c servers/root/config_grants.c
// with: servers/root/config_check.c servers/root/config_sessions.c
// with: libpv/base/parse.c libpv/base/format.c
#include <stdlib.h>
#include <string.h>

#include "../../servers/root/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_server(const struct config *config, const struct config_server *server)
{
    if (!memchr(server->name, 0, sizeof(server->name)) || !server->name[0] ||
        !memchr(server->image, 0, sizeof(server->image)) ||
        !memchr(server->arguments, 0, sizeof(server->arguments)))
        abort();
    if (server->priority < 1 || server->priority >= PRIORITY_COUNT || server->weight < 1 ||
        server->weight > WEIGHT_LIMIT || server->cap_ns > SHARE_PERIOD_NS ||
        server->memory % PAGE_SIZE != 0 || server->stack % PAGE_SIZE != 0 ||
        server->log % PAGE_SIZE != 0 || server->start_grants > GRANT_LIMIT ||
        server->interrupts > CONFIG_INTERRUPTS)
        abort();
    if (server->first_grant + server->grant_count > config->grant_count ||
        server->after >> config->server_count)
        abort();
    for (u32 i = 0; i < server->grant_count; i++) {
        const struct config_grant *grant = &config->grants[server->first_grant + i];
        if (!memchr(grant->name, 0, sizeof(grant->name)) ||
            ((grant->kind == CONFIG_CALL || grant->kind == CONFIG_SHARE) &&
             grant->a >= config->server_count) ||
            ((grant->kind == CONFIG_DMA || grant->kind == CONFIG_RAM) &&
             (grant->a == 0 || grant->a % PAGE_SIZE != 0)) ||
            !memchr(grant->path, 0, sizeof(grant->path)) ||
            (grant->kind == CONFIG_PORTS && grant->a + grant->b > 0x10000))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    struct config_message message = {0};
    struct slice text = {(const char *)data, size};
    if (config_parse(&config, "f.cfg", text, &message)) {
        for (u32 i = 0; i < config.server_count; i++)
            check_server(&config, &config.servers[i]);
        (void)!config_check_memory(&config, "f.cfg", 32 << 20, 32 << 10, &message);
        return 0;
    }
    usize length = strnlen(message.text, sizeof(message.text));
    if (length == 0 || length == sizeof(message.text) || strncmp(message.text, "f.cfg:", 6) != 0)
        abort();
    for (usize i = 0; i < length; i++) {
        if (message.text[i] < ' ' || message.text[i] > '~')
            abort();
    }
    return 0;
}
