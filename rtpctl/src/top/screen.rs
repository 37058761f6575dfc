// SPDX-License-Identifier: GPL-2.0-only

//! What the screen shows, and what keys do to it.

use std::cmp::Reverse;
use std::time::SystemTime;

use ratatui::crossterm::event::KeyCode;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Paragraph, Row as Cells, Sparkline, Table, TableState};
use ratatui::Frame;

use super::super::foreign::Foreign;
use super::super::output::{ago, stream_text, StreamBlock};
use super::super::select::errors;
use super::board::{Board, Id, Row};

/// How wide the terminal must be for each stream to have a curve.
const WIDE: u16 = 104;
const CURVE: usize = 20;

/// What streams are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Packets,
    Bits,
    Errors,
    Idle,
    Local,
}

impl Order {
    const ALL: [(char, Self, &str); 5] = [
        ('p', Self::Packets, "packets"),
        ('b', Self::Bits, "bits"),
        ('e', Self::Errors, "errors"),
        ('i', Self::Idle, "idle"),
        ('l', Self::Local, "local"),
    ];
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// To go on.
    Stay,
    /// To end.
    Quit,
}

/// The state of the screen.
#[derive(Debug)]
pub(super) struct Screen {
    order: Order,
    filter: String,
    typing: bool,
    selected: Option<Id>,
    detail: bool,
    /// Whether there is to be colour.
    colour: bool,
}

impl Screen {
    /// One that shows all.
    pub(super) const fn new(colour: bool) -> Self {
        Self {
            order: Order::Packets,
            filter: String::new(),
            typing: false,
            selected: None,
            detail: false,
            colour,
        }
    }

    /// The streams that are shown, in order.
    fn rows<'a>(&self, board: &'a Board) -> Vec<&'a Row> {
        let meets = |row: &&Row| {
            let addresses = [row.id.1.to_string(), to(row)];
            addresses.iter().any(|it| it.contains(&self.filter))
        };
        let mut rows: Vec<_> = board.rows.iter().filter(meets).collect();
        let whole = |rate: f64| Reverse(rate.round() as u64);
        match self.order {
            Order::Packets => rows.sort_by_key(|row| (whole(row.packets), row.id)),
            Order::Bits => rows.sort_by_key(|row| (whole(row.bits), row.id)),
            Order::Errors => rows.sort_by_key(|row| (Reverse(errors(&row.target)), row.id)),
            Order::Idle => rows.sort_by_key(|row| (row.target.last_packet, row.id)),
            Order::Local => rows.sort_by_key(|row| row.id),
        }
        rows
    }

    /// Does what a key stands for.
    pub(super) fn key(&mut self, key: KeyCode, board: &Board) -> Next {
        if self.typing {
            match key {
                KeyCode::Char(letter) => self.filter.push(letter),
                KeyCode::Backspace => drop(self.filter.pop()),
                KeyCode::Esc => {
                    self.filter.clear();
                    self.typing = false;
                }
                KeyCode::Enter => self.typing = false,
                _ => {}
            }
            return Next::Stay;
        }
        match key {
            KeyCode::Char('q') => return Next::Quit,
            KeyCode::Esc if self.detail => self.detail = false,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Enter => self.detail = !self.detail && self.selected.is_some(),
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Down => self.go(board, 1),
            KeyCode::Up => self.go(board, -1),
            KeyCode::PageDown => self.go(board, 10),
            KeyCode::PageUp => self.go(board, -10),
            KeyCode::Char(letter) => {
                let order = Order::ALL.iter().find(|(key, ..)| *key == letter);
                self.order = order.map_or(self.order, |(_, order, _)| *order);
            }
            _ => {}
        }
        Next::Stay
    }

    fn go(&mut self, board: &Board, by: isize) {
        let rows = self.rows(board);
        let last = rows.len().saturating_sub(1);
        let at = rows.iter().position(|row| Some(row.id) == self.selected);
        let at = at.map_or(0, |at| at.saturating_add_signed(by).min(last));
        self.selected = rows.get(at).map(|row| row.id);
    }

    /// Draws all of it.
    pub(super) fn draw(&self, frame: &mut Frame<'_>, board: &Board, now: SystemTime) {
        let areas = Layout::vertical([
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(1),
        ]);
        let [head, body, foot] = areas.areas(frame.area());
        let (packets, bits) = board.rates();
        let sum = format!(
            "{} streams, {packets:.0} packets/s, {:.0} kbit/s",
            board.rows.len(),
            bits / 1000.0
        );
        frame.render_widget(Line::from(sum).style(Modifier::BOLD), head);
        let selected = board.rows.iter().find(|row| Some(row.id) == self.selected);
        match selected.filter(|_| self.detail) {
            Some(row) => detail(frame, body, row, now),
            None => self.table(frame, body, board, now),
        }
        frame.render_widget(Line::from(self.foot()), foot);
    }

    fn foot(&self) -> String {
        if self.typing {
            return format!("filter: {}_", Foreign(&self.filter));
        }
        if self.detail {
            return "Enter back  q quit".to_owned();
        }
        let orders: Vec<_> = Order::ALL
            .iter()
            .map(|(key, _, name)| format!("{key} {name}"))
            .collect();
        let filter = match self.filter.as_str() {
            "" => "/ filter".to_owned(),
            filter => format!("/ filter: {}", Foreign(filter)),
        };
        format!(
            "sort: {}  {filter}  Enter details  q quit",
            orders.join(" ")
        )
    }

    fn table(&self, frame: &mut Frame<'_>, area: Rect, board: &Board, now: SystemTime) {
        let wide = area.width >= WIDE;
        let rows = self.rows(board);
        let at = rows.iter().position(|row| Some(row.id) == self.selected);
        // What is not seen is not put together.
        let height = usize::from(area.height.saturating_sub(1));
        let first = at.unwrap_or(0).saturating_sub(height.saturating_sub(1));
        let seen = rows.iter().skip(first).take(height);
        let cells = seen.map(|row| Cells::new(self.cells(row, wide, now)));
        let address = Constraint::Min(21);
        let mut widths = vec![address, address];
        widths.extend([7, 7, 6, 5, 6].map(Constraint::Length));
        let mut head = vec![
            "LOCAL", "TO", "  PKT/S", " KBIT/S", "KERNEL", "  ERR", "  LAST",
        ];
        if wide {
            widths.push(Constraint::Length(CURVE as u16));
            head.push("PACKETS");
        }
        let table = Table::new(cells, widths)
            .column_spacing(1)
            .header(Cells::new(head).style(Modifier::UNDERLINED))
            .row_highlight_style(Modifier::REVERSED);
        let mut state = TableState::new().with_selected(at.map(|at| at.saturating_sub(first)));
        frame.render_stateful_widget(table, area, &mut state);
    }

    fn cells(&self, row: &Row, wide: bool, now: SystemTime) -> Vec<Cell<'static>> {
        let style = match (self.colour, row.errors > 0.0, row.relayed) {
            (true, true, _) => Style::new().fg(Color::Red),
            (true, false, Some(0..=99)) => Style::new().fg(Color::Yellow),
            _ => Style::new(),
        };
        let kernel = row
            .relayed
            .map_or("-".to_owned(), |percent| format!("{percent} %"));
        let mut cells = vec![
            row.id.1.to_string(),
            to(row),
            format!("{:7.0}", row.packets),
            format!("{:7.0}", row.bits / 1000.0),
            format!("{kernel:>6}"),
            format!("{:5}", errors(&row.target)),
            format!("{:>6}", age(row, now)),
        ];
        if wide {
            cells.push(curve(row));
        }
        cells
            .into_iter()
            .map(|text| Cell::from(text).style(style))
            .collect()
    }
}

