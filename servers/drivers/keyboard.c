/*
 * Scan codes of set 1 to bytes; keyboard.h has the contract.
 */
#include <drivers/keyboard.h>

#include <base/string.h>

#define RELEASED 0x80
#define EXTENDED 0xe0
#define PAUSE    0xe1 /* begins a sequence of three codes; another one says "released" */

enum {
    CODE_CONTROL = 0x1d,
    CODE_LEFT_SHIFT = 0x2a,
    CODE_RIGHT_SHIFT = 0x36,
    CODE_CAPS_LOCK = 0x3a
};

/* By scan code, from 0 on: what a key sends alone, and with shift. 0: nothing. */
static const char plain[] =
    "\0\0331234567890-=\x7f\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
    "\0\033!@#$%^&*()_+\x7f\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
static_assert(sizeof(plain) == 0x39 + 2 && sizeof(shifted) == sizeof(plain), "codes 0 to 0x39");

/* The keypad without Num Lock and the keys between it and the letters share their codes. From
 * here: */
#define CODE_KEYPAD 0x47
static const char keypad[][KEYBOARD_BYTES + 1] = {"\033[H", "\033[A", "",       "-",      "\033[D",
                                                  "",       "\033[C", "+",      "\033[F", "\033[B",
                                                  "",       "",       "\033[3~"};

static usize put(char bytes[KEYBOARD_BYTES], const char *text)
{
    usize length = strlen(text);
    memcpy(bytes, text, length);
    return length;
}

/* Keys that change what others mean. False: it is none of them. */
static bool modifier(struct keyboard *keyboard, u8 code, bool extended, bool pressed)
{
    switch (code) {
    case CODE_CONTROL:
        *(extended ? &keyboard->right_control : &keyboard->left_control) = pressed;
        return true;
    case CODE_LEFT_SHIFT:
    case CODE_RIGHT_SHIFT:
        if (!extended) /* else it is a shift that the keyboard itself puts around other keys */
            *(code == CODE_LEFT_SHIFT ? &keyboard->left_shift : &keyboard->right_shift) = pressed;
        return true;
    case CODE_CAPS_LOCK:
        keyboard->caps_lock ^= pressed && !keyboard->caps_held; /* held down, a key repeats */
        keyboard->caps_held = pressed;
        return true;
    default:
        return false;
    }
}

static char character(const struct keyboard *keyboard, u8 code)
{
    bool shift = keyboard->left_shift || keyboard->right_shift;
    char unshifted = plain[code];
    bool letter = unshifted >= 'a' && unshifted <= 'z';
    char c = shift != (letter && keyboard->caps_lock) ? shifted[code] : unshifted;
    bool control = keyboard->left_control || keyboard->right_control;
    if (control && (letter || (c >= '@' && c <= '_')))
        c &= 0x1f;
    return c;
}

usize keyboard_decode(struct keyboard *keyboard, u8 code, char bytes[KEYBOARD_BYTES])
{
    if (keyboard->skip != 0) {
        keyboard->skip--;
        return 0;
    }
    bool extended = keyboard->extended;
    keyboard->extended = code == EXTENDED;
    if (code == PAUSE)
        keyboard->skip = 2;
    if (code == PAUSE || code == EXTENDED)
        return 0;

    bool pressed = !(code & RELEASED);
    code &= (u8)~RELEASED;
    if (modifier(keyboard, code, extended, pressed) || !pressed)
        return 0;
    if (code >= CODE_KEYPAD && code < CODE_KEYPAD + array_count(keypad))
        return put(bytes, keypad[code - CODE_KEYPAD]);
    if (code >= sizeof(plain) - 1)
        return 0;
    bytes[0] = extended && code != 0x1c && code != 0x35 ? 0 : character(keyboard, code);
    return bytes[0] != 0;
}
