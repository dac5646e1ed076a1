/* Unit tests of base/list.h, against what the list should contain after each step. */
#include "unit.h"

#include <base/list.h>

struct item {
    char name;
    struct list node;
};

static struct item items[4];
static struct list head;

static int setup(void **state)
{
    (void)state;
    list_init(&head);
    for (u32 i = 0; i < array_count(items); i++) {
        items[i].name = (char)('a' + i);
        list_init(&items[i].node);
    }
    return 0;
}

/* Compares a list, forwards and backwards, with the names of its items. */
static void assert_list(const struct list *list, const char *names)
{
    usize i = 0;
    list_for_each(node, list) {
        assert_true(list_is_sound(node));
        assert_int_equal(container_of(node, struct item, node)->name, names[i++]);
    }
    assert_int_equal(names[i], 0);
    for (const struct list *node = list->prev; node != list; node = node->prev)
        assert_int_equal(container_of(node, struct item, node)->name, names[--i]);
    assert_int_equal(i, 0);
    assert_true(list_is_sound(list));
    assert_int_equal(list_empty(list), names[0] == 0);
}

static void push_all(void)
{
    for (u32 i = 0; i < array_count(items); i++)
        list_push_back(&head, &items[i].node);
}

static void test_empty(void **state)
{
    (void)state;
    static struct list constant = LIST_INIT(constant);
    assert_list(&constant, "");
    assert_list(&head, "");
    assert_null(list_first(&head));
    assert_null(list_last(&head));
    assert_null(list_pop_front(&head));
    list_rotate(&head);
    assert_list(&head, "");
}

static void test_push(void **state)
{
    (void)state;
    list_push_back(&head, &items[1].node);
    list_push_back(&head, &items[2].node);
    list_push_front(&head, &items[0].node);
    assert_list(&head, "abc");
    list_insert_before(&items[1].node, &items[3].node);
    assert_list(&head, "adbc");
    assert_ptr_equal(list_first(&head), &items[0].node);
    assert_ptr_equal(list_last(&head), &items[2].node);
}

static void test_remove(void **state)
{
    (void)state;
    push_all();
    list_remove(&items[1].node);
    assert_list(&head, "acd");
    assert_true(list_empty(&items[1].node));
    list_remove(&items[1].node); /* again: harmless */
    assert_list(&head, "acd");
    list_remove(&items[0].node);
    list_remove(&items[3].node);
    assert_list(&head, "c");
    list_remove(&items[2].node);
    assert_list(&head, "");
}

static void test_pop_and_rotate(void **state)
{
    (void)state;
    push_all();
    list_rotate(&head);
    assert_list(&head, "bcda");
    assert_ptr_equal(list_pop_front(&head), &items[1].node);
    assert_true(list_empty(&items[1].node));
    assert_list(&head, "cda");
}

static void test_move_all(void **state)
{
    (void)state;
    struct list other;
    list_init(&other);
    list_push_back(&head, &items[0].node);
    list_move_all(&head, &other);
    assert_list(&head, "a");
    list_push_back(&other, &items[1].node);
    list_push_back(&other, &items[2].node);
    list_move_all(&head, &other);
    assert_list(&head, "abc");
    assert_list(&other, "");
    list_move_all(&other, &head);
    assert_list(&other, "abc");
    assert_list(&head, "");
}

static void test_for_each_safe(void **state)
{
    (void)state;
    push_all();
    usize seen = 0;
    list_for_each_safe(node, following, &head) {
        if (seen++ % 2 == 0)
            list_remove(node);
    }
    assert_int_equal(seen, 4);
    assert_list(&head, "bd");
}

static void test_is_sound(void **state)
{
    (void)state;
    push_all();
    struct list *node = &items[1].node;
    struct list *next = node->next;
    node->next = &items[3].node;
    assert_false(list_is_sound(node));
    node->next = NULL;
    assert_false(list_is_sound(node));
    node->next = next;
    node->prev = next;
    assert_false(list_is_sound(node));
    node->prev = NULL;
    assert_false(list_is_sound(node));
    node->prev = &items[0].node;
    assert_true(list_is_sound(node));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty, setup),
        cmocka_unit_test_setup(test_push, setup),
        cmocka_unit_test_setup(test_remove, setup),
        cmocka_unit_test_setup(test_pop_and_rotate, setup),
        cmocka_unit_test_setup(test_move_all, setup),
        cmocka_unit_test_setup(test_for_each_safe, setup),
        cmocka_unit_test_setup(test_is_sound, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
