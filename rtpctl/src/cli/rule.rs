// SPDX-License-Identifier: GPL-2.0-only

//! The command line of `rtpctl rule`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::super::rules;
use super::values::{self, priority};
use super::TableId;

const WORDS: &str = "\
The words of a rule are those of nft; one in [] may be left out:
  [ip|ip6] saddr|daddr [!=] ADDR[/LEN]     an address, or those of a prefix
  iifname|oifname [!=] NAME[*]             the device that received it, or is to send it
  [udp|tcp|th] sport|dport [!=] N[-N]      a port or a range of ports
  [meta l4proto] udp|tcp                   the transport protocol
  counter                                  counts the packets that come as far
and in the end one of
  accept, drop, return, jump CHAIN, goto CHAIN
  dnat to ADDR[:PORT]                      in a chain of type nat
  rtpengine ID [via target|past-output]    hands the packet to a table of the relay
and behind all
  comment TEXT                             what is to be remembered

Examples:
  rtpctl rule append inet rtp_table rtp_chain udp dport 10000-20000 counter rtpengine 0
  rtpctl rule append inet rtp_table rtp_chain ip saddr 192.0.2.0/24 drop";

/// The families of nftables that `rule add` makes rules in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Family {
    /// IPv4 and IPv6 with one rule.
    Inet,
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
}

/// How a rule calls the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Via {
    /// The nftables expression `rtpengine`.
    Expression,
    /// The xtables target RTPENGINE, through the compatibility layer of nftables.
    Target,
}

/// The hooks that `rule add` makes rules at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleHook {
    /// What is for this host, where the rules of daemons are.
    Input,
    /// What is received by IP, before the rules of the input hook.
    Prerouting,
    /// What a device receives, before IP.
    Ingress,
}

/// The type of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Its rules accept, drop, and hand packets to a table.
    Filter,
    /// Its rules translate addresses: they see the first packet of a connection.
    Nat,
    /// As filter, at the hook output: a changed packet is routed anew.
    Route,
}

/// The policy of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Policy {
    /// What no rule decides on goes on.
    Accept,
    /// What no rule decides on is dropped.
    Drop,
}

/// A table of nftables.
#[derive(Clone, Debug, Args)]
pub(crate) struct Table {
    /// The family: inet, ip, ip6 or netdev.
    #[arg(value_name = "FAMILY")]
    pub(crate) family: rules::Family,
    /// The name of the table of nftables.
    #[arg(value_name = "TABLE")]
    pub(crate) table: String,
}

/// A chain of nftables.
#[derive(Clone, Debug, Args)]
pub(crate) struct Chain {
    /// Its table.
    #[command(flatten)]
    pub(crate) table: Table,
    /// The name of the chain.
    #[arg(value_name = "CHAIN")]
    pub(crate) chain: String,
}

/// What has to be said to change what somebody else made.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Key {
    /// Change what somebody else made; it has to be named by its handle.
    #[arg(long)]
    pub(crate) force: bool,
    /// The handle of the table or chain that is named, as `rule show` lists it.
    #[arg(long, value_name = "N", value_parser = values::handle)]
    pub(crate) handle: Option<u64>,
}

