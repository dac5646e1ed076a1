/*
 * The table of sessions and what happens to each. See sessions.h; session_memory.c has the memory
 * and the mappings.
 */
#include <base/string.h>
#include <runtime/syscall.h>

#include "session_memory.h"
#include "sessions.h"

#define RETRY_NS 10000000ul /* to give back what a dying space still maps */

static struct session sessions[SESSION_LIMIT];
static u64 due = NEVER;

static u32 number_of(const struct session *session)
{
    return (u32)(session - sessions);
}

/* The state is root's own; in the page is what the two sides may know of it. Whoever sees the state
 * sees all that was written before it. */
static void set_state(struct session *session, enum session_state state)
{
    session->state = state;
    __atomic_store_n(&session->info->state, (u32)state, __ATOMIC_RELEASE);
}

static void raise(const struct server *server, u64 bits)
{
    ignore_status(event_raise(server_slot(server, SERVER_SLOT_EVENT), bits, 0)); /* root's own */
}

static void tell_client(const struct session *session)
{
    raise(session->client, EVENT_COMPLETION(number_of(session)));
}

/* The session with this number that this server serves, or that this client uses; NULL. */
static struct session *find(const struct server *caller, u64 number, bool serves)
{
    if (number >= SESSION_LIMIT || sessions[number].state == SESSION_FREE)
        return NULL;
    struct session *session = &sessions[number];
    bool is_its = serves ? session->server == caller && session->server_has
                         : session->client == caller && session->client_has;
    return is_its ? session : NULL;
}

/* --- the beginning ---------------------------------------------------------------------------- */

static struct session *find_free(void)
{
    for (u32 i = 0; i < SESSION_LIMIT; i++) {
        if (sessions[i].state == SESSION_FREE && !sessions[i].freeing)
            return &sessions[i];
    }
    return NULL;
}

static void describe(struct session *session, const struct config_session *what)
{
    struct session_info *info = session->info;
    *info = (struct session_info){
        .magic = SESSION_MAGIC,
        .version = SESSION_VERSION,
        .size = sizeof(*info),
        .number = number_of(session),
        .log2_n = RING_LOG2,
        .data_size = what->size,
        .place = (u32)(what - config.sessions),
    };
    memcpy(info->name, what->name, sizeof(info->name));
    memcpy(info->client, session->client->config->name, sizeof(info->client));
    memcpy(info->server, session->server->config->name, sizeof(info->server));
    memcpy(info->argument, what->argument, sizeof(info->argument));
}

static void close(struct session *session, enum session_reason reason)
{
    if (session->state == SESSION_CLOSED)
        return;
    session->info->reason = reason;
    set_state(session, SESSION_CLOSED);
    tell_client(session);
    session->must_release = session->server_has;
    if (session->server_has)
        raise(session->server, EVENT_SESSIONS);
    due = 0;
}

/* Opens a session; its number, or why it could not be. */
static status open(const struct config_session *what)
{
    struct session *session = find_free();
    if (!session)
        return status_error(ERR_LIMIT, 0);
    *session = (struct session){
        .client = &servers[what->client],
        .server = &servers[what->server],
        .data_pages = what->size / PAGE_SIZE,
    };
    status result = session_memory_make(session, number_of(session));
    if (result < 0)
        return result;
    describe(session, what);
    set_state(session, SESSION_WAITING);
    if (server_is_gone(session->server))
        close(session, SESSION_SERVER_ENDED);
    else if (session->server->state == SERVER_RUNNING)
        raise(session->server, EVENT_SESSIONS);
    return number_of(session);
}

void sessions_open(const struct server *client)
{
    for (u32 i = 0; i < config.session_count; i++) {
        const struct config_session *what = &config.sessions[i];
        if (&servers[what->client] != client)
            continue;
        status result = open(what);
        if (result < 0)
            say("session %s of %s is not opened: %s", what->name, client->config->name,
                error_text(status_code(result)));
    }
}

