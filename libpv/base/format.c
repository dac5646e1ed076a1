/*
 * Formatted printing (format.h says what is understood).
 *
 * A conversion is first read into a `struct conversion`, then printed by a function for its kind.
 * Everything goes out through `emit` and `pad`, which count; nothing is built in memory except the
 * digits of one number.
 */
#include <base/format.h>
#include <base/string.h>

/* A sink with its count of bytes. */
struct output {
    struct sink *sink;
    usize written;
};

/* One conversion: %[flags][width][.precision][length]kind */
struct conversion {
    bool left;  /* flag `-`: pad on the right */
    bool zeros; /* flag `0`: pad numbers with zeros */
    bool has_precision;
    usize width;
    usize precision;
    u32 bits; /* how wide an integer argument is */
    char kind;
};

static void emit(struct output *output, const char *bytes, usize length)
{
    if (length == 0)
        return;
    output->sink->write(output->sink, bytes, length);
    output->written += length;
}

static void pad(struct output *output, char with, usize length)
{
    char chunk[16];
    memset(chunk, with, sizeof(chunk));
    for (; length > sizeof(chunk); length -= sizeof(chunk))
        emit(output, chunk, sizeof(chunk));
    emit(output, chunk, length);
}

/* The bytes themselves, between as much blank space as their width asks for. */
static void print_text(struct output *output, const struct conversion *conversion,
                       const char *bytes, usize length)
{
    usize blanks = conversion->width > length ? conversion->width - length : 0;
    if (!conversion->left)
        pad(output, ' ', blanks);
    emit(output, bytes, length);
    if (conversion->left)
        pad(output, ' ', blanks);
}

static void print_string(struct output *output, const struct conversion *conversion,
                         const char *string)
{
    if (!string)
        string = "(null)";
    usize limit = conversion->has_precision ? conversion->precision : SIZE_MAX;
    print_text(output, conversion, string, strnlen(string, limit));
}

/* A number is a prefix (a sign, or 0x), zeros, and digits. */
static void print_number(struct output *output, const struct conversion *conversion,
                         const char *prefix, u64 value, u32 base)
{
    const char *alphabet = conversion->kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[20]; /* of 2^64 - 1 in decimal */
    usize first = sizeof(digits);
    for (; value != 0; value /= base)
        digits[--first] = alphabet[value % base];

    usize length = sizeof(digits) - first;
    usize prefix_length = strlen(prefix);
    usize fewest = conversion->has_precision ? conversion->precision : 1;
    bool fill = conversion->zeros && !conversion->left && !conversion->has_precision;
    if (fill && conversion->width > prefix_length + fewest)
        fewest = conversion->width - prefix_length;
    usize zeros = fewest > length ? fewest - length : 0;
    usize whole = prefix_length + zeros + length;
    usize blanks = conversion->width > whole ? conversion->width - whole : 0;

    if (!conversion->left)
        pad(output, ' ', blanks);
    emit(output, prefix, prefix_length);
    pad(output, '0', zeros);
    emit(output, digits + first, length);
    if (conversion->left)
        pad(output, ' ', blanks);
}

static const char *read_flags(struct conversion *conversion, const char *text)
{
    for (;; text++) {
        if (*text == '-')
            conversion->left = true;
        else if (*text == '0')
            conversion->zeros = true;
        else
            return text;
    }
}

/* Digits, up to where they stop making sense as the size of anything printed. */
static const char *read_digits(usize *number, const char *text)
{
    for (*number = 0; *text >= '0' && *text <= '9'; text++) {
        if (*number < INT32_MAX / 10)
            *number = *number * 10 + (usize)(*text - '0');
    }
    return text;
}

static const char *read_length(struct conversion *conversion, const char *text)
{
    conversion->bits = 32;
    if (*text == 'h') {
        text++;
        conversion->bits = *text == 'h' ? 8 : 16;
        return *text == 'h' ? text + 1 : text;
    }
    if (*text == 'l' || *text == 'z' || *text == 'j' || *text == 't') {
        conversion->bits = 64;
        return text[0] == 'l' && text[1] == 'l' ? text + 2 : text + 1;
    }
    return text;
}

static u64 unsigned_of_width(u64 value, u32 bits)
{
    return bits == 64 ? value : value & ((1ull << bits) - 1);
}

static i64 signed_of_width(i64 value, u32 bits)
{
    return bits == 8 ? (i8)value : bits == 16 ? (i16)value : value;
}

/* va_list is an array type here: in a structure, it can be handed from function to function. */
struct arguments {
    va_list list;
};

