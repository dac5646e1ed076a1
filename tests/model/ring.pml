/*
 * A ring in both directions, as libpv/ring.h, front.c and back.c have it, on processors that delay
 * their stores (x86-TSO: each has a queue of stores that reach memory later, in order; xchg waits
 * until the queue is empty). There are no deaths here: those are in reconnect.pml.
 *
 * Spin looks at every order of steps. An error is
 *   - both sides asleep while something is outstanding (Spin calls it an invalid end state),
 *   - an entry that is read before it was written, an index beyond what can be, a tag twice.
 *
 * Defined by the runner, tests/check/check_model.py:
 *   N  entries of the ring      K  requests       M  the indices wrap around here (M > 2N)
 *   CHAIN  most entries of a request              MORE  most completions to wait for together
 * and to make it wrong:
 *   SC                  no delayed stores (on such a machine nobody would need fences)
 *   NO_FENCE_PRODUCER   `prod` is written by an ordinary store
 *   NO_FENCE_CONSUMER   `event` is written by an ordinary store
 *   NO_RECHECK          the consumer does not look at `prod` once more before it sleeps
 *   NOT_STICKY          an event that nobody waits for is forgotten
 *   CLEAR_FIRST         a wait forgets what came before it
 *   PUBLISH_FIRST       `prod` is written before the entries
 *   EXACT_EVENT         the producer wakes only if the last entry of its batch is the awaited one
 *   MORE_ANY            the client waits for more completions than can come
 *   MORE_ENTRIES        ... or for as many as there are entries, not requests
 *   NO_CREDITS          the client pushes without counting
 *   QUIET (not wrong)   the client lets the server see entries without waking it, until it
 *                       publishes (front_net.c)
 *   QUIET_FORGETS       ... and does not remember then that it has not
 *   QUIET_FOR_EVER      ... or does so even when the indices have turned around (with a small M)
 *   HELD  (not wrong)   either side rings the other's bell only when it waits
 *   NEVER_RUNG          ... and then does not
 */
#ifndef CHAIN
#define CHAIN 1
#endif
#ifndef MORE
#define MORE 1
#endif

/* Where things are in memory. Entries of G hold tag + 1, doubled, plus 1 for RING_MORE. */
#define G_PROD  0
#define G_EVENT 1
#define S_PROD  2
#define S_EVENT 3
#define G_ENTRY 4
#define S_ENTRY (4 + N)
byte memory[4 + 2 * N];

/* The kernel's bits. A raise is lazy: it becomes visible some time later. */
bit raised_server, raised_client, event_server, event_client, asleep_server, asleep_client;
bit held_by_client, held_by_server;

byte done; /* requests reaped */

/* --- stores ----------------------------------------------------------------------------------- */

#ifdef SC
#define CLIENT_STORE(at, value) memory[at] = value
#define SERVER_STORE(at, value) memory[at] = value
#define CLIENT_DRAINED true
#define SERVER_DRAINED true
#else
chan client_stores = [4] of { byte, byte };
chan server_stores = [4] of { byte, byte };
#define CLIENT_STORE(at, value) client_stores!at,value
#define SERVER_STORE(at, value) server_stores!at,value
#define CLIENT_DRAINED empty(client_stores)
#define SERVER_DRAINED empty(server_stores)

active proctype ClientStores()
{
    byte at, value;
end:
    do
    :: atomic { client_stores?at,value -> memory[at] = value; at = 0; value = 0 }
    od
}

active proctype ServerStores()
{
    byte at, value;
end:
    do
    :: atomic { server_stores?at,value -> memory[at] = value; at = 0; value = 0 }
    od
}
#endif

/* ring_exchange */
#define CLIENT_EXCHANGE(at, value) atomic { CLIENT_DRAINED -> memory[at] = value }
#define SERVER_EXCHANGE(at, value) atomic { SERVER_DRAINED -> memory[at] = value }

#ifdef NO_FENCE_PRODUCER
#define CLIENT_PROD CLIENT_STORE
#define SERVER_PROD SERVER_STORE
#else
#define CLIENT_PROD CLIENT_EXCHANGE
#define SERVER_PROD SERVER_EXCHANGE
#endif
#ifdef NO_FENCE_CONSUMER
#define CLIENT_EVENT CLIENT_STORE
#define SERVER_EVENT SERVER_STORE
#else
#define CLIENT_EVENT CLIENT_EXCHANGE
#define SERVER_EVENT SERVER_EXCHANGE
#endif

