//! Messages as they come in on stdin and go out on stdout: headers, a length, so many bytes of JSON.
//!
//! `lsp-server` reads frames too, but ends at the first that is no JSON, and takes as much memory as a header claims.

use std::io::{BufRead, Read, Write};

use lsp_server::{ErrorCode, Message};
use serde_json::json;

/// The largest message that is read, in bytes: the largest document, escaped, with room to spare.
const LIMIT: usize = 4 * lexhold_document::limits::FILE_BYTES;

/// What a client has sent.
pub enum Frame {
    /// A message.
    Message(Message),
    /// Something that is none, with the code of JSON-RPC for what is wrong.
    Refused(ErrorCode, &'static str),
    /// Nothing more will come.
    End,
}

/// Reads the next frame; a broken one is told and passed over.
pub fn next(input: &mut impl BufRead) -> Frame {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        match input.by_ref().take(LIMIT as u64).read_until(b'\n', &mut line) {
            Ok(_) if line.ends_with(b"\n") => {}
            // Cut off, or nothing at all.
            _ => return Frame::End,
        }
        let line = line.trim_ascii();
        if line.is_empty() {
            break;
        }
        match header(line) {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse::<usize>().ok(),
            Some(_) => {}
            None => return Frame::Refused(ErrorCode::ParseError, "expected a header such as `Content-Length: 2`"),
        }
    }
    let Some(length) = length else {
        return Frame::Refused(ErrorCode::ParseError, "the headers say no `Content-Length`");
    };
    if length > LIMIT {
        return match std::io::copy(&mut input.take(length as u64), &mut std::io::sink()) {
            Ok(_) => Frame::Refused(ErrorCode::InvalidRequest, "the message is too long"),
            Err(_) => Frame::End,
        };
    }
    let mut body = Vec::new();
    match input.by_ref().take(length as u64).read_to_end(&mut body) {
        Ok(n) if n == length => {}
        _ => return Frame::End,
    }
    match serde_json::from_slice::<serde_json::Value>(&body) {
        Err(_) => Frame::Refused(ErrorCode::ParseError, "the message is not JSON"),
        Ok(value) => serde_json::from_value(value).map_or(
            Frame::Refused(
                ErrorCode::InvalidRequest,
                "the message is no request, notification or response",
            ),
            Frame::Message,
        ),
    }
}

/// What goes to a client.
pub enum Outgoing {
    /// A message.
    Message(Message),
    /// The answer to something that could not be read, so that nobody can say whom it answers.
    Refusal(ErrorCode, &'static str),
}

/// Writes messages to stdout.
pub fn write(messages: impl IntoIterator<Item = Outgoing>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for message in messages {
        match message {
            Outgoing::Message(message) => message.write(&mut out)?,
            Outgoing::Refusal(code, why) => {
                let error = json!({ "code": code as i32, "message": why });
                let text = json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
                write!(out, "Content-Length: {}\r\n\r\n{text}", text.len())?;
                out.flush()?;
            }
        }
    }
    Ok(())
}

fn header(line: &[u8]) -> Option<(&str, &str)> {
    let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
    Some((name.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Vec<String> {
        let mut input = bytes;
        let mut told = Vec::new();
        loop {
            told.push(match next(&mut input) {
                Frame::Message(Message::Request(request)) => request.method,
                Frame::Message(Message::Notification(notification)) => notification.method,
                Frame::Message(Message::Response(_)) => "response".into(),
                Frame::Refused(_, why) => why.into(),
                Frame::End => return told,
            });
        }
    }

    #[test]
    fn what_is_broken_is_told_and_what_follows_is_read() {
        let good = "Content-Length: 14\r\n\r\n{\"method\":\"x\"}";
        for (broken, expected) in [
            ("", None),
            ("Content-Type: none\r\n", None),
            ("hello\r\n", Some("expected a header such as `Content-Length: 2`")),
            ("Content-Length: x\r\n\r\n", Some("the headers say no `Content-Length`")),
            (
                "Content-Length: -3\r\n\r\n",
                Some("the headers say no `Content-Length`"),
            ),
            ("Content-Length: 3\r\n\r\n{{{", Some("the message is not JSON")),
            ("Content-Length: 2\n\n\u{e9}", Some("the message is not JSON")),
            (
                "content-length:2\r\n\r\n[]",
                Some("the message is no request, notification or response"),
            ),
        ] {
            let expected: Vec<String> = expected.into_iter().chain(["x"]).map(str::to_owned).collect();
            assert_eq!(told(format!("{broken}{good}").as_bytes()), expected, "{broken:?}");
        }
    }

    #[test]
    fn what_is_cut_off_is_the_end() {
        let whole = b"Content-Length: 14\r\n\r\n{\"method\":\"x\"}";
        for length in 0..whole.len() {
            assert_eq!(told(&whole[..length]), [""; 0], "{length}");
        }
        assert_eq!(
            told(b"Content-Length: 99999999999999999\r\n\r\n{}"),
            ["the message is too long"]
        );
    }
}
