// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters that all calls share are collected per processor, so that processors do not fight for a cache line, and brought to shared
 * memory after 10 ms at the latest.
 *
 * What a processor has counted never goes back: it alone adds, without a lock. Whoever brings it takes the processor's lock,
 * and adds what is new since the last time. So anybody can do it, at any time.
 */

#include "../bindings.h"

/* How many blocks of counters are collected at a time. Those beyond are added to as they are. */
#define RTPE_TALLIES 64
/* How many counters such a block has at most. */
#define RTPE_TALLY_COUNTERS 7
/* A packet adds to the packets and bytes of two directions and of the whole: one addition for 64 packets. */
#define RTPE_TALLY_PACKETS 64
#define RTPE_TALLY_ADDITIONS 6U
/* How long it may wait otherwise, for which 10 ms are allowed. */
#define RTPE_TALLY_MS 8

/* A block as one processor has it. */
struct rtpe_tally {
	/* By this processor alone. The first. */
	u64 counted[RTPE_TALLY_COUNTERS];
	/* Under the lock of the processor: how much of it was brought. A line of its own. */
	u64 brought[RTPE_TALLY_COUNTERS] ____cacheline_aligned;
} ____cacheline_aligned;

/* A processor. */
struct rtpe_tally_cpu {
	/*
	 * How many packets may be counted until all is brought; below zero when nothing waits. As the next one, of this processor,
	 * or of one that is gone.
	 */
	int room;
	/* In jiffies: what waits was counted since. */
	unsigned long since;
	/* Whether something may wait: the timer is set then, or runs. */
	bool waits;
	spinlock_t lock;
	struct timer_list timer;
	unsigned int cpu;
};

/* A block in shared memory. Its counters are there while it has users. Without any, nothing of it waits anywhere. */
struct rtpe_tallied {
	u64 *counters;
	unsigned int count;
	unsigned int users;
};

static DEFINE_PER_CPU_ALIGNED(struct rtpe_tally_cpu, rtpe_tally_cpu);
static struct rtpe_tally __percpu *rtpe_tallies;
/* Changed under the mutex. */
static struct rtpe_tallied rtpe_tallied[RTPE_TALLIES];
static DEFINE_MUTEX(rtpe_tally_mutex);
static int rtpe_tally_state;

/* Brings what a processor has counted of a block, and returns to how many counters something was added. */
static unsigned int rtpe_tally_bring_block(struct rtpe_tally_cpu *of, unsigned int block)
{
	struct rtpe_tally *tally = per_cpu_ptr(rtpe_tallies, of->cpu) + block;
	unsigned int i, additions = 0;

	lockdep_assert_held(&of->lock);
	for (i = 0; i < RTPE_TALLY_COUNTERS; i++) {
		u64 amount = READ_ONCE(tally->counted[i]) - tally->brought[i];

		if (!amount)
			continue;
		tally->brought[i] += amount;
		atomic64_add(amount, (atomic64_t *)(rtpe_tallied[block].counters + i));
		additions++;
	}
	return additions;
}

/* Brings all that a processor has counted. */
static unsigned int rtpe_tally_bring_cpu(struct rtpe_tally_cpu *of)
{
	unsigned int block, additions = 0;

	for (block = 0; block < RTPE_TALLIES; block++)
		if (READ_ONCE(rtpe_tallied[block].users))
			additions += rtpe_tally_bring_block(of, block);
	return additions;
}

/* Brings all that a processor has counted, which counts nothing meanwhile. */
static void rtpe_tally_settle(struct rtpe_tally_cpu *of)
{
	spin_lock_bh(&of->lock);
	rtpe_tally_bring_cpu(of);
	of->room = -1;
	WRITE_ONCE(of->waits, false);
	spin_unlock_bh(&of->lock);
}

/* A timer expires in the jiffy behind the one that it is set for: what waits does so for 8 ms at most. */
static void rtpe_tally_set_timer(struct rtpe_tally_cpu *own)
{
	own->timer.expires = own->since + msecs_to_jiffies(RTPE_TALLY_MS) - 1;
	add_timer_on(&own->timer, own->cpu);
}

/* In a softirq of the processor. */
static void rtpe_tally_expired(struct timer_list *timer)
{
	struct rtpe_tally_cpu *own = container_of(timer, struct rtpe_tally_cpu, timer);

	/* All was brought since the timer was set, for want of room. */
	if (time_before(jiffies, own->since + msecs_to_jiffies(RTPE_TALLY_MS)))
		rtpe_tally_set_timer(own);
	else
		rtpe_tally_settle(own);
}

/* There is no more room, or nothing waited until now. */
static noinline void rtpe_tally_full(void)
{
	struct rtpe_tally_cpu *own = this_cpu_ptr(&rtpe_tally_cpu);
	unsigned int additions = 0;

	spin_lock(&own->lock);
	if (own->waits)
		additions = rtpe_tally_bring_cpu(own);
	WRITE_ONCE(own->waits, true);
	own->since = jiffies;
	if (!timer_pending(&own->timer))
		rtpe_tally_set_timer(own);
	own->room = RTPE_TALLY_PACKETS * max(additions, RTPE_TALLY_ADDITIONS) - 1;
	spin_unlock(&own->lock);
}

/* The processor is gone: nobody else has its timer set, or counts for it. */
static int rtpe_tally_cpu_dead(unsigned int cpu)
{
	struct rtpe_tally_cpu *of = per_cpu_ptr(&rtpe_tally_cpu, cpu);

	timer_delete_sync(&of->timer);
	rtpe_tally_settle(of);
	return 0;
}