/* Reads what stands after a %; returns the place of the character after the conversion's kind. */
static const char *read_conversion(struct conversion *conversion, const char *text,
                                   struct arguments *arguments)
{
    *conversion = (struct conversion){0};
    text = read_flags(conversion, text);
    if (*text == '*') {
        i64 width = va_arg(arguments->list, int);
        conversion->left = conversion->left || width < 0;
        conversion->width = (usize)(width < 0 ? -width : width);
        text++;
    } else {
        text = read_digits(&conversion->width, text);
    }
    if (*text == '.' && text[1] == '*') {
        int precision = va_arg(arguments->list, int);
        conversion->has_precision = precision >= 0; /* the standard: a negative one is none */
        conversion->precision = precision >= 0 ? (usize)precision : 0;
        text += 2;
    } else if (*text == '.') {
        conversion->has_precision = true;
        text = read_digits(&conversion->precision, text + 1);
    }
    text = read_length(conversion, text);
    conversion->kind = *text;
    return *text ? text + 1 : text;
}

static void print_integer(struct output *output, const struct conversion *conversion,
                          struct arguments *arguments)
{
    bool wide = conversion->bits == 64;
    if (conversion->kind == 'd' || conversion->kind == 'i') {
        i64 value = wide ? va_arg(arguments->list, i64) : va_arg(arguments->list, int);
        value = signed_of_width(value, conversion->bits);
        u64 magnitude = value < 0 ? 0 - (u64)value : (u64)value;
        print_number(output, conversion, value < 0 ? "-" : "", magnitude, 10);
        return;
    }
    u64 value = wide ? va_arg(arguments->list, u64) : va_arg(arguments->list, unsigned);
    value = unsigned_of_width(value, conversion->bits);
    print_number(output, conversion, "", value, conversion->kind == 'u' ? 10 : 16);
}

/* Prints one conversion; false when there is no such kind. */
static bool print_conversion(struct output *output, const struct conversion *conversion,
                             struct arguments *arguments)
{
    char character;
    switch (conversion->kind) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
        print_integer(output, conversion, arguments);
        return true;
    case 'p':
        print_number(output, conversion, "0x", (u64)va_arg(arguments->list, void *), 16);
        return true;
    case 's':
        print_string(output, conversion, va_arg(arguments->list, const char *));
        return true;
    case 'c':
        character = (char)va_arg(arguments->list, int);
        print_text(output, conversion, &character, 1);
        return true;
    case '%':
        emit(output, "%", 1);
        return true;
    default:
        return false;
    }
}

usize format_list(struct sink *sink, const char *text, va_list list)
{
    struct output output = {.sink = sink};
    struct arguments arguments;
    va_copy(arguments.list, list);
    while (*text) {
        const char *plain = text;
        while (*text && *text != '%')
            text++;
        emit(&output, plain, (usize)(text - plain));
        if (!*text)
            break;
        struct conversion conversion;
        const char *percent = text;
        text = read_conversion(&conversion, text + 1, &arguments);
        if (!print_conversion(&output, &conversion, &arguments)) {
            emit(&output, percent, strlen(percent));
            break;
        }
    }
    va_end(arguments.list);
    return output.written;
}

usize format(struct sink *sink, const char *text, ...)
{
    va_list list;
    va_start(list, text);
    usize written = format_list(sink, text, list);
    va_end(list);
    return written;
}

/* The sink that format_buffer prints to. */
struct buffer_sink {
    struct sink sink;
    char *next;
    usize room; /* what is left, without the place of the 0 */
};

static void buffer_write(struct sink *sink, const char *bytes, usize length)
{
    struct buffer_sink *buffer = container_of(sink, struct buffer_sink, sink);
    length = min(length, buffer->room);
    memcpy(buffer->next, bytes, length);
    buffer->next += length;
    buffer->room -= length;
}

static void buffer_discard(struct sink *sink, const char *bytes, usize length)
{
    (void)sink, (void)bytes, (void)length;
}

usize format_buffer_list(char *buffer, usize size, const char *text, va_list list)
{
    if (size == 0) {
        struct sink nowhere = {buffer_discard};
        return format_list(&nowhere, text, list);
    }
    struct buffer_sink sink = {{buffer_write}, buffer, size - 1};
    usize written = format_list(&sink.sink, text, list);
    *sink.next = 0;
    return written;
}

usize format_buffer(char *buffer, usize size, const char *text, ...)
{
    va_list list;
    va_start(list, text);
    usize written = format_buffer_list(buffer, size, text, list);
    va_end(list);
    return written;
}