/* --- the kernel: events ----------------------------------------------------------------------- */

/* Entering the kernel, to raise or to wait, empties the queue of stores. */
#define CLIENT_WAITS CLIENT_DRAINED
#define SERVER_WAITS SERVER_DRAINED

#ifdef NOT_STICKY
#define ARRIVES(asleep) asleep
#else
#define ARRIVES(asleep) 1
#endif

active proctype Kernel()
{
end:
    do
    :: atomic { raised_server -> raised_server = 0;
                event_server = (event_server || ARRIVES(asleep_server)) }
    :: atomic { raised_client -> raised_client = 0;
                event_client = (event_client || ARRIVES(asleep_client)) }
    od
}

#ifdef CLEAR_FIRST
#define FORGET(event) event = 0
#else
#define FORGET(event) skip
#endif

/* Bells are raised at once, or kept until the next wait (session_hold_bells). */
#ifdef HELD
#define RING(bell, held) held = 1
#else
#define RING(bell, held) bell = 1
#endif
#if defined(HELD) && !defined(NEVER_RUNG)
#define RING_HELD(bell, held) bell = (bell || held); held = 0
#else
#define RING_HELD(bell, held) skip
#endif

#ifdef NO_RECHECK
#define SLEEPS(nothing_there) true
#else
#define SLEEPS(nothing_there) (nothing_there)
#endif

/* --- rules 3 and 4 ---------------------------------------------------------------------------- */

#define DISTANCE(from, to) ((to + M - from) % M)
#define LEAST(a, b)        (a < b -> a : b)

#ifdef EXACT_EVENT
#define WAKE(event, new, old) ((event + 1) % M == new)
#else
#define WAKE(event, new, old) (((new + 2 * M - event - 1) % M) < DISTANCE(old, new))
#endif

/* --- the client: front.c ---------------------------------------------------------------------- */

#ifdef NO_CREDITS
#define MAY_PUSH(count) true
#else
#define MAY_PUSH(count) (credits >= count)
#endif

/* `published` after a quiet batch: where it was, but not further behind than the ring is long. */
#if defined(QUIET_FORGETS)
#define STAYS_BEHIND(published, sq) sq
#elif defined(QUIET_FOR_EVER)
#define STAYS_BEHIND(published, sq) published
#else
#define STAYS_BEHIND(published, sq) ((sq + M - LEAST(DISTANCE(published, sq), N)) % M)
#endif