int rtpe_tally_init(void)
{
	int cpu;

	BUILD_BUG_ON(sizeof(atomic64_t) != sizeof(u64));
	rtpe_tallies = __alloc_percpu(RTPE_TALLIES * sizeof(struct rtpe_tally),
				      __alignof__(struct rtpe_tally));
	if (!rtpe_tallies)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct rtpe_tally_cpu *of = per_cpu_ptr(&rtpe_tally_cpu, cpu);

		of->cpu = cpu;
		of->room = -1;
		spin_lock_init(&of->lock);
		timer_setup(&of->timer, rtpe_tally_expired, TIMER_PINNED);
	}
	rtpe_tally_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "net/rtpengine:tally",
						     NULL, rtpe_tally_cpu_dead);
	if (rtpe_tally_state < 0) {
		free_percpu(rtpe_tallies);
		return rtpe_tally_state;
	}
	return 0;
}

/* Nobody has a tally any more. */
void rtpe_tally_end(void)
{
	int cpu;

	cpuhp_remove_state_nocalls(rtpe_tally_state);
	for_each_possible_cpu(cpu)
		timer_shutdown_sync(&per_cpu_ptr(&rtpe_tally_cpu, cpu)->timer);
	free_percpu(rtpe_tallies);
}

/*
 * Has `count` counters collected, which are there until rtpe_tally_put() has been called as often as this. Returns where, for each processor;
 * NULL when there is no room. Sleeps.
 */
__u64 *rtpe_tally_get(__u64 *counters, unsigned int count)
{
	struct rtpe_tallied *found = NULL, *each;

	if (WARN_ON_ONCE(count > RTPE_TALLY_COUNTERS))
		return NULL;
	mutex_lock(&rtpe_tally_mutex);
	for (each = rtpe_tallied; each < rtpe_tallied + RTPE_TALLIES; each++) {
		if (!each->users) {
			found = found ?: each;
		} else if (each->counters == counters && each->count == count) {
			found = each;
			break;
		}
	}
	if (found && !found->users) {
		found->counters = counters;
		found->count = count;
	}
	if (found)
		/* Whoever brings something of it has seen it counted since. */
		smp_store_release(&found->users, found->users + 1);
	mutex_unlock(&rtpe_tally_mutex);
	if (!found)
		return NULL;
	return (u64 *)((__force unsigned long)rtpe_tallies +
		       (found - rtpe_tallied) * sizeof(struct rtpe_tally));
}

/* Nobody counts for the user of a tally any more. If it was the last one, all that was counted is in shared memory when this returns. Sleeps. */
void rtpe_tally_put(__u64 *tally)
{
	unsigned int block = ((unsigned long)tally - (__force unsigned long)rtpe_tallies) /
			     sizeof(struct rtpe_tally);
	int cpu;

	mutex_lock(&rtpe_tally_mutex);
	if (rtpe_tallied[block].users == 1) {
		for_each_possible_cpu(cpu) {
			struct rtpe_tally_cpu *of = per_cpu_ptr(&rtpe_tally_cpu, cpu);

			spin_lock_bh(&of->lock);
			rtpe_tally_bring_block(of, block);
			spin_unlock_bh(&of->lock);
		}
	}
	WRITE_ONCE(rtpe_tallied[block].users, rtpe_tallied[block].users - 1);
	mutex_unlock(&rtpe_tally_mutex);
}

/* Brings all that was counted so far. Sleeps not, but takes the lock of each processor on which something waits. */
void rtpe_tally_bring(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct rtpe_tally_cpu *of = per_cpu_ptr(&rtpe_tally_cpu, cpu);

		if (!READ_ONCE(of->waits))
			continue;
		spin_lock_bh(&of->lock);
		rtpe_tally_bring_cpu(of);
		spin_unlock_bh(&of->lock);
	}
}

/* What follows is called with bottom halves off, so that the timer is that of the processor that has counted. */

static __always_inline u64 __percpu *rtpe_tally_of(__u64 *tally)
{
	return (__force u64 __percpu *)(unsigned long)tally;
}

/* A packet was received: the packets and bytes of an interface, and of the whole. */
void rtpe_tally_received(__u64 *interface, __u64 *global, __u64 bytes)
{
	lockdep_assert_preemption_disabled();
	this_cpu_inc(rtpe_tally_of(interface)[0]);
	this_cpu_add(rtpe_tally_of(interface)[1], bytes);
	this_cpu_inc(rtpe_tally_of(global)[0]);
	this_cpu_add(rtpe_tally_of(global)[1], bytes);
	this_cpu_dec(rtpe_tally_cpu.room);
	if (unlikely(this_cpu_read(rtpe_tally_cpu.room) < 0))
		rtpe_tally_full();
}

/* A packet was sent: the packets and bytes of a direction. It was received before, or is sent on its own. */
void rtpe_tally_sent(__u64 *direction, __u64 bytes)
{
	lockdep_assert_preemption_disabled();
	this_cpu_inc(rtpe_tally_of(direction)[0]);
	this_cpu_add(rtpe_tally_of(direction)[1], bytes);
	if (unlikely(this_cpu_read(rtpe_tally_cpu.room) < 0))
		rtpe_tally_full();
}

/* Something else was counted. */
void rtpe_tally_add(__u64 *counter, __u64 amount)
{
	lockdep_assert_preemption_disabled();
	this_cpu_add(*rtpe_tally_of(counter), amount);
	this_cpu_dec(rtpe_tally_cpu.room);
	if (unlikely(this_cpu_read(rtpe_tally_cpu.room) < 0))
		rtpe_tally_full();
}