/// Where a stream is sent, in short.
fn to(row: &Row) -> String {
    let outputs: Vec<_> = row.target.outputs.iter().filter(|it| !it.rtcp).collect();
    let first = outputs.first().and_then(|output| output.to);
    let first = first.map_or("-".to_owned(), |to| to.to_string());
    match outputs.len() {
        0 | 1 => first,
        more => format!("{first} +{}", more.saturating_sub(1)),
    }
}

fn age(row: &Row, now: SystemTime) -> String {
    let ago = row.target.last_packet.map(|then| ago(then, now));
    let ago = ago.as_deref().map(|it| it.trim_end_matches(" ago"));
    ago.unwrap_or("-").replace("days", "d").replace("min", "m")
}

/// Packets a second at the last looks, as a line of blocks.
fn curve(row: &Row) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let skip = row.history.len().saturating_sub(CURVE);
    let most = row.history.iter().copied().max().unwrap_or(0).max(1);
    let step = |packets: &u64| {
        let step = packets.saturating_mul(7).div_ceil(most);
        STEPS.get(step as usize).copied().unwrap_or('█')
    };
    row.history.iter().skip(skip).map(step).collect()
}

/// All that is known of one stream.
fn detail(frame: &mut Frame<'_>, area: Rect, row: &Row, now: SystemTime) {
    let [above, below] = Layout::vertical([Constraint::Min(1), Constraint::Length(4)]).areas(area);
    let mut text = stream_text(&row.target, now);
    if let Some(block) = &row.block {
        let (local, block) = (row.id.1, block.clone());
        text.push_str(&StreamBlock { local, block }.counted(now));
    }
    frame.render_widget(Paragraph::new(text), above);
    let history: Vec<_> = row.history.iter().copied().collect();
    frame.render_widget(Sparkline::default().data(&history), below);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, UNIX_EPOCH};

    use ratatui::backend::TestBackend;
    use ratatui::Terminal;

    use super::super::super::listing::Listing;
    use super::super::super::reasons::Reasons;
    use super::*;

    fn tables(round: u64) -> Vec<(u8, Listing, Option<Reasons>)> {
        let packets = |rate: u64| 1000 + rate * round;
        let list = format!(
            "local inet4 192.0.2.1:30000\n    stats: {} bytes, {} packets, 0 errors\n    last packet: 1000\n\
             \x20   output #0 (media #0)\n       dst inet4 198.51.100.7:4000\n\
             local inet4 192.0.2.1:30002\n    stats: {} bytes, {} packets, {} errors\n    last packet: 940\n",
            172 * packets(50), packets(50), 172 * packets(10), packets(10), round
        );
        let reasons = format!(
            "table 0\nlocal inet4 192.0.2.1:30000\n    relayed: {} packets, 1 bytes\n\
             local inet4 192.0.2.1:30002\n    relayed: 0 packets, 0 bytes\n    not-authentic: {round}, last 999\n",
            packets(50)
        );
        let listing = Listing::read(list.as_bytes()).expect("read");
        vec![(0, listing, Some(Reasons::parse(&reasons)))]
    }

    fn board() -> Board {
        let (mut board, start) = (Board::default(), Instant::now());
        for round in 0..4 {
            board.update(tables(round), start + Duration::from_secs(round));
        }
        board
    }

    fn drawn(screen: &Screen, board: &Board, width: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, 24)).expect("a terminal");
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        terminal
            .draw(|frame| screen.draw(frame, board, now))
            .expect("drawn");
        let buffer = terminal.backend().buffer();
        let line = |y| {
            (0..width)
                .map(|x| buffer[(x, y)].symbol())
                .collect::<String>()
        };
        (0..24).map(|y| line(y).trim_end().to_owned()).collect()
    }

    fn keys(screen: &mut Screen, board: &Board, keys: &str) {
        for key in keys.chars() {
            let key = match key {
                '\n' => KeyCode::Enter,
                'v' => KeyCode::Down,
                other => KeyCode::Char(other),
            };
            assert_eq!(screen.key(key, board), Next::Stay);
        }
    }

    #[test]
    fn streams_fit_into_80_columns() {
        let lines = drawn(&Screen::new(true), &board(), 80);
        assert_eq!(
            lines.get(..4).expect("lines"),
            [
                "2 streams, 60 packets/s, 83 kbit/s",
                "LOCAL                  TO                      PKT/S  KBIT/S KERNEL   ERR   LAST",
                "192.0.2.1:30000        198.51.100.7:4000          50      69  100 %     0    now",
                "192.0.2.1:30002        -                          10      14    0 %     3   60 s",
            ]
        );
        assert_eq!(
            lines.last().map(String::as_str),
            Some("sort: p packets b bits e errors i idle l local  / filter  Enter details  q quit")
        );
    }

    #[test]
    fn a_wide_terminal_has_curves() {
        let lines = drawn(&Screen::new(false), &board(), 120);
        assert!(
            lines.get(2).is_some_and(|line| line.ends_with("███")),
            "{lines:?}"
        );
    }

    #[test]
    fn keys_sort_filter_and_show_details() {
        let board = board();
        let mut screen = Screen::new(false);
        keys(&mut screen, &board, "e");
        assert!(drawn(&screen, &board, 80)[2].starts_with("192.0.2.1:30002"));
        keys(&mut screen, &board, "l/100.7\n");
        let lines = drawn(&screen, &board, 80);
        assert!(
            lines[2].starts_with("192.0.2.1:30000") && lines[3].is_empty(),
            "{lines:?}"
        );
        assert_eq!(screen.key(KeyCode::Esc, &board), Next::Stay);
        keys(&mut screen, &board, "vv\n");
        let lines = drawn(&screen, &board, 80).join("\n");
        assert!(
            lines.contains("not-authentic") && lines.contains("its authentication tag is wrong"),
            "{lines}"
        );
        keys(&mut screen, &board, "\n");
        assert!(drawn(&screen, &board, 80)[1].starts_with("LOCAL"));
        assert_eq!(screen.key(KeyCode::Char('q'), &board), Next::Quit);
    }

    #[test]
    fn a_small_terminal_and_no_streams_are_borne() {
        for width in [1, 20, 40] {
            drawn(&Screen::new(true), &board(), width);
        }
        assert_eq!(
            drawn(&Screen::new(true), &Board::default(), 80)[0],
            "0 streams, 0 packets/s, 0 kbit/s"
        );
    }
}