/// Commands on rules.
#[derive(Debug, Subcommand)]
pub(crate) enum Rule {
    /// Hand the UDP packets that reach this host to a table.
    ///
    /// Makes a chain at a hook with one rule. With the expression, the chain has the hook's name, in a table
    /// `rtpengine_ID` of nftables; with the target, it is `rtpengine_ID` in the table `filter`, the only one
    /// that the target may be used in. What exists is left alone: adding a rule twice changes nothing.
    ///
    /// It tells which chains of others drop packets before this one sees them, and which ones do not see any more
    /// what is relayed.
    #[command(
        after_help = "Examples:\n  rtpctl rule add 0\n  rtpctl rule add 0 --family ip --family ip6\n  \
                            rtpctl rule add 0 --via target\n  rtpctl rule add 0 --priority filter+5\n  rtpctl rule add 0 --hook ingress --device eth0"
    )]
    Add {
        /// Which table.
        #[command(flatten)]
        table: TableId,
        /// The family of nftables; may be given more than once [default: inet, or ip and ip6 with --via target]
        #[arg(short, long, value_enum)]
        family: Vec<Family>,
        /// How the rule calls the module [default: expression, or target where the loaded module has that alone]
        #[arg(long, value_enum)]
        via: Option<Via>,
        /// Where packets are taken; what is not relayed there goes on to rules at later hooks.
        #[arg(long, value_enum, default_value = "input")]
        hook: RuleHook,
        /// A device whose packets the rule sees, at ingress; may be given more than once.
        #[arg(long, value_name = "NAME")]
        device: Vec<String>,
        /// The chain's priority at its hook, a number or as `filter+5`; lower comes first [default: -5, before a firewall's]
        #[arg(long, value_name = "N", value_parser = priority, allow_hyphen_values = true)]
        priority: Option<i32>,
        /// Count the packets that the rule sees.
        #[arg(long)]
        counter: bool,
        /// Have what is relayed leave past the hooks of output and postrouting, as by a flowtable; at ingress.
        #[arg(long)]
        past_output: bool,
    },
    /// Remove the rules that `rule add` made for a table, and what it made for them.
    ///
    /// Rules, chains and tables of nftables that others made stay. Removing what is not there changes nothing.
    #[command(
        visible_alias = "rm",
        after_help = "Examples:\n  rtpctl rule del 0\n  rtpctl rule del --all"
    )]
    Del {
        /// The table's number, 0 to 63.
        #[arg(value_name = "ID", value_parser = values::table, required_unless_present = "all")]
        id: Option<u8>,
        /// Only those of this family; may be given more than once.
        #[arg(short, long, value_enum)]
        family: Vec<Family>,
        /// Only those that call the module in this way.
        #[arg(long, value_enum)]
        via: Option<Via>,
        /// All that rtpctl made in nftables, by hand, too.
        #[arg(long, conflicts_with_all = ["id", "family", "via"])]
        all: bool,
    },
    /// List the rules that hand packets to a table, whoever made them.
    #[command(visible_alias = "ls")]
    List,
    /// Show tables, chains and rules of nftables with their handles and counters, whoever made them.
    ///
    /// In the words of nft; `[...]` is what rtpctl cannot make, as far as it can be told.
    #[command(
        after_help = "Examples:\n  rtpctl rule show\n  rtpctl rule show inet rtp_table rtp_chain"
    )]
    Show {
        /// Only this family.
        #[arg(value_name = "FAMILY")]
        family: Option<rules::Family>,
        /// Only this table of nftables.
        #[arg(value_name = "TABLE")]
        table: Option<String>,
        /// Only this chain.
        #[arg(value_name = "CHAIN")]
        chain: Option<String>,
    },
    /// Print what rtpctl made in nftables, in the form that `rule restore` and `apply` take.
    ///
    /// `nft list ruleset` shows no rule from the first one on that hands packets to a table: what it saves has lost them.
    #[command(after_help = "Example:\n  rtpctl rule save > rules.json")]
    Save,
    /// Make tables of nftables be what `rule save` printed.
    ///
    /// In a table that the file names, what rtpctl made is then what the file says and no more; rules of others, and other tables, stay.
    /// All is changed at once, or nothing.
    #[command(after_help = "Example:\n  rtpctl rule restore rules.json")]
    Restore {
        /// The file; `-` is standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Say what would be changed, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Tables of nftables: make, remove, flush, and let sleep.
    #[command(subcommand)]
    Table(RuleTable),
    /// Chains of nftables: make, remove and flush.
    #[command(subcommand)]
    Chain(RuleChain),
    /// Make a rule at the end of a chain.
    #[command(after_help = WORDS)]
    Append {
        /// Which chain.
        #[command(flatten)]
        chain: Chain,
        /// The rule.
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
        /// What changes a chain of somebody else.
        #[command(flatten)]
        key: Key,
    },
    /// Make a rule at the beginning of a chain, or before or after another rule.
    #[command(after_help = WORDS)]
    Insert {
        /// Which chain.
        #[command(flatten)]
        chain: Chain,
        /// The rule.
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
        /// Before the rule of this handle.
        #[arg(long, value_name = "HANDLE", value_parser = values::handle, conflicts_with = "after")]
        before: Option<u64>,
        /// After the rule of this handle.
        #[arg(long, value_name = "HANDLE", value_parser = values::handle)]
        after: Option<u64>,
        /// What changes a chain of somebody else.
        #[command(flatten)]
        key: Key,
    },
    /// Make a rule in the place of another one, whose handle it gets.
    #[command(after_help = WORDS)]
    Replace {
        /// Which chain.
        #[command(flatten)]
        chain: Chain,
        /// The handle of the rule.
        #[arg(value_name = "HANDLE", value_parser = values::handle)]
        handle: u64,
        /// The rule.
        #[arg(value_name = "WORD", required = true)]
        words: Vec<String>,
        /// Replace a rule that somebody else made.
        #[arg(long)]
        force: bool,
    },
    /// Delete a rule by its handle.
    Remove {
        /// Which chain.
        #[command(flatten)]
        chain: Chain,
        /// The handle of the rule, as `rule show` lists it.
        #[arg(value_name = "HANDLE", value_parser = values::handle)]
        handle: u64,
        /// Delete a rule that somebody else made.
        #[arg(long)]
        force: bool,
    },
}

