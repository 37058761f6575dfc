// SPDX-License-Identifier: GPL-2.0-only

//! What a run has to have done at least: a generator that only made nonsense would find nothing.

use super::report::Report;

/// With fewer commands not all of it comes about.
const ENOUGH: u64 = 50_000;

/// Outcomes of commands.
const OUTCOMES: [(&str, &[&str]); 15] = [
    (
        "INIT",
        &[
            "accepted", "EBUSY", "EFAULT", "EINVAL", "EMSGSIZE", "ENOENT", "ERANGE",
        ],
    ),
    (
        "ADD_TARGET",
        &[
            "accepted", "EEXIST", "EFAULT", "EINVAL", "EIO", "EMSGSIZE", "ENOENT", "ERANGE",
        ],
    ),
    (
        "ADD_DESTINATION",
        &[
            "accepted", "EACCES", "EBUSY", "EEXIST", "EFAULT", "EINVAL", "EMSGSIZE", "ENOENT",
            "ERANGE",
        ],
    ),
    (
        "DEL_TARGET",
        &["accepted", "EINVAL", "EMSGSIZE", "ENOENT", "ERANGE"],
    ),
    (
        "PIN_MEMORY",
        &[
            "accepted", "EFAULT", "EINVAL", "EIO", "EMSGSIZE", "ENOENT", "ENOMEM", "ENXIO",
            "ERANGE",
        ],
    ),
    ("ADD_CALL", &["EINVAL", "EMSGSIZE", "EOPNOTSUPP", "ERANGE"]),
    ("PACKET", &["EINVAL", "EOPNOTSUPP"]),
    ("PLAY_STREAM_PACKET", &["EINVAL", "EOPNOTSUPP"]),
    (
        "PLAY_STREAM",
        &["EINVAL", "EMSGSIZE", "EOPNOTSUPP", "ERANGE"],
    ),
    ("DEL_STREAM", &["EINVAL", "EOPNOTSUPP"]),
    ("RING_BUFFER", &["EINVAL", "EMSGSIZE", "EOPNOTSUPP"]),
    ("unknown", &["EINVAL"]),
    ("none", &["EIO"]),
    ("unreadable", &["EFAULT"]),
    ("text", &["EINVAL"]),
];

/// Outcomes of text commands.
const WORDS: [(&str, &[&str]); 3] = [
    ("add", &["accepted", "EEXIST"]),
    ("del", &["accepted", "EBUSY", "ENOENT"]),
    ("kill", &["accepted", "ENOENT"]),
];

/// Why messages are refused.
pub(crate) const REFUSALS: [&str; 71] = [
    "Address(Destination",
    "Address(ExpectedSource",
    "Address(Local",
    "Address(Source",
    "AlreadyInitialised",
    "CannotPin",
    "Command",
    "CommandCount",
    "CommandSize",
    "Decrypt(Cipher",
    "Decrypt(Hmac",
    "Decrypt(MasterKey",
    "Decrypt(MasterSalt",
    "Decrypt(Mki",
    "Decrypt(RtcpTag",
    "Decrypt(RtpTag",
    "Decrypt(SessionKey",
    "Decrypt(SessionSalt",
    "Direction",
    "Encrypt(Cipher",
    "Encrypt(Hmac",
    "Encrypt(MasterKey",
    "Encrypt(MasterSalt",
    "Encrypt(Mki",
    "Encrypt(RtcpTag",
    "Encrypt(RtpTag",
    "Encrypt(SessionKey",
    "Encrypt(SessionSalt",
    "ExtensionCount",
    "Families",
    "Killed",
    "MemoryLimit",
    "MidEmpty",
    "MidLength",
    "NoCommand",
    "NoSuchTarget(Family",
    "NoSuchTarget(Port",
    "NoSuchTarget(Unspecified",
    "NoTarget",
    "NotInitialised(AddDestination",
    "NotInitialised(AddTarget",
    "OutputCount",
    "OutputExists",
    "OutputIndex",
    "OutputRange",
    "OutputsMissing",
    "OutputsUnwanted",
    "Path(EACCES",
    "Path(EINVAL",
    "PatternLength",
    "PayloadTypeCount",
    "PayloadTypeMedia",
    "PayloadTypeNumber",
    "PayloadTypeOrder",
    "PinAddress",
    "PinNothing",
    "PinRange",
    "PinSize",
    "Pointer(Global",
    "Pointer(Target",
    "PointerAlignment(TargetSsrc",
    "PointerMissing(Target",
    "RingBuffers",
    "RtcpOutputCount",
    "SourceMismatch",
    "SsrcMedia",
    "TargetComplete",
    "TargetExists",
    "TooLong",
    "TooShort",
    "UnknownCommand",
];

/// What was done besides.
const OPERATIONS: [&str; 31] = [
    "INIT of 12.5",
    "INIT of 13.5",
    "INIT of 14.0",
    "INIT of 26.0",
    "INIT of 26.1",
    "INIT of 26.3",
    "child killed",
    "close",
    "dup",
    "fork",
    "fsync",
    "ftruncate",
    "list and status compared",
    "list and status read oddly",
    "list compared around refused commands",
    "lseek",
    "madvise",
    "message changed while it is read",
    "mmap",
    "mmap of the control file",
    "mprotect",
    "mremap",
    "munmap",
    "open",
    "packet",
    "payload types confused",
    "pread",
    "pwrite",
    "sent through a socket",
    "sent to nobody",
    "the wrong way of a one-way handle",
];

/// What a run lacks.
pub(crate) fn missing(report: &Report, has_shared: bool) -> Vec<String> {
    let mut missing = Vec::new();
    if report.commands < ENOUGH {
        return missing;
    }
    for (command, outcomes) in OUTCOMES.iter().chain(&WORDS) {
        let counts = report.outcomes.get(*command);
        for outcome in *outcomes {
            if counts.is_none_or(|counts| !counts.contains_key(*outcome)) {
                missing.push(format!("{command}: {outcome}"));
            }
        }
    }
    for class in REFUSALS {
        if !report.refusals.contains_key(class) {
            missing.push(class.to_owned());
        }
    }
    for operation in OPERATIONS {
        let is_shared = ["child killed", "message changed while it is read"].contains(&operation);
        if !report.operations.contains_key(operation) && (has_shared || !is_shared) {
            missing.push(operation.to_owned());
        }
    }
    // The commands that make something have to succeed often, or little else happens.
    for command in [
        "ADD_TARGET",
        "ADD_DESTINATION",
        "DEL_TARGET",
        "PIN_MEMORY",
        "INIT",
    ] {
        let accepted = report
            .outcomes
            .get(command)
            .and_then(|counts| counts.get("accepted"));
        let least = report.commands / if command == "INIT" { 5_000 } else { 200 };
        if accepted.is_none_or(|&count| count < least) {
            missing.push(format!("{command}: accepted {least} times"));
        }
    }
    missing
}