status sessions_open_line(struct slice line)
{
    static struct config_message message;
    char name[START_NAME_SIZE] = {0};
    struct slice word;
    if (!slice_next_word(&line, &word) || word.length >= sizeof(name))
        return status_error(ERR_ARGUMENT, 1);
    memcpy(name, word.bytes, word.length);
    const struct server *client = server_find(name);
    if (!client || (client->state != SERVER_RUNNING && client->state != SERVER_STARTING))
        return status_error(ERR_ABSENT, 1);
    if (!config_add_session(&config, server_index(client), line, &message)) {
        say("%s", message.text);
        return status_error(ERR_ARGUMENT, 2);
    }
    status result = open(&config.sessions[config.session_count - 1]);
    if (result < 0)
        config.session_count--;
    else
        raise(client, EVENT_SESSIONS);
    return result;
}

bool sessions_remain(const struct server *client)
{
    for (u32 i = 0; i < SESSION_LIMIT; i++) {
        if (sessions[i].client == client &&
            (sessions[i].state != SESSION_FREE || sessions[i].freeing))
            return true;
    }
    return false;
}

/* --- handing out, and taking back ------------------------------------------------------------- */

/* What the caller has not been told of this session, done and told; 0: nothing. */
static status tell(struct session *session, const struct server *caller, struct message *m)
{
    u32 number = number_of(session), first = (u32)m->word[1], second = (u32)m->word[2];
    status result;
    if (session->server == caller && session->must_release) {
        session->must_release = false;
        return SESSION_RELEASE;
    }
    if (session->server == caller && session->state == SESSION_WAITING &&
        caller->state == SERVER_RUNNING) {
        result = session_give_server(session, number, first, second);
        if (result < 0)
            return result;
        session->server_has = true;
        set_state(session, SESSION_ATTACHED);
        if (session->info->epoch != 0)
            tell_client(session); /* it may have requests to give up */
        return SESSION_SERVE;
    }
    if (session->client == caller && !session->client_has && !session->client_gone) {
        result = session_give_client(session, number, second);
        if (result < 0)
            return result;
        session->client_has = true;
        return SESSION_USE;
    }
    return 0;
}

/* The caller has no memory left for the page tables of one more. The others come first. */
static void give_up(struct session *session, const struct server *caller)
{
    say("session %s of %s with %s is closed: %s has no memory left for it", session->info->name,
        session->info->client, session->info->server, caller->config->name);
    if (session->client == caller)
        session->client_gone = true;
    close(session, SESSION_NO_MEMORY);
}

status sessions_next(const struct server *caller, struct message *m)
{
    for (u32 i = 0; i < SESSION_LIMIT; i++) {
        if (sessions[i].state == SESSION_FREE)
            continue;
        status news = tell(&sessions[i], caller, m);
        if (status_code(news) == ERR_MEMORY) {
            give_up(&sessions[i], caller);
            continue;
        }
        if (news < 0)
            return news;
        if (news > 0) {
            m->word[1] = i;
            m->word[2] = (u64)news;
            return 0;
        }
    }
    return status_error(ERR_EMPTY, 0);
}

/* One that was typed is forgotten as well, so that it does not come back with the client. (What has
 * ended in one of these ways has left its name to another.) */
static void forget_typed(const struct session *session)
{
    u32 reason = session->info->reason;
    if (reason == SESSION_BY_OPERATOR || reason == SESSION_CLIENT_ENDED)
        return;
    for (u32 i = 0; i < config.session_count; i++) {
        struct config_session *what = &config.sessions[i];
        if (&servers[what->client] != session->client || what->line != 0 ||
            strncmp(what->name, session->info->name, START_NAME_SIZE) != 0)
            continue;
        *what = config.sessions[--config.session_count];
        return;
    }
}

status sessions_released(const struct server *caller, u64 number)
{
    struct session *session = find(caller, number, true);
    if (session) {
        session_take(session, caller, (u32)number);
        session->server_has = session->must_release = false;
        close(session, SESSION_SERVER_ENDED); /* unless that is why it let go */
        due = 0;
        return 0;
    }
    session = find(caller, number, false);
    if (!session)
        return status_error(ERR_ABSENT, 1);
    forget_typed(session);
    session_take(session, caller, (u32)number);
    session->client_has = false;
    session->client_gone = true;
    close(session, SESSION_CLIENT_ENDED);
    due = 0;
    return 0;
}

status sessions_refuse(const struct server *caller, u64 number, u64 reason)
{
    struct session *session = find(caller, number, true);
    if (!session)
        return status_error(ERR_ABSENT, 1);
    if (reason == SESSION_REASON_NONE || reason >= SESSION_REASONS)
        return status_error(ERR_ARGUMENT, 2);
    if (session->state != SESSION_ATTACHED)
        return 0; /* it is being closed for another reason */
    say("session %s of %s with %s is closed: %s", session->info->name, session->info->client,
        caller->config->name, session_reason_text((enum session_reason)reason));
    close(session, (enum session_reason)reason);
    return 0;
}

