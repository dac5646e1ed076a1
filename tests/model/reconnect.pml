/*
 * The death of servers, as root and libpv/front.c have it: any number of steps of the client, the
 * server, the device and root in any order, and deaths wherever they may fall. Stores are not
 * delayed here: ring.pml is about that, and what passes between the two sides of a ring goes
 * through the same exchanges.
 *
 * Request r writes r + 1 to block r % 2 of a disk. An error is
 *   - a request that is reaped twice, or never, or without having been pushed,
 *   - a block that does not hold what was written last,
 *   - a device that works for a request that was reaped,
 *   - a server that sees requests twice, out of order, or of another epoch,
 *   - a client that sleeps for ever.
 *
 * Defined by the runner, tests/check/check_model.py:
 *   N  entries of the ring      K  requests      DEATHS  how many servers may die
 *   RESTARTS   deaths after which a request completes with an I/O error; without: none do
 *   LATE       root answers when it likes: the client goes on in between
 *   CLOSE      root may close the session at any time
 *   LINGER     what the dead server's device was told may happen until a new server, which has reset
 *              the device, attaches
 *   NO_DRAIN   the client does not look into the frozen page: more is done twice, and that is all
 *   OUT_OF_ORDER   requests are sent again in another order: as no two of them write to the same
 *              block, that does no harm
 * and to make it wrong:
 *   NO_QUIESCE     what the dead server's device was told may happen later
 *   GIVE_UP_EARLY  a request is given up before a new server is there (wrong if LINGER, RESTARTS)
 *   NO_NEWS        root does not wake the client when a new server attaches (wrong if RESTARTS)
 *   OVERLAP        two writes to a block at the same time
 *   SWAP           root zeroes S, counts the epoch up and attaches a server without asking the
 *                  client; each side looks at the epoch before it reads the other's page
 *   NO_FREEZE      root tells the client of the death before the server has ended
 *   NO_WAKE        root does not wake the client
 *   WAKE_FIRST     root wakes the client, and then changes the state
 *   NO_ZERO        page S is not zeroed
 *   ZERO_LATE      page S is zeroed when the epoch has been counted up
 *   EPOCH_FIRST    root counts the epoch up before it changes the state (wrong if LATE)
 *   STATE_FIRST    the client looks at the state before the epoch (wrong if LATE)
 *   READ_EARLY     the client reads S while root has not answered (wrong if LATE)
 *   UNSEEN         what is published meanwhile is never rung for, even if root has answered just
 *                  then, and the new server has looked already (wrong if LATE)
 *   OLD_EVENT      the client leaves `event` as it was when it writes G anew (wrong if LATE,
 *                  NO_NEWS)
 *   OLD_EPOCH      the client does not write the new epoch into G
 *   NO_LOOK        a server that attaches waits for the doorbell first
 *   DEAF           the client waits for root's answer also when the session was closed before
 *                  (wrong if CLOSE)
 */
#define BLOCKS 2
#define M      16 /* more than there are requests: indices begin at 0 in each epoch */
#define DISTANCE(from, to) ((to + M - from) % M)
#define WAKE(event, new, old) (((new + 2 * M - event - 1) % M) < DISTANCE(old, new))

mtype = { WAITING, ATTACHED, LOST, CLOSED };

/* Page G, page INFO, page S. */
byte g_prod, g_event, g_epoch, g_tag[N], g_request[N];
mtype state = ATTACHED;
byte epoch;
byte s_prod, s_event, s_tag[N];

/* The kernel's bits. */
bit event_server, event_client;

/* Root. */
bit reconnect; /* the client's call; 0 again when root has answered */
byte deaths;

/* The server's memory: lost when it dies. */
bit alive = 1;
mtype = { RUN, WAKES, LOOKS, SLEEPS };
mtype at = RUN;
byte v_sq, v_cq, v_published, v_before, v_last;
byte v_device[N], v_done[N]; /* by tag: request + 1 */
byte v_busy;                 /* of those */

/* The disk, and what happens to it of which no server knows any more. */
#if defined(NO_QUIESCE) || defined(LINGER)
#define STRAYS
#endif
byte disk[BLOCKS], stray[K];
bit gone[K]; /* reaped: its memory is the client's again */

