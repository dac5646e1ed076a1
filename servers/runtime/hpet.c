/*
 * From the grants of the HPET to its driver. See hpet.h.
 */
#include <runtime/dma.h>
#include <runtime/hpet.h>
#include <runtime/print.h>
#include <runtime/start.h>

const struct grant *hpet_granted(struct hpet *hpet, bool fresh)
{
    const struct grant *irq = grant_find(GRANT_IRQ, "hpet");
    struct registers registers;
    if (!irq) {
        print("no HPET in this machine, or none granted\n");
        return NULL;
    }
    if (!registers_open(&registers, "hpet", 0))
        return NULL; /* it has said why */
    struct hpet_route route = {
        .timer = (u32)irq->value[3],
        .line = (u32)irq->value[1],
        .level = irq->value[2] != 0,
    };
    enum hpet_error error = hpet_open(hpet, registers, route, fresh);
    if (error == HPET_OK)
        return irq;
    print("the HPET cannot be used: %s\n", hpet_error_text(error));
    return NULL;
}