/// Commands on tables of nftables.
#[derive(Debug, Subcommand)]
pub(crate) enum RuleTable {
    /// Make a table of nftables; one that is there already is left as it is.
    Add(Table),
    /// Delete a table of nftables with all that is in it.
    ///
    /// Refused while somebody else has a chain, a rule or a set in it.
    Del(Named),
    /// Delete the rules in a table's chains; those of others stay.
    Flush(Named),
    /// Have a table's chains called no more.
    Dormant(Named),
    /// Have a table's chains called again.
    Awake(Named),
}

/// A table, with what changes one of somebody else.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Which table.
    #[command(flatten)]
    pub(crate) table: Table,
    /// What changes a table of somebody else.
    #[command(flatten)]
    pub(crate) key: Key,
}

/// A chain, with what changes one of somebody else.
#[derive(Debug, Args)]
pub(crate) struct NamedChain {
    /// Which chain.
    #[command(flatten)]
    pub(crate) chain: Chain,
    /// What changes a chain of somebody else.
    #[command(flatten)]
    pub(crate) key: Key,
}

/// Commands on chains of nftables.
#[derive(Debug, Subcommand)]
pub(crate) enum RuleChain {
    /// Make a chain, on a hook or for jumps.
    ///
    /// One that is there already with the same hook, priority, type and policy is left as it is.
    #[command(after_help = "\
Examples:
  rtpctl rule chain add inet rtp_table rtp_chain --hook input --priority filter-5
  rtpctl rule chain add inet rtp_table to_bob --hook prerouting --priority dstnat --type nat
  rtpctl rule chain add netdev rtp_table early --hook ingress --device eth0 --priority 0
  rtpctl rule chain add inet rtp_table media")]
    Add {
        /// Which chain.
        #[command(flatten)]
        chain: Chain,
        /// Where it is called: prerouting, input, forward, output, postrouting, ingress or egress; by jumps alone when it is left out.
        #[arg(long, value_name = "HOOK")]
        hook: Option<rules::Place>,
        /// Its priority, a number or a word of nft with an offset: raw, mangle, dstnat, filter, security, srcnat; lower comes first.
        #[arg(long, value_name = "N", value_parser = priority, allow_hyphen_values = true, requires = "hook")]
        priority: Option<i32>,
        /// A device whose packets it sees, at ingress and egress; may be given more than once.
        #[arg(long, value_name = "NAME", requires = "hook")]
        device: Vec<String>,
        /// What becomes of what no rule decides on [default: accept]
        #[arg(long, value_enum, requires = "hook")]
        policy: Option<Policy>,
        /// What its rules may do [default: filter]
        #[arg(long = "type", value_enum, requires = "hook")]
        kind: Option<Kind>,
    },
    /// Delete a chain with its rules.
    ///
    /// Refused while a rule jumps to it, or somebody else has a rule in it.
    Del(NamedChain),
    /// Delete the rules of a chain; those of others stay.
    Flush(NamedChain),
}
