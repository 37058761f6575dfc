// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of the module. */

#include "../bindings.h"

unsigned int rtpe_proc_uid;
module_param_named(proc_uid, rtpe_proc_uid, uint, 0444);
MODULE_PARM_DESC(proc_uid, "User id that owns the files under /proc/rtpengine (default 0)");

unsigned int rtpe_proc_gid;
module_param_named(proc_gid, rtpe_proc_gid, uint, 0444);
MODULE_PARM_DESC(proc_gid, "Group id that owns the files under /proc/rtpengine (default 0)");

unsigned int rtpe_proc_mask;
module_param_named(proc_mask, rtpe_proc_mask, hexint, 0444);
MODULE_PARM_DESC(proc_mask, "Mode bits to take away from the files under /proc/rtpengine (default 0)");

unsigned int rtpe_stream_packets_list_limit = 10;
module_param_named(stream_packets_list_limit, rtpe_stream_packets_list_limit, uint, 0444);
MODULE_PARM_DESC(stream_packets_list_limit,
		 "Packets that a recording stream keeps when it names no limit (default 10)");

static int rtpe_set_replay_window(const char *text, const struct kernel_param *parameter)
{
	unsigned int size;
	int error = kstrtouint(text, 0, &size);

	if (error)
		return error;
	if (size != 0 && (size < RTPE_MIN_REPLAY_WINDOW || size > RTPE_MAX_REPLAY_WINDOW))
		return -ERANGE;
	WRITE_ONCE(*(unsigned int *)parameter->arg, size);
	return 0;
}

static const struct kernel_param_ops rtpe_replay_window_ops = {
	.set = rtpe_set_replay_window,
	.get = param_get_uint,
};

unsigned int rtpe_srtp_replay_window = RTPE_MAX_REPLAY_WINDOW;
module_param_cb(srtp_replay_window, &rtpe_replay_window_ops, &rtpe_srtp_replay_window, 0644);
MODULE_PARM_DESC(srtp_replay_window,
		 "How many packets back SRTP may come late, 64 to 1024, or 0 to accept replays, of targets added from then on (default 1024)");

unsigned long rtpe_memory_limit = 1UL << 32;
module_param_named(memory_limit, rtpe_memory_limit, ulong, 0644);
MODULE_PARM_DESC(memory_limit, "Bytes that a table may share with its daemons, with those of its ciphers (default 4294967296)");

bool rtpe_log_errors;
module_param_named(log_errors, rtpe_log_errors, bool, 0644);
MODULE_PARM_DESC(log_errors, "Log errors of the packet path, rate limited (default N)");

bool rtpe_api_debug;
module_param_named(api_debug, rtpe_api_debug, bool, 0644);
MODULE_PARM_DESC(api_debug, "Log why a command was refused (default N)");

bool rtpe_net_ratelimit(void)
{
	return net_ratelimit();
}
