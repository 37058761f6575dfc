/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_KERNEL_H
#define RTPE_HELPERS_KERNEL_H

#include <linux/types.h>

unsigned int rtpe_current_tgid(void);
bool rtpe_module_has_started(void);
void rtpe_bh_disable(void);
void rtpe_bh_enable(void);

#endif