status sessions_reconnect(const struct server *caller, u64 number)
{
    struct session *session = find(caller, number, false);
    if (!session)
        return status_error(ERR_ABSENT, 1);
    if (session->state != SESSION_LOST)
        return status_error(ERR_BUSY, 1);
    memset(session->s, 0, PAGE_SIZE);
    set_state(session, SESSION_WAITING);
    u32 epoch = session->info->epoch + 1;
    __atomic_store_n(&session->info->epoch, epoch, __ATOMIC_RELEASE); /* last: now it may go on */
    if (session->server->state == SERVER_RUNNING)
        raise(session->server, EVENT_SESSIONS);
    return 0;
}

status sessions_close(u64 number)
{
    if (number >= SESSION_LIMIT || sessions[number].state == SESSION_FREE)
        return status_error(ERR_ABSENT, 1);
    forget_typed(&sessions[number]);
    close(&sessions[number], SESSION_BY_OPERATOR);
    return 0;
}

/* --- births and deaths ------------------------------------------------------------------------ */

void sessions_server_up(const struct server *server)
{
    bool news = false;
    for (u32 i = 0; i < SESSION_LIMIT; i++) {
        struct session *session = &sessions[i];
        if (session->state == SESSION_FREE || session->server != server)
            continue;
        session->held = false;
        news = news || session->state == SESSION_WAITING;
        due = 0;
    }
    if (news)
        raise(server, EVENT_SESSIONS);
}

/* Has the server devices that move data by themselves? What these have begun may end when they are
 * not bus masters any more (QEMU's do): only a reset stops it. */
static bool has_bus_masters(const struct server *server)
{
    const struct config_server *has = server->config;
    for (u32 i = has->first_grant; i < has->first_grant + has->grant_count; i++) {
        enum config_kind kind = config.grants[i].kind;
        if (kind == CONFIG_PCI_DEVICE || kind == CONFIG_PCI_CLASS)
            return true;
    }
    return false;
}

/* Whoever served it is dead. S stays as it is until the client has read it. */
static void lose_server(struct session *session)
{
    if (session->server_has) {
        session->held = session->server->config->restart || has_bus_masters(session->server);
        session->server_has = session->must_release = false;
    }
    if (!session->server->config->restart) {
        close(session, SESSION_SERVER_ENDED);
    } else if (session->state == SESSION_ATTACHED) {
        session->info->restarts++;
        set_state(session, SESSION_LOST);
        tell_client(session);
    }
}

void sessions_server_ended(const struct server *server)
{
    for (u32 i = 0; i < SESSION_LIMIT; i++) {
        struct session *session = &sessions[i];
        if (session->state == SESSION_FREE)
            continue;
        if (session->server == server)
            lose_server(session);
        if (session->client == server) {
            session->client_has = false;
            session->client_gone = true;
            close(session, SESSION_CLIENT_ENDED);
        }
    }
    due = 0;
}

/* --- giving back ------------------------------------------------------------------------------ */

static bool is_done_with(const struct session *session)
{
    return session->state == SESSION_CLOSED && session->client_gone && !session->server_has &&
           !session->held;
}

void sessions_work(void)
{
    due = NEVER;
    for (u32 i = 0; i < SESSION_LIMIT; i++) {
        struct session *session = &sessions[i];
        if (is_done_with(session)) {
            session->state = SESSION_FREE;
            session->freeing = true;
        }
        if (!session->freeing)
            continue;
        session->freeing = !session_memory_free(session, i);
        if (session->freeing)
            due = after_ns(RETRY_NS); /* the space of one that died is still taken apart */
    }
}

u64 sessions_due(void)
{
    return due;
}

u32 sessions_status(struct status_session out[SESSION_LIMIT])
{
    u32 count = 0;
    for (u32 i = 0; i < SESSION_LIMIT; i++) {
        const struct session *session = &sessions[i];
        if (session->state == SESSION_FREE)
            continue;
        out[count].info = *session->info;
        out[count].client = session->g->ctl;
        out[count].server = session->s->ctl;
        count++;
    }
    return count;
}