active proctype Client()
{
    byte count[N]; /* of the request with this tag; 0: not in use */
    byte sq = 0, published = 0, cq = 0, known = 0, credits = N, requests = 0, pushed = 0;
    byte tag, left, more, word;
    do
    :: pushed < K ->
        /* front_push: a request of 1 to CHAIN entries. */
        atomic {
            left = 1;
            do
            :: left < CHAIN && MAY_PUSH(left + 1) -> left++
            :: break
            od;
            tag = 0;
            do
            :: tag < N - 1 && count[tag] != 0 -> tag++
            :: else -> break
            od
        }
        if
        :: MAY_PUSH(left) ->
            atomic {
                assert(count[tag] == 0);
                count[tag] = left;
                credits = credits - left;
                requests++;
                pushed++
            }
#ifdef PUBLISH_FIRST
            CLIENT_PROD(G_PROD, (sq + left) % M);
#endif
            do
            :: atomic {
                left > 0 ->
                CLIENT_STORE(G_ENTRY + sq % N, 2 * (tag + 1) + (left > 1));
                sq = (sq + 1) % M;
                left--
            }
            :: atomic { left == 0 -> tag = 0; break }
            od
        :: else -> atomic { left = 0; tag = 0 }
        fi
    :: sq != published ->
        /* front_publish */
#ifndef PUBLISH_FIRST
        CLIENT_PROD(G_PROD, sq);
#endif
        atomic {
            word = WAKE(memory[S_EVENT], sq, published);
            published = sq
        }
        if
        :: atomic { word && CLIENT_DRAINED -> RING(raised_server, held_by_client); word = 0 }
        :: !word
        fi
#ifdef QUIET
    :: sq != published && memory[G_PROD] != sq ->
        /* publish_quietly */
        CLIENT_PROD(G_PROD, sq);
        published = STAYS_BEHIND(published, sq)
#endif
    :: requests > 0 && cq == known ->
        /* front_look */
        atomic {
            known = memory[S_PROD];
            assert(DISTANCE(cq, known) <= requests)
        }
    :: cq != known ->
        /* front_reap */
        atomic {
            word = memory[S_ENTRY + cq % N];
            assert(word > 0);
            tag = word - 1;
            assert(count[tag] > 0);
            credits = credits + count[tag];
            count[tag] = 0;
            requests--;
            cq = (cq + 1) % M;
            done++;
            tag = 0;
            word = 0
        }
    :: requests > 0 && cq == known && sq == published ->
        /* front_may_sleep */
        atomic {
            more = 1;
            do
#ifdef MORE_ANY
            :: more < MORE -> more++
#else
#ifdef MORE_ENTRIES
            :: more < MORE && more < N - credits -> more++
#else
            :: more < MORE && more < requests -> more++
#endif
#endif
            :: break
            od
        }
        CLIENT_EVENT(G_EVENT, (cq + more + M - 1) % M);
        if
        :: atomic { SLEEPS(DISTANCE(cq, memory[S_PROD]) < more) -> more = 0 }
           FORGET(event_client);
           atomic { CLIENT_WAITS; RING_HELD(raised_server, held_by_client); asleep_client = 1 }
           atomic { event_client -> event_client = 0; asleep_client = 0 }
        :: atomic { !SLEEPS(DISTANCE(cq, memory[S_PROD]) < more) -> more = 0 }
        fi
    :: pushed == K && requests == 0 && sq == published -> break
    od;
    assert(done == K)
}

/* --- the server: back.c ----------------------------------------------------------------------- */

active proctype Server()
{
    byte entries[N]; /* by tag: taken and not completed */
    byte sq = 0, known = 0, cq = 0, published = 0, outstanding = 0, taken = 0;
    byte tag, left, word;
    do
    :: sq == known ->
        /* back_look */
        atomic {
            known = memory[G_PROD];
            assert(DISTANCE(sq, known) <= N - outstanding)
        }
    :: sq != known ->
        /* back_take: a chain is there as a whole. */
        do
        :: atomic {
            assert(sq != known);
            word = memory[G_ENTRY + sq % N];
            assert(word >= 2 && (left == 0 || tag == word / 2 - 1));
            tag = word / 2 - 1;
            left++;
            sq = (sq + 1) % M;
            if
            :: word % 2 == 0 ->
                assert(entries[tag] == 0);
                entries[tag] = left;
                outstanding = outstanding + left;
                taken++;
                left = 0;
                word = 0;
                tag = 0;
                break
            :: else -> word = 0
            fi
        }
        od
    :: outstanding > 0 ->
        /* back_complete: any of them. */
        atomic {
            do
            :: tag < N - 1 -> tag++
            :: break
            od;
            if
            :: entries[tag] > 0 ->
                outstanding = outstanding - entries[tag];
                entries[tag] = 0;
                SERVER_STORE(S_ENTRY + cq % N, tag + 1);
                cq = (cq + 1) % M
            :: else
            fi;
            tag = 0
        }
    :: cq != published ->
        /* back_publish */
        SERVER_PROD(S_PROD, cq);
        atomic {
            word = WAKE(memory[G_EVENT], cq, published);
            published = cq
        }
        if
        :: atomic { word && SERVER_DRAINED -> RING(raised_client, held_by_server); word = 0 }
        :: !word
        fi
    :: sq == known && outstanding == 0 && cq == published ->
        /* back_may_sleep */
        SERVER_EVENT(S_EVENT, sq);
        if
        :: SLEEPS(memory[G_PROD] == sq) ->
           FORGET(event_server);
           atomic { SERVER_WAITS; RING_HELD(raised_client, held_by_server); asleep_server = 1 }
           if
           :: taken == K ->
end_served:
               atomic { event_server -> event_server = 0; asleep_server = 0 }
           :: else ->
               atomic { event_server -> event_server = 0; asleep_server = 0 }
           fi
        :: !SLEEPS(memory[G_PROD] == sq)
        fi
    od
}
