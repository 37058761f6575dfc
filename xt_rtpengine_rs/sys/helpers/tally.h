/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_TALLY_H
#define RTPE_HELPERS_TALLY_H

#include <linux/types.h>

int rtpe_tally_init(void);
void rtpe_tally_end(void);
__u64 *rtpe_tally_get(__u64 *counters, unsigned int count);
void rtpe_tally_put(__u64 *tally);
void rtpe_tally_received(__u64 *interface, __u64 *global, __u64 bytes);
void rtpe_tally_sent(__u64 *direction, __u64 bytes);
void rtpe_tally_add(__u64 *counter, __u64 amount);
void rtpe_tally_bring(void);

#endif