bit finished;
byte failed[BLOCKS];

inline forget_server()
{
    event_server = 0; /* what rang for a dead server, nobody has heard */
    at = RUN;
    v_sq = 0;
    v_cq = 0;
    v_published = 0;
    v_before = 0;
    v_last = 0;
    v_busy = 0;
    t = 0;
    do
    :: t < N ->
#ifdef STRAYS
        if
        :: v_device[t] > 0 -> stray[v_device[t] - 1] = 1
        :: else
        fi;
#endif
        v_device[t] = 0;
        v_done[t] = 0;
        t++
    :: else -> break
    od;
    t = 0
}

inline zero()
{
    s_prod = 0;
    s_event = 0;
    t = 0;
    do
    :: t < N -> s_tag[t] = 0; t++
    :: else -> break
    od;
    t = 0
}

active proctype Root()
{
    byte t;
end:
    do
    /* A server dies: its pages are taken from it, then its clients hear of it. */
    :: atomic { state == ATTACHED && deaths < DEATHS && !finished -> deaths++ }
#if defined(NO_FREEZE)
       state = LOST;
       event_client = 1;
       atomic { alive = 0; forget_server() }
#elif defined(SWAP)
       atomic { alive = 0; forget_server() }
       atomic { zero(); epoch++; alive = 1 }
       event_client = 1
#elif defined(WAKE_FIRST)
       atomic { alive = 0; forget_server() }
       event_client = 1;
       state = LOST
#else
       atomic { alive = 0; forget_server() }
       state = LOST;
#ifndef NO_WAKE
       event_client = 1
#endif
#endif
    /* ROOT_SESSION_RECONNECT: page G is written anew; the epoch comes last. */
    :: atomic { reconnect && state == LOST -> assert(!alive) }
#if defined(EPOCH_FIRST)
       atomic { zero() }
       epoch++;
       state = WAITING;
#elif defined(ZERO_LATE)
       state = WAITING;
       epoch++;
       atomic { zero() }
#else
#ifndef NO_ZERO
       atomic { zero() }
#endif
       state = WAITING;
       epoch++;
#endif
       reconnect = 0
    :: atomic { reconnect && state != LOST -> reconnect = 0 } /* refused */
    /* A new server is there, and attaches. */
    :: atomic {
        state == WAITING && !alive ->
        forget_server();
#ifdef NO_LOOK
        at = SLEEPS;
#endif
#ifdef LINGER
        do
        :: t < K -> stray[t] = 0; t++
        :: else -> break
        od;
        t = 0;
#endif
        alive = 1;
        state = ATTACHED
       }
#ifndef NO_NEWS
       event_client = 1
#endif
#ifdef CLOSE
    :: atomic { state != CLOSED && !finished -> state = CLOSED }
       event_client = 1
#endif
    od
}

#ifdef SWAP
#define TAKES (g_epoch == epoch)
#else
#define TAKES true
#endif

/* One step at a time, so that death may come between any two: back.c. */
active proctype Server()
{
    byte t, r;
end:
    do
    :: atomic { /* back_take */
        alive && at == RUN && g_prod != v_sq && TAKES ->
        assert(DISTANCE(v_sq, g_prod) <= N - v_busy);
        assert(g_epoch == epoch);
        t = g_tag[v_sq % N];
        r = g_request[v_sq % N];
        assert(r > 0 && v_device[t] == 0 && v_done[t] == 0);
#ifndef OUT_OF_ORDER
        assert(r > v_last);
#endif
        v_last = r;
        v_device[t] = r;
        v_busy++;
        v_sq = (v_sq + 1) % M;
        t = 0;
        r = 0
       }
    :: atomic { /* back_complete */
        alive && at == RUN ->
        do
        :: t < N - 1 -> t++
        :: break
        od;
        if
        :: v_done[t] > 0 ->
            s_tag[v_cq % N] = t + 1;
            v_cq = (v_cq + 1) % M;
            v_done[t] = 0;
            v_busy--
        :: else
        fi;
        t = 0
       }
    :: atomic { /* back_publish */
        alive && at == RUN && v_cq != v_published ->
        s_prod = v_cq;
        v_before = v_published;
        v_published = v_cq;
        at = WAKES
       }
    :: atomic {
        alive && at == WAKES ->
        event_client = (event_client || WAKE(g_event, v_published, v_before));
        at = RUN
       }
    :: atomic { /* back_may_sleep */
        alive && at == RUN && v_busy == 0 && v_cq == v_published && g_prod == v_sq ->
        s_event = v_sq;
        at = LOOKS
       }
    :: atomic { alive && at == LOOKS -> at = (g_prod == v_sq -> SLEEPS : RUN) }
    :: atomic { alive && at == SLEEPS && event_server -> event_server = 0; at = RUN }
    od
}

