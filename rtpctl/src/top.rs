// SPDX-License-Identifier: GPL-2.0-only

//! A live view of all streams.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant, SystemTime};

use clap::ColorChoice;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::DefaultTerminal;

use super::cli;
use super::client::Client;
use super::exit::{Code, Error, Failure};

mod board;
mod screen;

use board::Board;
use screen::{Next, Screen};

/// Shows streams until somebody has seen enough.
pub(crate) fn run(asked: &cli::Top, colour: ColorChoice, client: &Client) -> Result<(), Error> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let what = "`rtpctl top` needs a terminal";
        return Err(Failure::new(Code::Usage, what)
            .hint("`rtpctl stream list` and `rtpctl metrics` do without")
            .into());
    }
    // Whether there is something to look at is said before the screen is taken.
    let mut board = Board::default();
    look(asked, client, &mut board)?;
    let colour = match colour {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty()),
    };
    let mut terminal = ratatui::init();
    let ended = show(
        asked,
        client,
        &mut terminal,
        &mut board,
        Screen::new(colour),
    );
    ratatui::restore();
    ended
}

fn show(
    asked: &cli::Top,
    client: &Client,
    terminal: &mut DefaultTerminal,
    board: &mut Board,
    mut screen: Screen,
) -> Result<(), Error> {
    let failed = |error: io::Error| Error::output(&error);
    let every = Duration::from_secs(asked.interval);
    let mut due = Instant::now() + every;
    loop {
        let draw = |frame: &mut ratatui::Frame<'_>| screen.draw(frame, board, SystemTime::now());
        terminal.draw(draw).map_err(failed)?;
        let left = due.saturating_duration_since(Instant::now());
        if event::poll(left).map_err(failed)? {
            let Event::Key(key) = event::read().map_err(failed)? else {
                continue;
            };
            let interrupts =
                key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
            if key.kind != KeyEventKind::Press {
                continue;
            }
            if interrupts || screen.key(key.code, board) == Next::Quit {
                return Ok(());
            }
        } else {
            look(asked, client, board)?;
            due = Instant::now() + every;
        }
    }
}

/// Reads the counters of the tables that are asked for. One may go away while we look.
fn look(asked: &cli::Top, client: &Client, board: &mut Board) -> Result<(), Failure> {
    let ids = match asked.table {
        Some(id) => client.status(id).map(|_| vec![id])?,
        None => client.tables()?,
    };
    let now = Instant::now();
    let of = |id| Some((id, client.list(id).ok()?, client.reasons(id).ok()));
    board.update(ids.into_iter().filter_map(of).collect(), now);
    Ok(())
}
