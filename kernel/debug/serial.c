/*
 * COM1, a 16550, without interrupts and without waiting for ever.
 */
#include "debug/serial.h"
#include "cpu/asm.h"

#define COM1     0x3f8
#define DATA     (COM1 + 0) /* with DLAB: divisor, low byte */
#define IER      (COM1 + 1) /* with DLAB: divisor, high byte */
#define FCR      (COM1 + 2)
#define LCR      (COM1 + 3)
#define MCR      (COM1 + 4)
#define LSR      (COM1 + 5)
#define LCR_8N1  0x03
#define LCR_DLAB 0x80
#define FCR_FIFO 0x01
#define MCR_DTR  0x01
#define MCR_RTS  0x02
#define LSR_THRE 0x20
#define LSR_TEMT 0x40
#define PATIENCE 1000000

static bool present;

static void wait_for(u8 bit)
{
    for (int i = 0; present && i < PATIENCE; i++) {
        if (inb(LSR) & bit) {
            return;
        }
        pause();
    }
    present = false;
}

void serial_init(void)
{
    present = inb(LSR) != 0xff;
    wait_for(LSR_TEMT); /* what the driver was sending still goes out */
    present = inb(LSR) != 0xff;
    outb(IER, 0);
    outb(LCR, LCR_DLAB);
    outb(DATA, 1);
    outb(IER, 0);
    outb(LCR, LCR_8N1);
    outb(FCR, FCR_FIFO);
    outb(MCR, MCR_DTR | MCR_RTS);
}

static void put(char byte)
{
    wait_for(LSR_THRE);
    if (present) {
        outb(DATA, (u8)byte);
    }
}

void serial_write(const char *bytes, usize length)
{
    for (usize i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            put('\r');
        }
        put(bytes[i]);
    }
}

void serial_finish(void)
{
    wait_for(LSR_TEMT);
}
