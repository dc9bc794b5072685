//! What WhatsApp writes into texts, in the languages of phones. A phrase that is not known here stays in the text: nothing is lost by it.

use super::head::is_mark;

/// `NAME (file attached)`.
const ATTACHED: &[&str] = &[
    "file attached",
    "datei angehängt",
    "fichier joint",
    "archivo adjunto",
    "arquivo anexado",
    "ficheiro anexado",
    "file allegato",
    "bestand bijgevoegd",
    "bifogad fil",
    "fil vedhæftet",
    "fil vedlagt",
    "liitetiedosto",
    "plik dołączony",
    "soubor byl přiložen",
    "файл добавлен",
    "dosya ekli",
    "file terlampir",
    "添付ファイル",
    "文件附件",
    "파일 첨부됨",
    "फ़ाइल संलग्न है",
    "ملف مرفق",
];

/// `<Media omitted>`, `image omitted`: words that only such a line has.
const OMITTED: &[&str] = &[
    "omitted",
    "ausgelassen",
    "weggelassen",
    "omis",
    "omitid",
    "omess",
    "oculto",
    "oculta",
    "ocultado",
    "weggelaten",
    "utelämna",
    "udeladt",
    "utelatt",
    "pominięto",
    "vynechán",
    "не включены",
    "без медиа",
    "dahil edilmedi",
    "tidak disertakan",
    "省略",
    "忽略",
    "생략",
];

const DELETED: &[&str] = &[
    "this message was deleted",
    "you deleted this message",
    "diese nachricht wurde gelöscht",
    "du hast diese nachricht gelöscht",
    "ce message a été supprimé",
    "vous avez supprimé ce message",
    "se eliminó este mensaje",
    "eliminaste este mensaje",
    "este mensaje fue eliminado",
    "mensagem apagada",
    "esta mensagem foi apagada",
    "você apagou esta mensagem",
    "questo messaggio è stato eliminato",
    "hai eliminato questo messaggio",
    "dit bericht is verwijderd",
    "u hebt dit bericht verwijderd",
    "данное сообщение удалено",
    "вы удалили данное сообщение",
    "bu mesaj silindi",
    "bu mesajı sildiniz",
];

const EDITED: &[&str] = &[
    "this message was edited",
    "diese nachricht wurde bearbeitet",
    "ce message a été modifié",
    "se editó este mensaje",
    "mensagem editada",
    "questo messaggio è stato modificato",
    "dit bericht is bewerkt",
    "данное сообщение изменено",
    "bu mesaj düzenlendi",
];

const CALLS: &[&str] = &[
    "missed voice call",
    "missed video call",
    "missed group voice call",
    "missed group video call",
    "voice call",
    "video call",
    "verpasster sprachanruf",
    "verpasster videoanruf",
    "sprachanruf",
    "videoanruf",
    "appel vocal manqué",
    "appel vidéo manqué",
    "llamada perdida",
    "videollamada perdida",
    "chamada de voz perdida",
    "chamada de vídeo perdida",
];

/// The notice at the head of every chat.
const ENCRYPTED: &[&str] = &[
    "end-to-end encrypt",
    "ende-zu-ende",
    "bout en bout",
    "extremo a extremo",
    "ponta a ponta",
    "end-to-end gecodeerd",
    "crittografia end-to-end",
    "сквозным шифрованием",
    "uçtan uca",
];

fn plain(text: &str) -> String {
    let text = text.trim_matches(|char: char| is_mark(char) || char.is_whitespace());
    text.trim_end_matches('.').to_lowercase()
}

/// A text that may be no more than WhatsApp's own words for what was there, made comparable.
pub(super) fn short(text: &str) -> Option<String> {
    const LONGEST_BYTES: usize = 300;
    (text.len() <= LONGEST_BYTES).then(|| plain(text))
}

/// Whether a [`short`] text says no more than that the message was deleted.
pub(super) fn is_deleted(text: &str) -> bool {
    DELETED.contains(&text)
}

/// Whether a [`short`] text is the record of a call.
pub(super) fn is_call(text: &str) -> bool {
    let first = text
        .split([',', '\n'])
        .next()
        .unwrap_or_default()
        .trim()
        .trim_end_matches('.');
    CALLS.contains(&first)
}

/// Whether the text is the notice of encryption.
pub(super) fn is_notice(text: &str) -> bool {
    let text = plain(text);
    ENCRYPTED.iter().any(|known| text.contains(known))
}

