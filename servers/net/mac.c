/*
 * Reading Ethernet addresses and the argument of a session. See mac.h.
 */
#include <net/mac.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads "52:54:00:74:65:01": exactly this form. */
static bool mac_parse(struct slice text, u64 *mac)
{
    if (text.length != 3 * NET_MAC - 1)
        return false;
    u64 value = 0;
    for (u32 i = 0; i < NET_MAC; i++) {
        const char *at = text.bytes + 3 * i;
        int high = hex_digit(at[0]), low = hex_digit(at[1]);
        if (high < 0 || low < 0 || (i + 1 < NET_MAC && at[2] != ':'))
            return false;
        value |= (u64)(high << 4 | low) << 8 * i;
    }
    *mac = value;
    return true;
}

static bool limit_parse(struct slice word, u32 *limit)
{
    struct slice name, number;
    u64 value;
    if (!slice_split(word, '=', &name, &number) || !slice_equal(name, "broadcast") ||
        parse_number(number, &value) != PARSE_OK || value > NET_BROADCASTS_MOST)
        return false;
    *limit = (u32)value;
    return true;
}

bool net_argument_read(struct slice text, struct net_argument *argument)
{
    struct slice word;
    *argument = (struct net_argument){.broadcasts = NET_BROADCASTS};
    if (!slice_next_word(&text, &word) || !mac_parse(word, &argument->mac))
        return false;
    if (slice_next_word(&text, &word) && !limit_parse(word, &argument->broadcasts))
        return false;
    return !slice_next_word(&text, &word) && argument->mac != MAC_NONE &&
           !(argument->mac & MAC_MULTICAST);
}