active proctype Device()
{
    byte t;
end:
    do
    :: atomic {
        v_busy > 0 ->
        do
        :: t < N - 1 -> t++
        :: break
        od;
        if
        :: v_device[t] > 0 ->
            disk[(v_device[t] - 1) % BLOCKS] = v_device[t];
            v_done[t] = v_device[t];
            v_device[t] = 0
        :: else
        fi;
        t = 0
       }
#ifdef STRAYS
    :: atomic {
        do
        :: t < K - 1 -> t++
        :: break
        od;
#ifdef LINGER
        assert(!(stray[t] && gone[t]));
#endif
        if
        :: stray[t] -> stray[t] = 0; disk[t % BLOCKS] = t + 1
        :: stray[t] -> stray[t] = 0
        :: else
        fi;
        t = 0
       }
#endif
    od
}

/* --- the client: front.c ---------------------------------------------------------------------- */

inline give_back(tag)
{
    r = slot[tag] - 1;
    reaped[r]++;
    assert(reaped[r] == 1);
    gone[r] = 1;
    slot[tag] = 0;
    restarts[tag] = 0;
    order??eval(tag);
    writing[r % BLOCKS]--;
    outstanding--;
    r = 0
}

/* front_reap of what is known to be there */
inline reap()
{
    t = s_tag[cq % N];
    assert(t > 0 && slot[t - 1] > 0);
    t--;
    give_back(t);
    cq = (cq + 1) % M;
    t = 0
}

/* front_reap_more, for requests that nobody will complete */
inline reap_failed()
{
    t = 0;
    do
    :: t < N ->
        if
        :: slot[t] > 0 && lost[t] ->
            failed[(slot[t] - 1) % BLOCKS] = 1;
            lost[t] = 0;
            give_back(t)
        :: else
        fi;
        t++
    :: else -> break
    od;
    failing = 0;
    t = 0
}

inline fail_all()
{
    closed = 1;
    t = 0;
    do
    :: t < N -> lost[t] = (slot[t] > 0); t++
    :: else -> break
    od;
    failing = 1;
    t = 0
}

/* reconnect() of front.c */
inline write_anew()
{
    own_epoch++;
    sq = 0;
    cq = 0;
#ifndef OLD_EVENT
    g_event = 0;
#endif
#ifndef OLD_EPOCH
    g_epoch = own_epoch;
#endif
    n = len(order);
    do
    :: n > 0 ->
#ifdef OUT_OF_ORDER
        p = 0;
        do
        :: p < n - 1 -> order?t; order!t; p++
        :: else -> break
        od;
#endif
        order?t;
        order!t;
#ifdef RESTARTS
        restarts[t]++;
#endif
        if
#ifdef RESTARTS
        :: restarts[t] >= RESTARTS -> lost[t] = 1; failing = 1
        :: restarts[t] < RESTARTS ->
#else
        :: true ->
#endif
            g_tag[sq % N] = t;
            g_request[sq % N] = slot[t];
            sq = (sq + 1) % M
        fi;
        n--
    :: else -> break
    od;
    published = sq;
    g_prod = sq;
    t = 0;
    p = 0
}