/// The text without the mark of an edit, if it has one.
pub(super) fn without_edit(text: &str) -> Option<&str> {
    let end = text.trim_end_matches(is_mark);
    let open = end.strip_suffix('>')?.rfind('<')?;
    let words = plain(&end[open + 1..end.len() - 1]);
    let known = EDITED.contains(&words.as_str());
    known.then(|| text[..open].trim_end_matches(|char: char| is_mark(char) || char.is_whitespace()))
}

/// What a line says of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum File<'a> {
    /// Its name. Only a look at the files beside the chat can make it certain.
    Named(&'a str, bool),
    /// That it was left out of the export.
    Omitted,
}

/// The file that a line stands for.
pub(super) fn file(line: &str) -> Option<File<'_>> {
    let line = line.trim_matches(|char: char| is_mark(char) || char.is_whitespace());
    if let Some(inner) = line.strip_prefix('<').and_then(|line| line.strip_suffix('>')) {
        return match inner.split_once(": ") {
            Some((_, name)) if is_file_name(name) => Some(File::Named(name, true)),
            None if has_omitted(inner) => Some(File::Omitted),
            _ => None,
        };
    }
    if let Some((name, words)) = line.strip_suffix(')').and_then(|line| line.rsplit_once(" ("))
        && is_file_name(name)
    {
        let certain = ATTACHED.contains(&words.to_lowercase().as_str()) || is_named_by_whatsapp(name);
        return Some(File::Named(name, certain));
    }
    let short = line.chars().take(31).count() <= 30 && (2..=4).contains(&line.split_whitespace().count());
    (short && has_omitted(line)).then_some(File::Omitted)
}

fn has_omitted(text: &str) -> bool {
    let text = text.to_lowercase();
    OMITTED.iter().any(|known| text.contains(known))
}

fn is_file_name(name: &str) -> bool {
    let ending = name
        .rsplit_once('.')
        .filter(|(stem, _)| !stem.is_empty())
        .map(|(_, ending)| ending);
    let plain =
        |ending: &str| (2..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ending.is_some_and(plain) && !name.contains(['/', '\\', '\n'])
}

/// `IMG-20241201-WA0001.jpg`.
fn is_named_by_whatsapp(name: &str) -> bool {
    let mut parts = name.split('-');
    let (kind, date, number) = (parts.next(), parts.next(), parts.next());
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    kind.is_some_and(|kind| kind.len() == 3)
        && date.is_some_and(|date| digits(date, 8))
        && number.is_some_and(|number| number.starts_with("WA"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_file() {
        for (line, expected) in [
            (
                "IMG-20230630-WA0000.jpg (file attached)",
                Some(File::Named("IMG-20230630-WA0000.jpg", true)),
            ),
            (
                "IMG-20230630-WA0000.jpg (einerlei)",
                Some(File::Named("IMG-20230630-WA0000.jpg", true)),
            ),
            (
                "my report.pdf (Datei angehängt)",
                Some(File::Named("my report.pdf", true)),
            ),
            ("my report.pdf (version two)", Some(File::Named("my report.pdf", false))),
            (
                "\u{200e}<attached: 00000012-PHOTO-2024-12-07-11-15-53.jpg>",
                Some(File::Named("00000012-PHOTO-2024-12-07-11-15-53.jpg", true)),
            ),
            ("<Media omitted>", Some(File::Omitted)),
            ("<Medien ausgelassen>", Some(File::Omitted)),
            ("\u{200e}image omitted", Some(File::Omitted)),
            ("omitted", None),
            ("<b>", None),
            ("they omitted the part that I wanted to see most", None),
            ("see a/b.pdf (file attached)", None),
        ] {
            assert_eq!(file(line), expected, "{line}");
        }
    }

    #[test]
    fn edits_deletions_and_calls() {
        assert_eq!(
            without_edit("at noon \u{200e}<This message was edited>"),
            Some("at noon")
        );
        assert_eq!(without_edit("a < b>"), None);
        assert_eq!(without_edit("x>"), None);
        let short = |text: &str| short(text).unwrap();
        assert!(is_deleted(&short("\u{200e}This message was deleted.")));
        assert!(!is_deleted(&short("This message was deleted by mistake")));
        assert!(is_call(&short("\u{200e}Missed voice call, \u{200e}Tap to call back")));
        assert!(!is_call(&short("a voice call would do")));
    }
}
