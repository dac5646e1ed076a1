/*
 * Linux' side of the comparison of disks (disk.py): the only program of a small Linux, its init. It
 * loads the modules that lie in /modules, in the order of /modules/order, waits for the disk's
 * first partition, and then does what tests/programs/bench-disk does on Terrarium: asks for a load
 * (load.h), reads what that says, past the page cache, and prints how many ticks of the time-stamp
 * counter went by.
 *
 * It goes Linux' fastest ways: pread where one read is on its way at a time; else io_uring, with
 * buffers that are registered and lie in large pages, and no scheduler before the disk.
 */
#include "../programs/bench-disk/load.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <x86intrin.h>

#define DISK    "/dev/sda1"
#define QUEUE   "/sys/block/sda/queue/"
#define LARGE   (2ul << 20)
#define BUFFERS (LOAD_DEPTH_MOST * (u64)LOAD_BYTES_MOST)
#define WAIT_MS 60000 /* for the disk */

/* What the rings' indices are, which the kernel writes or reads meanwhile. */
#define load_acquire(place)         __atomic_load_n(place, __ATOMIC_ACQUIRE)
#define store_release(place, value) __atomic_store_n(place, value, __ATOMIC_RELEASE)

static int disk;
static u64 volume_blocks;
static u8 *buffers;

/* The rings of io_uring. */
static struct {
    int fd;
    u32 *sq_tail, *sq_array, *cq_head, *cq_tail;
    u32 sq_mask, cq_mask;
    struct io_uring_sqe *sqes;
    const struct io_uring_cqe *cqes;
} uring;

static _Noreturn void fail(const char *what, int error)
{
    printf("FAILED: %s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "");
    fflush(stdout);
    sleep(1); /* the serial line has said it */
    reboot(RB_POWER_OFF);
    _exit(1);
}

/* --- getting up ------------------------------------------------------------------------------ */

static void load_module(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "/modules/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
        fail(path, errno);
    close(fd);
}

static void load_modules(void)
{
    char name[64];
    FILE *order = fopen("/modules/order", "re");
    if (!order)
        fail("/modules/order", errno);
    while (fscanf(order, "%63s", name) == 1)
        load_module(name);
    fclose(order);
}

static void mount_on(const char *kind, const char *place)
{
    if (mount(kind, place, kind, 0, NULL) != 0 && errno != EBUSY)
        fail(place, errno);
}

/* The shortest way through Linux' block layer. */
static void set_queue(const char *name, const char *value)
{
    char path[128];
    snprintf(path, sizeof(path), QUEUE "%s", name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, value, strlen(value)) < 0)
        fail(path, errno);
    close(fd);
}

static void set_queues(void)
{
    set_queue("scheduler", "none");
    set_queue("nomerges", "2");
    set_queue("iostats", "0");
    set_queue("add_random", "0");
    set_queue("rq_affinity", "0");
}

static void open_disk(void)
{
    for (u32 waited = 0; (disk = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC)) < 0; waited += 10) {
        if (waited >= WAIT_MS)
            fail(DISK, errno);
        usleep(10000);
    }
    u64 bytes;
    if (ioctl(disk, BLKGETSIZE64, &bytes) != 0)
        fail(DISK, errno);
    volume_blocks = bytes / LOAD_BLOCK;
}

/* In large pages, so that a read has as few pieces as can be. */
static void make_buffers(void)
{
    u8 *room =
        mmap(NULL, BUFFERS + LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        fail("buffers", errno);
    buffers = (u8 *)align_up((u64)room, LARGE);
    if (madvise(buffers, BUFFERS, MADV_HUGEPAGE) != 0)
        fail("large pages", errno);
    memset(buffers, 0, BUFFERS);
}

static u8 *map_ring(u64 size, u64 offset)
{
    u8 *ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, uring.fd,
                    (off_t)offset);
    if (ring == MAP_FAILED)
        fail("io_uring's rings", errno);
    return ring;
}

static void open_uring(void)
{
    struct io_uring_params params = {.flags =
                                         IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    uring.fd = (int)syscall(SYS_io_uring_setup, LOAD_DEPTH_MOST, &params);
    if (uring.fd < 0 && errno == EINVAL) { /* before Linux 6.1 */
        params = (struct io_uring_params){0};
        uring.fd = (int)syscall(SYS_io_uring_setup, LOAD_DEPTH_MOST, &params);
    }
    if (uring.fd < 0)
        fail("io_uring_setup", errno);
    u8 *sq = map_ring(params.sq_off.array + params.sq_entries * sizeof(u32), IORING_OFF_SQ_RING);
    u8 *cq = map_ring(params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
                      IORING_OFF_CQ_RING);
    u64 sqes = params.sq_entries * sizeof(struct io_uring_sqe);
    uring.sqes = (struct io_uring_sqe *)map_ring(sqes, IORING_OFF_SQES);
    uring.sq_tail = (u32 *)(sq + params.sq_off.tail);
    uring.sq_array = (u32 *)(sq + params.sq_off.array);
    uring.sq_mask = *(u32 *)(sq + params.sq_off.ring_mask);
    uring.cq_head = (u32 *)(cq + params.cq_off.head);
    uring.cq_tail = (u32 *)(cq + params.cq_off.tail);
    uring.cq_mask = *(u32 *)(cq + params.cq_off.ring_mask);
    uring.cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
    struct iovec all = {.iov_base = buffers, .iov_len = BUFFERS};
    if (syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_BUFFERS, &all, 1) != 0 ||
        syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_FILES, &disk, 1) != 0)
        fail("io_uring_register", errno);
}