#ifdef OVERLAP
#define MAY_WRITE true
#else
#define MAY_WRITE (writing[pushed % BLOCKS] == 0)
#endif
#ifdef READ_EARLY
#define READABLE true
#else
#define READABLE (epoch == own_epoch)
#endif
#ifdef DEAF
#define ENDED false
#else
#define ENDED (state == CLOSED)
#endif
#ifdef LATE
#define ANSWERED true
#else
#define ANSWERED (reconnect == 0)
#endif
#ifdef GIVE_UP_EARLY
#define MAY_GIVE_UP true
#else
#define MAY_GIVE_UP (closed || (epoch == own_epoch && state == ATTACHED))
#endif
#define SERVED(state) (state == ATTACHED || state == WAITING)

active proctype Client()
{
    chan order = [N] of { byte }; /* tags, in the order of submission */
    byte slot[N], restarts[N], reaped[K], writing[BLOCKS];
    bit lost[N], failing, closed;
    byte sq, published, cq, own_epoch, outstanding, pushed;
    byte t, r, n, p;
    mtype seen = ATTACHED;
    do
    :: atomic { /* front_push */
        !closed && pushed < K && outstanding < N && MAY_WRITE ->
        do
        :: slot[t] > 0 -> t++
        :: else -> break
        od;
        slot[t] = pushed + 1;
        order!t;
        writing[pushed % BLOCKS]++;
        failed[pushed % BLOCKS] = 0;
        g_tag[sq % N] = t;
        g_request[sq % N] = pushed + 1;
        sq = (sq + 1) % M;
        pushed++;
        outstanding++;
        t = 0
       }
    :: !closed && sq != published -> /* front_publish */
        if
        :: atomic { epoch == own_epoch -> n = published; published = sq }
           g_prod = sq;
           atomic { event_server = (event_server || WAKE(s_event, published, n)); n = 0 }
        :: atomic { epoch != own_epoch -> published = sq }
           g_prod = sq;
#ifndef UNSEEN
           event_server = (event_server || epoch == own_epoch)
#endif
        fi
    :: atomic { failing && MAY_GIVE_UP -> reap_failed() }
    :: !(failing && MAY_GIVE_UP) && !closed && outstanding > 0 ->
        /* front_look, then front_may_sleep */
#ifdef STATE_FIRST
        seen = state;
#endif
        if
        :: READABLE ->
            p = s_prod;
            if
            :: atomic { p != cq -> assert(DISTANCE(cq, p) <= outstanding); reap() }
            :: p == cq ->
#ifndef STATE_FIRST
                seen = state;
#endif
                if
                :: SERVED(seen) && sq == published ->
                    g_event = cq;
                    p = s_prod;
                    seen = state;
                    if
                    :: atomic { p == cq && SERVED(seen) -> p = 0 }
                       atomic { event_client -> event_client = 0 }
                    :: else
                    fi
                :: SERVED(seen) && sq != published
                :: !SERVED(seen) ->
#ifndef NO_DRAIN
                    p = s_prod;
#endif
                    if
                    :: atomic { p != cq -> assert(DISTANCE(cq, p) <= outstanding); reap() }
                    :: atomic { p == cq && seen == CLOSED -> fail_all() }
                    :: atomic { p == cq && seen == LOST -> write_anew(); reconnect = 1 }
                       ANSWERED
                    fi
                fi
            fi
        :: else ->
#ifdef SWAP
            atomic { write_anew(); event_server = 1 }
#else
            if
            :: atomic { ENDED -> fail_all() }
            :: !ENDED && sq == published -> atomic { event_client -> event_client = 0 }
            :: !ENDED && sq != published
            fi
#endif
        fi;
        atomic { p = 0; seen = ATTACHED }
    :: (closed || pushed == K) && outstanding == 0 -> break
    od;
    finished = 1;
    /* What is under way arrives, then the disk is looked at. */
#ifdef STRAYS
    t = 0;
    do
    :: t < K -> stray[t] == 0; t++
    :: else -> break
    od;
#endif
    atomic {
        do
        :: n < pushed -> assert(reaped[n] == 1); n++
        :: else -> break
        od;
        assert(closed || pushed == K);
        assert(closed || failed[(K - 1) % BLOCKS] || disk[(K - 1) % BLOCKS] == K);
        assert(closed || failed[(K - 2) % BLOCKS] || disk[(K - 2) % BLOCKS] == K - 1)
    }
}
