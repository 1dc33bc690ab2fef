//! One line of text in a fixed buffer, without `core::fmt` (which takes more room than all of
//! rinit), and the numbers that people write.

use crate::signal::Signal;

/// How long a line can get. What does not fit is cut off; the end of the line never is.
pub const LINE_MAX: usize = 1024;

/// A line of text.
#[derive(Debug)]
pub struct Line {
    len: usize,
    bytes: [u8; LINE_MAX],
}

impl Line {
    /// A line that says who speaks.
    #[must_use]
    pub fn new() -> Self {
        let mut line = Self { len: 0, bytes: [0; LINE_MAX] };
        line.text(b"rinit: ");
        line
    }

    /// Adds `template`, in which `%` stands for `word`, and each `#` and `$` for the next of
    /// `numbers`: `#` for the number, `$` for the signal of that number.
    ///
    /// The word may come from anywhere: its control characters are shown as `?`, so that a line
    /// stays one line and a terminal is told nothing.
    pub fn add(&mut self, template: &str, word: &[u8], numbers: [u32; 2]) {
        let [mut number, next] = numbers;
        for byte in template.bytes() {
            match byte {
                b'%' => {
                    for byte in word {
                        self.byte(if byte.is_ascii_control() { b'?' } else { *byte });
                    }
                }
                b'#' | b'$' => {
                    if byte == b'#' {
                        self.text(decimal(number, &mut [0; 10]));
                    } else {
                        self.signal(number);
                    }
                    number = next;
                }
                _ => self.byte(byte),
            }
        }
    }

    /// The bytes to write, with a newline at the end.
    pub fn finish(&mut self) -> &[u8] {
        // The buffer's last byte is kept for it.
        if let Some(end) = self.bytes.get_mut(self.len) {
            *end = b'\n';
        }
        self.bytes.get(..=self.len).unwrap_or_default()
    }

    /// `SIGTERM`, or `signal 37` where it has no name.
    fn signal(&mut self, number: u32) {
        match Signal::new(number as i32).and_then(Signal::name) {
            Some(name) => {
                self.text(b"SIG");
                self.text(name);
            }
            None => self.add("signal #", b"", [number, 0]),
        }
    }

    #[inline(never)]
    fn text(&mut self, text: &[u8]) {
        for byte in text {
            self.byte(*byte);
        }
    }

    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        if self.len < LINE_MAX - 1 {
            if let Some(slot) = self.bytes.get_mut(self.len) {
                *slot = byte;
                self.len += 1;
            }
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

/// A number in decimal digits; 4294967295 has ten.
#[must_use]
pub fn decimal(number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut rest = number;
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    digits.get(start..).unwrap_or_default()
}

/// A decimal number from 0 to `max` (which must be below 400,000,000), and nothing else around it.
#[must_use]
#[inline(never)]
pub fn number(word: &[u8], max: u32) -> Option<u32> {
    let mut number = 0;
    for byte in word {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u32::from(digit);
        if number > max {
            return None;
        }
    }
    (!word.is_empty()).then_some(number)
}

/// A time or a length of time, in nanoseconds: enough for 584 years.
pub type Nanos = u64;

/// A second.
pub const SECOND: Nanos = 1_000_000_000;

/// The longest time that can be asked for, in seconds: more than nine years.
pub const SECONDS_MAX: u32 = 300_000_000;

/// Seconds with an optional fraction, as people write them: `5`, `0.25`, `.5`. Digits after the
/// ninth of a fraction are read and have no effect.
#[must_use]
pub fn seconds(word: &[u8]) -> Option<Nanos> {
    let (whole, fraction) = split(word, b'.');
    let fraction = fraction.unwrap_or_default();
    let mut time = match (whole, fraction) {
        ([], [_, ..]) => 0,
        _ => Nanos::from(number(whole, SECONDS_MAX)?) * SECOND,
    };
    let mut place = SECOND;
    for byte in fraction {
        place /= 10;
        time += Nanos::from(number(&[*byte], 9)?) * place;
    }
    Some(time)
}

/// What stands before the first `at`, and what after it; none where there is no `at`.
#[must_use]
#[inline(never)]
pub fn split(word: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    let Some(place) = word.iter().position(|byte| *byte == at) else { return (word, None) };
    (word.get(..place).unwrap_or_default(), word.get(place + 1..))
}

/// A byte in upper case; that of `-` is `_`, as in the names of variables.
#[must_use]
pub fn upper(byte: u8) -> u8 {
    if byte == b'-' { b'_' } else { byte.to_ascii_uppercase() }
}

/// Is `name` the upper-case form of `word`?
#[must_use]
#[inline(never)]
pub fn is_upper_case_of(name: &[u8], word: &[u8]) -> bool {
    name.len() == word.len() && name.iter().zip(word).all(|(name, byte)| *name == upper(*byte))
}
