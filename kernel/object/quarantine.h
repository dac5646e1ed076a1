/* The joints between the destruction of single objects and that of pools. */
#pragma once
#include "object/object.h"

/* Empties up to a bite's worth of the capabilities that name `object`; true when none is left. */
must_check bool object_drop_caps(struct object *object);

/* Nobody else holds `object` any more: if that had stopped its pool's destruction, this lets it go
 * on. */
void pool_unhold(struct object *object);
