/*
 * What each key does to the line being typed. line.h has the contract; completion is in complete.c.
 *
 * What is typed at the end of the line, by far the most, is echoed as it is; everything less simple
 * draws the row again.
 */
#include "line.h"

#include "complete.h"

#include <base/string.h>

#define CONTROL(letter) ((letter)&0x1f)
#define BACKSPACE       0x7f

static void echo(struct line *line, const char *bytes, usize length)
{
    if (length != 0)
        line->echo->write(line->echo, bytes, length);
}

static void bell(struct line *line)
{
    echo(line, "\a", 1);
}

/* How many characters have room behind the prompt. */
static u32 room(const struct line *line)
{
    return LINE_COLUMNS - line->prompt_length;
}

/* Moves the part that is shown so that the cursor is in it and no room is wasted. */
static void scroll(struct line *line)
{
    u32 width = room(line);
    if (line->first > line->cursor)
        line->first = line->cursor;
    if (line->cursor - line->first > width)
        line->first = line->cursor - width;
    if (line->length < line->first + width)
        line->first = line->length > width ? line->length - width : 0;
}

void line_show(struct line *line)
{
    scroll(line);
    u32 shown = (u32)min(line->length - line->first, room(line));
    u32 behind = line->first + shown - line->cursor;
    format(line->echo, "\r%.*s%.*s\033[K", (int)line->prompt_length, line->prompt, (int)shown,
           line->text + line->first);
    if (behind != 0)
        format(line->echo, "\033[%uD", behind);
}

void line_set_prompt(struct line *line, const char *prompt, usize length)
{
    line->prompt_length = (u32)min(length, LINE_PROMPT);
    memcpy(line->prompt, prompt, line->prompt_length);
}

void line_begin(struct line *line, const char *prompt, usize length)
{
    line_set_prompt(line, prompt, length);
    line->length = line->cursor = line->first = line->back = 0;
}

static bool is_at_end_and_fits(const struct line *line)
{
    return line->cursor == line->length && line->length - line->first <= room(line);
}

static void insert(struct line *line, const char *bytes, usize length)
{
    if (line->length + length >= LINE_BYTES) {
        bell(line);
        return;
    }
    char *place = line->text + line->cursor;
    memmove(place + length, place, line->length - line->cursor);
    memcpy(place, bytes, length);
    line->length += (u32)length;
    line->cursor += (u32)length;
    if (is_at_end_and_fits(line))
        echo(line, bytes, length);
    else
        line_show(line);
}

/* Rubs out [from, to); the cursor is left at `from`. */
static void cut(struct line *line, u32 from, u32 to)
{
    if (from == to)
        return;
    bool last = to == line->length && from + 1 == to && line->cursor == to && line->first == 0;
    memmove(line->text + from, line->text + to, line->length - to);
    line->length -= to - from;
    line->cursor = from;
    if (last)
        echo(line, "\b \b", 3);
    else
        line_show(line);
}

static void move(struct line *line, u32 cursor)
{
    if (line->cursor == cursor)
        return;
    line->cursor = cursor;
    line_show(line);
}

static u32 word_start(const struct line *line)
{
    u32 place = line->cursor;
    while (place != 0 && line->text[place - 1] == ' ')
        place--;
    while (place != 0 && line->text[place - 1] != ' ')
        place--;
    return place;
}

/* Makes the line what was typed `back` lines ago; 0: the line before Up was pressed. */
static void recall(struct line *line, u32 back)
{
    const char *text = back == 0 ? line->draft : history_line(&line->history, back);
    if (!text) {
        bell(line);
        return;
    }
    if (line->back == 0) {
        memcpy(line->draft, line->text, line->length);
        line->draft[line->length] = 0;
    }
    line->back = back;
    line->length = (u32)min(strlen(text), LINE_BYTES - 1);
    memcpy(line->text, text, line->length);
    line->cursor = line->length;
    line_show(line);
}

/* Inserts what all words that fit have in common; when that is nothing, lists them. */
static void complete(struct line *line)
{
    u32 start = line->cursor;
    while (start != 0 && line->text[start - 1] != ' ')
        start--;
    struct completion found = complete_word(line->words, line->text + start, line->cursor - start);
    if (found.matches == 0) {
        bell(line);
    } else if (found.matches == 1) {
        insert(line, found.rest, found.rest_length);
        insert(line, " ", 1);
    } else if (found.rest_length != 0) {
        insert(line, found.rest, found.rest_length);
    } else {
        echo(line, "\n", 1);
        complete_list(line->words, line->text + start, line->cursor - start, line->echo);
        echo(line, "\n", 1);
        line_show(line);
    }
}

static enum line_result finish(struct line *line, enum line_result result)
{
    if (result == LINE_ABANDONED) {
        line->length = line->cursor = 0;
        echo(line, "^C", 2);
    }
    history_add(&line->history, line->text, line->length);
    echo(line, "\n", 1);
    return result;
}

static enum line_result edit_key(struct line *line, int key)
{
    switch (key) {
    case CONTROL('H'):
    case BACKSPACE:
        cut(line, line->cursor - (line->cursor != 0), line->cursor);
        break;
    case KEY_DELETE:
    case CONTROL('D'):
        cut(line, line->cursor, line->cursor + (line->cursor != line->length));
        break;
    case CONTROL('U'):
        cut(line, 0, line->cursor);
        break;
    case CONTROL('K'):
        cut(line, line->cursor, line->length);
        break;
    case CONTROL('W'):
        cut(line, word_start(line), line->cursor);
        break;
    case CONTROL('L'):
        echo(line, "\033[H\033[2J", 7);
        line_show(line);
        break;
    case CONTROL('I'):
        complete(line);
        break;
    case CONTROL('M'):
    case CONTROL('J'):
        return finish(line, LINE_DONE);
    case CONTROL('C'):
        return finish(line, LINE_ABANDONED);
    default:
        if (key >= ' ' && key < BACKSPACE)
            insert(line, &(char){(char)key}, 1);
    }
    return LINE_EDITING;
}

enum line_result line_input(struct line *line, u8 byte)
{
    int key = key_decode(&line->keys, byte);
    bool after_return = line->after_return;
    line->after_return = key == CONTROL('M');
    if (after_return && key == CONTROL('J'))
        return LINE_EDITING;
    switch (key) {
    case KEY_LEFT:
    case CONTROL('B'):
        move(line, line->cursor - (line->cursor != 0));
        break;
    case KEY_RIGHT:
    case CONTROL('F'):
        move(line, line->cursor + (line->cursor != line->length));
        break;
    case KEY_HOME:
    case CONTROL('A'):
        move(line, 0);
        break;
    case KEY_END:
    case CONTROL('E'):
        move(line, line->length);
        break;
    case KEY_UP:
    case CONTROL('P'):
        recall(line, line->back + 1);
        break;
    case KEY_DOWN:
    case CONTROL('N'):
        if (line->back != 0)
            recall(line, line->back - 1);
        break;
    default:
        return edit_key(line, key);
    }
    return LINE_EDITING;
}
