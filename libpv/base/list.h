/*
 * A doubly linked circular list whose links live inside what is listed, so that putting something
 * on a list never allocates and taking it off never searches.
 *
 * The same structure serves as the head of a list and as a node in one. A head that is empty and a
 * node that is on no list look alike: linked to themselves. Every node has to be made so, by
 * list_init, before its first use; list_remove leaves it so again, and may therefore be called on a
 * node that is on no list.
 *
 *     struct thread { struct list queue; ... };
 *     struct list *node = list_first(&ready);
 *     struct thread *thread = container_of(node, struct thread, queue);
 */
#pragma once

#include <base/types.h>

struct list {
    struct list *next;
    struct list *prev;
};

/* A head or node defined at file scope: `static struct list ready = LIST_INIT(ready);` */
#define LIST_INIT(name)                                                                            \
    {                                                                                              \
        &(name), &(name)                                                                           \
    }

/* Makes an empty head, or a node that is on no list. */
static inline void list_init(struct list *list)
{
    list->next = list;
    list->prev = list;
}

/* Of a head: is there nothing on the list? Of a node: is it on no list? */
static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

/* Puts `node`, which is on no list, directly before `place`; before the head means at the back. */
static inline void list_insert_before(struct list *place, struct list *node)
{
    node->next = place;
    node->prev = place->prev;
    place->prev->next = node;
    place->prev = node;
}

static inline void list_push_back(struct list *head, struct list *node)
{
    list_insert_before(head, node);
}

static inline void list_push_front(struct list *head, struct list *node)
{
    list_insert_before(head->next, node);
}

/* Takes `node` off the list that it is on, if it is on one, and leaves it linked to itself. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* The first node, or the last, or NULL when the list is empty. */
static inline struct list *list_first(const struct list *head)
{
    return list_empty(head) ? NULL : head->next;
}

static inline struct list *list_last(const struct list *head)
{
    return list_empty(head) ? NULL : head->prev;
}

/* Takes the first node off and returns it; NULL when the list is empty. */
static inline struct list *list_pop_front(struct list *head)
{
    struct list *node = list_first(head);
    if (node)
        list_remove(node);
    return node;
}

/* Moves the first node to the back: whose turn it was waits for the others now. */
static inline void list_rotate(struct list *head)
{
    struct list *node = list_pop_front(head);
    if (node)
        list_push_back(head, node);
}

/* Moves everything on `from` to the back of `to`, in order; `from` is empty afterwards. */
static inline void list_move_all(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    from->prev->next = to;
    to->prev->next = from->next;
    to->prev = from->prev;
    list_init(from);
}

/* Do both neighbours of `node` agree that it is theirs? For the self-checks of debug builds. */
static inline bool list_is_sound(const struct list *node)
{
    return node->next && node->prev && node->next->prev == node && node->prev->next == node;
}

/* Walks from front to back; the body must not take the present node off. */
#define list_for_each(node, head)                                                                  \
    for (struct list *node = (head)->next; node != (head); node = node->next)

/* Walks from front to back; the body may take the present node off, and only that one. */
#define list_for_each_safe(node, following, head)                                                  \
    for (struct list *node = (head)->next, *following = node->next; node != (head);                \
         node = following, following = node->next)
