// SPDX-License-Identifier: GPL-2.0-only

//! The commands, and which way each of them is sent.

use core::fmt;

/// How a command reached the control file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// With `write`: nothing is returned.
    Write,
    /// With `read`: the buffer holds the command on entry and the reply on return.
    Read,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Write => "write",
            Direction::Read => "read",
        })
    }
}

/// A generation of the interface that is served, named after a daemon that speaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// rtpengine 12.4, 12.5, 13.0 to 13.2.
    V12_5,
    /// rtpengine 13.4 and 13.5.
    V13_5,
    /// rtpengine 14.0.
    V14_0,
    /// rtpengine 14.1 and 26.0.
    V26_0,
    /// rtpengine 26.1.
    V26_1,
    /// rtpengine 26.2 and what follows it.
    V26_3,
}

impl Generation {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Generation::V12_5 => "12.5",
            Generation::V13_5 => "13.5",
            Generation::V14_0 => "14.0",
            Generation::V26_0 => "26.0",
            Generation::V26_1 => "26.1",
            Generation::V26_3 => "26.3",
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Most bytes that may follow the structure of a command that carries data.
pub const MAX_TRAILING_DATA: usize = 65_535;

macro_rules! commands {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $direction:ident;)*) => {
        /// A command, numbered as on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum CommandNumber {
            $($(#[$doc])* $variant = $number,)*
        }

        impl CommandNumber {
            /// The command of this number, if there is one.
            pub const fn from_wire(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(CommandNumber::$variant),)*
                    _ => None,
                }
            }

            /// The name that the interface gives it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(CommandNumber::$variant => $name,)*
                }
            }

            /// The way it is sent.
            pub const fn direction(self) -> Direction {
                match self {
                    $(CommandNumber::$variant => Direction::$direction,)*
                }
            }
        }
    };
}

commands! {
    /// Negotiates the layout and names the global counters.
    Init = 1, "INIT", Write;
    /// Adds a target.
    AddTarget = 2, "ADD_TARGET", Write;
    /// Adds one output of a target.
    AddDestination = 3, "ADD_DESTINATION", Write;
    /// Names a call for recording.
    AddCall = 4, "ADD_CALL", Read;
    /// Ends a call.
    DelCall = 5, "DEL_CALL", Write;
    /// Names a stream of a call.
    AddStream = 6, "ADD_STREAM", Read;
    /// Ends a stream.
    DelStream = 7, "DEL_STREAM", Write;
    /// Queues a packet on a stream.
    Packet = 8, "PACKET", Write;
    /// Removes a target.
    DelTarget = 9, "DEL_TARGET", Write;
    /// Sizes the player.
    InitPlayStreams = 10, "INIT_PLAY_STREAMS", Write;
    /// Makes an empty list of packets to play.
    GetPacketStream = 11, "GET_PACKET_STREAM", Read;
    /// Appends a packet to a list.
    PlayStreamPacket = 12, "PLAY_STREAM_PACKET", Write;
    /// Plays a list.
    PlayStream = 13, "PLAY_STREAM", Read;
    /// Stops a play.
    StopStream = 14, "STOP_STREAM", Write;
    /// Drops a list.
    FreePacketStream = 15, "FREE_PACKET_STREAM", Write;
    /// Pins memory of the caller.
    PinMemory = 16, "PIN_MEMORY", Write;
    /// Registers a pair of ring buffers.
    RingBuffer = 17, "RING_BUFFER", Write;
}

impl CommandNumber {
    /// Whether data may follow its structure.
    pub const fn has_trailing_data(self) -> bool {
        matches!(
            self,
            CommandNumber::Packet | CommandNumber::PlayStreamPacket
        )
    }
}

impl fmt::Display for CommandNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
