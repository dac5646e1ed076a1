/*
 * The commands about devices: disks, volumes, network cards. What is asked, and what the operator
 * hears if there is no answer; fetching is in devices.c, the tables are in report_devices.c.
 */
#include "ask.h"
#include "devices.h"
#include "keeper.h"

#include <runtime/console.h>
#include <runtime/heap.h>
#include <runtime/start.h>

/* A question to one server, and its answer. */
struct question {
    const char *command, *server; /* the server's name is that of the grant */
    status (*get)(struct question *question);
    void *room; /* for the answer */
    usize size;
    u32 endpoint;
    status result;
};

static void job(void *argument)
{
    struct question *question = argument;
    question->result = question->get(question);
}

/* What the operator hears; true: there is an answer. */
static bool explain(const struct question *question, enum ask_result asked)
{
    const char *command = question->command, *server = question->server;
    if (asked == ASK_LATE)
        console_print("%s: %s does not answer; 'ps' shows what it does, 'kill %s' starts it anew\n",
                      command, server, server);
    else if (asked == ASK_NO_TIME)
        console_print("%s: no limit can be set for the answer: the configuration of this server "
                      "lacks 'session timer timer 4K' or 'clock clock', that session was "
                      "closed, or the clock does not run\n",
                      command);
    else if (asked == ASK_NO_MEMORY)
        console_print("%s: there is no memory left for that; 'mem' shows where it is\n", command);
    else if (status_code(question->result) == ERR_DEAD)
        console_print("%s: %s ended, or broke off, when it was asked; 'log %s' may say why\n",
                      command, server, server);
    else if (question->result < 0)
        console_print("%s: %s refuses: %s\n", command, server,
                      error_text(status_code(question->result)));
    return asked == ASK_DONE && question->result >= 0;
}

/* Asks; true: the answer is in question->room, to be freed. */
static bool get_answer(struct question *question)
{
    const struct grant *grant = grant_find(GRANT_SERVICE, question->server);
    if (!grant) {
        console_print("%s: there is no %s server: the configuration of this server lacks 'call %s "
                      "%s'\n",
                      question->command, question->server, question->server, question->server);
        return false;
    }
    question->endpoint = grant->slot;
    question->room = heap_zeroed(question->size);
    if (explain(question, question->room ? ask(job, question) : ASK_NO_MEMORY))
        return true;
    heap_free(question->room);
    return false;
}

static status get_disks(struct question *question)
{
    return devices_get_disks(question->endpoint, question->room);
}

void do_disks(struct keeper *keeper, const struct arguments *arguments)
{
    struct question question = {"disks", "disk", get_disks, .size = sizeof(struct devices_disks)};
    (void)keeper, (void)arguments;
    if (!get_answer(&question))
        return;
    report_disks(&console_sink, question.room);
    heap_free(question.room);
}

static status get_volumes(struct question *question)
{
    return devices_get_volumes(question->endpoint, question->room);
}

void do_volumes(struct keeper *keeper, const struct arguments *arguments)
{
    struct question question = {"volumes", "disk", get_volumes,
                                .size = sizeof(struct devices_disks)};
    (void)keeper, (void)arguments;
    if (!get_answer(&question))
        return;
    report_volumes(&console_sink, question.room);
    heap_free(question.room);
}

static status get_nics(struct question *question)
{
    return devices_get_nics(question->endpoint, question->room);
}

void do_nics(struct keeper *keeper, const struct arguments *arguments)
{
    struct question question = {"nics", "net", get_nics, .size = sizeof(struct devices_nics)};
    (void)arguments;
    if (!keeper_refresh(keeper) || !get_answer(&question))
        return;
    report_nics(&console_sink, question.room, keeper->status);
    heap_free(question.room);
}
