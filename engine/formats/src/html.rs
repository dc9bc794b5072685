//! HTML as people read it.

use mail_parser::decoders::html::add_html_token;

/// Tags that end a line.
const BLOCKS: &[&str] = &[
    "p",
    "br",
    "div",
    "li",
    "tr",
    "table",
    "ul",
    "ol",
    "blockquote",
    "pre",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
];
/// Tags whose inside nobody reads.
const HIDDEN: &[&str] = &["head", "style", "script", "template", "title"];

/// The words of some HTML, line by line; pictures that stand for a character are that character. Never joins two words.
pub(crate) fn text(html: &str) -> String {
    let mut to = String::with_capacity(html.len());
    let mut rest = html;
    // Behind the last `>` no tag can end: a sign is a sign there, and is not looked at twice.
    let signs = html.rfind('>').map_or(html.len(), |last| html.len() - last);
    while let Some(at) = rest.find('<').filter(|at| rest.len() - at > signs) {
        words(&mut to, &rest[..at]);
        let tag = &rest[at + 1..];
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let is_tag = tag.starts_with(|first: char| first.is_ascii_alphabetic() || "/!?".contains(first));
        let Some(end) = is_tag.then(|| tag.find('>')).flatten() else {
            // No tag, only a sign.
            to.push('<');
            rest = tag;
            continue;
        };
        let (inside, behind) = (&tag[..end], &tag[end + 1..]);
        let name = inside
            .trim_start_matches('/')
            .split(|char: char| !char.is_ascii_alphanumeric())
            .next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        rest = behind;
        if HIDDEN.contains(&name.as_str()) && !inside.starts_with('/') {
            let close = format!("</{name}");
            rest = find(behind, &close).map_or("", |at| &behind[at..]);
        } else if BLOCKS.contains(&name.as_str()) {
            to.truncate(to.trim_end_matches(' ').len());
            if !to.is_empty() && !to.ends_with("\n\n") {
                to.push('\n');
            }
        } else if matches!(name.as_str(), "td" | "th") {
            space(&mut to);
        } else if name == "emoji" {
            let alt = inside
                .split_once("alt=\"")
                .and_then(|(_, value)| value.split('"').next());
            to.push_str(alt.unwrap_or_default());
        }
    }
    words(&mut to, rest);
    to.trim().to_owned()
}

/// Where some text stands, capitals or not.
fn find(text: &str, what: &str) -> Option<usize> {
    let windows = text.as_bytes().windows(what.len());
    windows
        .enumerate()
        .find(|(_, window)| window.eq_ignore_ascii_case(what.as_bytes()))
        .map(|(at, _)| at)
}

fn space(to: &mut String) {
    if !to.is_empty() && !to.ends_with([' ', '\n']) {
        to.push(' ');
    }
}

/// Words between tags, any white space a blank, entities as their characters.
fn words(to: &mut String, text: &str) {
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if char.is_whitespace() {
            space(to);
        } else if char == '&'
            && let Some(end) = rest.bytes().take(33).position(|byte| byte == b';')
            && rest.as_bytes()[1..end]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        {
            if &rest[..=end] == "&nbsp;" {
                space(to);
            } else {
                add_html_token(to, &rest.as_bytes()[..=end], false);
            }
            rest = &rest[end + 1..];
            continue;
        } else {
            to.push(char);
        }
        rest = &rest[char.len_utf8()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_entities_and_emoji() {
        for (html, expected) in [
            ("<p>I'm in!</p>", "I'm in!"),
            ("<p>a &lt;b&gt; &amp; c&nbsp;</p>", "a <b> & c"),
            (
                "<at id=\"0\">Ann</at> <emoji id=\"smile\" alt=\"🙂\"></emoji> ok",
                "Ann 🙂 ok",
            ),
            ("<b>x</b> <i>y</i> z", "x y z"),
            ("<style>p { x }</style><p>one</p><div>two</div>", "one\n\ntwo"),
            ("<!-- no --><td>a</td><td>b</td>", "a b"),
            ("1 < 2 &unknown; &#65; & x", "1 < 2 &unknown; A & x"),
            ("<script>never ends", ""),
            ("<systemEventMessage/>", ""),
            ("plain", "plain"),
            ("a<b", "a<b"),
            ("a<b>c<d", "ac<d"),
            ("<!-- never ends", "<!-- never ends"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn signs_and_tags_without_an_end_take_no_longer_than_their_length() {
        for piece in ["<a", "< ", "&"] {
            text(&piece.repeat((1 << 20) / piece.len()));
        }
    }
}
