/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_PARAMETERS_H
#define RTPE_HELPERS_PARAMETERS_H

#include <linux/types.h>

#define RTPE_MIN_REPLAY_WINDOW 64
#define RTPE_MAX_REPLAY_WINDOW 1024

extern unsigned int rtpe_proc_uid;
extern unsigned int rtpe_proc_gid;
extern unsigned int rtpe_proc_mask;
extern unsigned int rtpe_stream_packets_list_limit;
extern unsigned int rtpe_srtp_replay_window;
extern unsigned long rtpe_memory_limit;
extern bool rtpe_log_errors;
extern bool rtpe_api_debug;
bool rtpe_net_ratelimit(void);

#endif