/* --- loads ----------------------------------------------------------------------------------- */

static void check_read(const struct load *load, const u8 *data, u64 block, i64 got)
{
    if (got < 0)
        fail("read", (int)-got);
    if (got != (i64)(load->blocks * (u64)LOAD_BLOCK))
        fail("a read came to an end too early", 0);
    if (!load_is_right(data, block, load->blocks))
        fail("wrong data", 0);
}

/* One read after the other. */
static void run_pread(const struct load *load, struct load_places *places)
{
    for (u32 i = 0; i < load->count; i++) {
        u64 block = load_next(places), bytes = load->blocks * (u64)LOAD_BLOCK;
        ssize_t got = pread(disk, buffers, bytes, (off_t)(block * LOAD_BLOCK));
        check_read(load, buffers, block, got < 0 ? -errno : got);
    }
}

/* Reads on their way: by the number of their buffer, the block that each begins with. */
static struct {
    u64 block[LOAD_DEPTH_MOST];
    u8 free[LOAD_DEPTH_MOST];
    u32 free_count, sent, done;
} reads;

static u8 *buffer_of(const struct load *load, u32 buffer)
{
    return buffers + buffer * (u64)load->blocks * LOAD_BLOCK;
}

static void uring_send(const struct load *load, struct load_places *places, u32 tail)
{
    u32 buffer = reads.free[--reads.free_count], index = tail & uring.sq_mask;
    u64 block = load_next(places);
    uring.sqes[index] = (struct io_uring_sqe){
        .opcode = IORING_OP_READ_FIXED,
        .flags = IOSQE_FIXED_FILE,
        .off = block * LOAD_BLOCK,
        .addr = (u64)buffer_of(load, buffer),
        .len = load->blocks * LOAD_BLOCK,
        .user_data = buffer,
    };
    uring.sq_array[index] = index;
    reads.block[buffer] = block;
    reads.sent++;
}

static void uring_take(const struct load *load)
{
    u32 head = *uring.cq_head, tail = load_acquire(uring.cq_tail);
    for (; head != tail; head++) {
        const struct io_uring_cqe *cqe = &uring.cqes[head & uring.cq_mask];
        u32 buffer = (u32)cqe->user_data;
        check_read(load, buffer_of(load, buffer), reads.block[buffer], cqe->res);
        reads.free[reads.free_count++] = (u8)buffer;
        reads.done++;
    }
    store_release(uring.cq_head, head);
}

static void run_uring(const struct load *load, struct load_places *places)
{
    reads.sent = reads.done = reads.free_count = 0;
    for (u32 i = 0; i < load->depth; i++)
        reads.free[reads.free_count++] = (u8)i;
    while (reads.done < load->count) {
        u32 before = reads.sent, tail = *uring.sq_tail;
        while (reads.free_count != 0 && reads.sent < load->count)
            uring_send(load, places, tail++);
        store_release(uring.sq_tail, tail);
        u32 wanted = (u32)min(load->some, reads.sent - reads.done), some = reads.sent - before;
        long entered =
            syscall(SYS_io_uring_enter, uring.fd, some, wanted, IORING_ENTER_GETEVENTS, NULL, 0);
        if (entered != (long)some)
            fail("io_uring_enter", entered < 0 ? errno : 0);
        uring_take(load);
    }
}

static u64 run(const struct load *load, struct load_places *places)
{
    u64 before = __rdtsc();
    if (load->depth == 1)
        run_pread(load, places);
    else
        run_uring(load, places);
    return __rdtsc() - before;
}

int main(void)
{
    char line[128];
    struct load load;
    struct load_places places;
    mount_on("devtmpfs", "/dev");
    mount_on("sysfs", "/sys");
    load_modules();
    open_disk();
    set_queues();
    make_buffers();
    open_uring();
    printf("ready: %lu blocks\n", volume_blocks);
    for (;;) {
        printf("load> ");
        fflush(stdout);
        if (!fgets(line, sizeof(line), stdin))
            fail("nobody is at the other end", 0);
        if (!load_parse(&load, slice_of(line)) || !load_begin(&places, &load, volume_blocks))
            printf("FAILED: what load is that?\n");
        else
            printf("took %lu ticks\n", run(&load, &places));
    }
}
