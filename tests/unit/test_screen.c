/*
 * Unit tests of the two kinds of screen, on video memory that the address sanitizer watches.
 */
// with: servers/drivers/screen_text.c servers/drivers/screen_pixels.c servers/drivers/font.c
#include "unit.h"

#include <drivers/screen.h>

static u8 crt_index, crt_registers[256];

void home_port_write(struct ports ports, u32 offset, u32 width, u32 value)
{
    assert_true(ports.handle == 7 && width == 1);
    if (offset == 0)
        crt_index = (u8)value;
    else
        crt_registers[crt_index] = (u8)value;
}

static void test_text(void **state)
{
    (void)state;
    struct screen_text text;
    u16 *cells = calloc(80 * 25, sizeof(u16));
    assert_false(screen_text_start(&text, cells, 80 * 25 * 2 - 1, 80, 25));
    assert_false(screen_text_start(&text, cells, 80 * 25 * 2, 0, 25));
    assert_false(screen_text_start(&text, cells, 80 * 25 * 2, 0xffffffff, 0xffffffff));
    assert_true(screen_text_start(&text, cells, 80 * 25 * 2, 80, 25));
    text.screen.draw(&text.screen, 79, 24, CELL('x', 0x17));
    text.screen.draw(&text.screen, 0, 0, CELL('y', 0x07));
    assert_int_equal(cells[0], 0x0779);
    assert_int_equal(cells[80 * 25 - 1], 0x1778);
    screen_text_hide_cursor((struct ports){7});
    assert_int_equal(crt_registers[0x0a], 0x20);
    free(cells);
}

static struct pixel_format format_of(u32 width, u32 height, u32 bits)
{
    struct pixel_format format = {
        .width = width, .height = height, .bits = bits, .pitch = width * ((bits + 7) / 8) + 5 * 4};
    if (bits >= 24) {
        format.red.position = 16;
        format.green.position = 8;
        format.red.size = format.green.size = format.blue.size = 8;
    } else {
        format.red.position = (u8)(bits - 5);
        format.green.position = 5;
        format.red.size = format.blue.size = 5;
        format.green.size = (u8)(bits - 10);
    }
    return format;
}

static u32 pixel(const u8 *memory, const struct pixel_format *format, u32 x, u32 y)
{
    u32 bytes = (format->bits + 7) / 8, value = 0;
    memcpy(&value, memory + (usize)y * format->pitch + (usize)x * bytes, bytes);
    return value;
}

/* Draws a cell, and looks at every pixel of it and of its surroundings. */
static void check_cell(u32 width, u32 height, u32 bits, u32 foreground, u32 background)
{
    static struct screen_pixels pixels;
    struct pixel_format format = format_of(width, height, bits);
    usize size = (usize)format.pitch * height;
    u8 *memory = malloc(size);
    memset(memory, 0xee, size);
    assert_true(screen_pixels_start(&pixels, memory, size, &format, 160, 64));
    u32 column = pixels.screen.columns - 1, row = pixels.screen.rows - 1, scale = pixels.scale;
    pixels.screen.draw(&pixels.screen, column, row, CELL('R', 0x1e)); /* yellow on blue */
    u32 left = column * FONT_WIDTH * scale, top = row * FONT_HEIGHT * scale;
    const u8 *rows = font_rows(&pixels.font, 'R');
    for (u32 y = 0; y < height; y++) {
        for (u32 x = 0; x < width; x++) {
            u32 expected = 0xeeeeeeee >> (32 - (bits + 7) / 8 * 8);
            if (x - left < FONT_WIDTH * scale && y - top < FONT_HEIGHT * scale)
                expected =
                    rows[(y - top) / scale] << (x - left) / scale & 0x80 ? foreground : background;
            assert_int_equal(pixel(memory, &format, x, y), expected);
        }
    }
    free(memory);
}

static void test_pixels(void **state)
{
    (void)state;
    check_cell(640, 400, 32, 0xffff55, 0x0000aa);
    check_cell(100, 50, 24, 0xffff55, 0x0000aa);
    check_cell(100, 50, 16, 31 << 11 | 63 << 5 | 10, 21);
    check_cell(100, 50, 15, 31 << 10 | 31 << 5 | 10, 21);
    check_cell(3840, 64, 32, 0xffff55, 0x0000aa); /* three times as large */
}

static void test_grid(void **state)
{
    (void)state;
    static struct screen_pixels pixels;
    struct pixel_format format = format_of(1024, 768, 32);
    u64 size = (u64)format.pitch * 768;
    assert_true(screen_pixels_start(&pixels, NULL, size, &format, 160, 64));
    assert_int_equal(pixels.screen.columns, 128);
    assert_int_equal(pixels.screen.rows, 48);
    format = format_of(1920, 1080, 32);
    assert_true(screen_pixels_start(&pixels, NULL, UINT64_MAX, &format, 160, 64));
    assert_int_equal(pixels.scale, 2);
    assert_int_equal(pixels.screen.columns, 120);
    assert_int_equal(pixels.screen.rows, 33);
}

static void test_refused(void **state)
{
    (void)state;
    static struct screen_pixels pixels;
    struct pixel_format good = format_of(640, 400, 32), format = good;
    u64 size = (u64)good.pitch * good.height;
    assert_true(screen_pixels_start(&pixels, NULL, size, &good, 160, 64));
    assert_false(screen_pixels_start(&pixels, NULL, size - 1, &good, 160, 64));
    assert_false(screen_pixels_start(&pixels, NULL, size, &good, 0, 64));
    format.bits = 8;
    assert_false(screen_pixels_start(&pixels, NULL, size, &format, 160, 64));
    format = good;
    format.pitch = 640 * 4 - 1;
    assert_false(screen_pixels_start(&pixels, NULL, size, &format, 160, 64));
    format = good;
    format.red.position = 25;
    assert_false(screen_pixels_start(&pixels, NULL, size, &format, 160, 64));
    format = good;
    format.blue.size = 9;
    assert_false(screen_pixels_start(&pixels, NULL, size, &format, 160, 64));
    format = good;
    format.height = 15; /* not one row */
    assert_false(screen_pixels_start(&pixels, NULL, size, &format, 160, 64));
    format = good;
    format.width = format.height = format.pitch = 0xffffffff;
    assert_false(screen_pixels_start(&pixels, NULL, size, &format, 160, 64));
}

/* Every character has a drawing of its own, inside of its frame. */
static void test_font(void **state)
{
    (void)state;
    static struct font font;
    font_make(&font);
    for (u32 a = FONT_FIRST; a <= FONT_LAST; a++) {
        const u8 *rows = font_rows(&font, (u8)a);
        u32 lit = 0;
        for (u32 y = 0; y < FONT_HEIGHT; y++) {
            lit += (u32)__builtin_popcount(rows[y]);
            assert_int_equal(rows[y] & 1, 0);
        }
        assert_true(a == ' ' ? lit == 0 : lit >= 4);
        assert_true(rows[0] == 0 && rows[1] == 0 && rows[FONT_HEIGHT - 1] == 0);
        for (u32 b = FONT_FIRST; b < a; b++)
            assert_memory_not_equal(rows, font_rows(&font, (u8)b), FONT_HEIGHT);
    }
    assert_ptr_equal(font_rows(&font, 0), font_rows(&font, '?'));
    assert_ptr_equal(font_rows(&font, 0xff), font_rows(&font, '?'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_pixels), cmocka_unit_test(test_grid),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_font),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
