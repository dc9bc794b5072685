//! What mail programs write around the text of others, in the languages that they come in.

use lexhold_model::PartKind;

use super::Reason;

/// Longest line that is looked at for words, in bytes; mail programs write shorter ones.
const LINE_BYTES: usize = 300;

/// Longest line that a telephone adds, in bytes.
const DEVICE_LINE_BYTES: usize = 120;

/// Longest name of a header line, in bytes.
const HEADER_BYTES: usize = 48;

/// Words for "wrote" at the end of the line above a quote. They stand before the colon, or a name stands between.
const WROTE: &[&str] = &[
    "wrote",
    "writes",
    "said",
    "spake",
    "schrieb",
    "schrieben",
    "écrit",
    "écrivait",
    "escribió",
    "ha scritto",
    "escreveu",
    "schreef",
    "skrev",
    "kirjoitti",
    "napisał",
    "napsal",
    "пишет",
    "писал",
    "написал",
    "написала",
    "yazdı",
    "写道",
    "寫道",
    "写了",
    "書きました",
    "さんは書き",
    "님이 작성",
    "작성:",
];

/// How the line above a quote begins, where it goes over several lines.
const ATTRIBUTION_STARTS: &[&str] = &[
    "on ",
    "am ",
    "le ",
    "el ",
    "il ",
    "em ",
    "op ",
    "den ",
    "pe ",
    "ti ",
    "dnia ",
    "w dniu ",
    "at ",
    "in message ",
    "in article ",
    "quoting ",
    "thus spake ",
    "из ",
    "в ",
    "在 ",
];

/// Words between the dashes above another mail, and what follows them then.
const MARKERS: &[(&str, PartKind)] = &[
    ("original message", PartKind::Quoted),
    ("original appointment", PartKind::Quoted),
    ("reply message", PartKind::Quoted),
    ("ursprüngliche nachricht", PartKind::Quoted),
    ("originalnachricht", PartKind::Quoted),
    ("message d'origine", PartKind::Quoted),
    ("message original", PartKind::Quoted),
    ("mensaje original", PartKind::Quoted),
    ("mensagem original", PartKind::Quoted),
    ("messaggio originale", PartKind::Quoted),
    ("oorspronkelijk bericht", PartKind::Quoted),
    ("ursprungligt meddelande", PartKind::Quoted),
    ("oprindelig meddelelse", PartKind::Quoted),
    ("opprinnelig melding", PartKind::Quoted),
    ("alkuperäinen viesti", PartKind::Quoted),
    ("wiadomość oryginalna", PartKind::Quoted),
    ("исходное сообщение", PartKind::Quoted),
    ("邮件原件", PartKind::Quoted),
    ("原始邮件", PartKind::Quoted),
    ("元のメッセージ", PartKind::Quoted),
    ("원본 메시지", PartKind::Quoted),
    ("forwarded message", PartKind::Forwarded),
    ("forwarded mail", PartKind::Forwarded),
    ("start of forwarded message", PartKind::Forwarded),
    ("begin forwarded message", PartKind::Forwarded),
    ("weitergeleitete nachricht", PartKind::Forwarded),
    ("anfang der weitergeleiteten nachricht", PartKind::Forwarded),
    ("message transféré", PartKind::Forwarded),
    ("début du message transféré", PartKind::Forwarded),
    ("mensaje reenviado", PartKind::Forwarded),
    ("inicio del mensaje reenviado", PartKind::Forwarded),
    ("mensagem encaminhada", PartKind::Forwarded),
    ("início da mensagem encaminhada", PartKind::Forwarded),
    ("messaggio inoltrato", PartKind::Forwarded),
    ("inizio messaggio inoltrato", PartKind::Forwarded),
    ("doorgestuurd bericht", PartKind::Forwarded),
    ("vidarebefordrat meddelande", PartKind::Forwarded),
    ("videresendt meddelelse", PartKind::Forwarded),
    ("przekazana wiadomość", PartKind::Forwarded),
    ("пересылаемое сообщение", PartKind::Forwarded),
    ("转发的邮件", PartKind::Forwarded),
    ("转发邮件信息", PartKind::Forwarded),
    ("転送メッセージ", PartKind::Forwarded),
    ("전달된 메시지", PartKind::Forwarded),
];

/// What a forwarded mail ends with, between dashes.
const ENDS: &[&str] = &[
    "end forwarded message",
    "end of forwarded message",
    "end of forwarded mail",
];

/// What a subject begins with when a mail was passed on.
const FORWARD_SUBJECTS: &[&str] = &[
    "fw:",
    "fwd:",
    "wg:",
    "tr:",
    "rv:",
    "enc:",
    "doorst:",
    "vb:",
    "vs:",
    "pd:",
    "转发:",
    "转发：",
    "轉寄:",
];

/// What telephones and their programs add under a mail.
const DEVICE_LINES: &[&str] = &[
    "sent from my ",
    "sent from mail for ",
    "get outlook for ",
    "von meinem ",
    "gesendet von ",
    "envoyé de mon ",
    "envoyé depuis mon ",
    "enviado desde mi ",
    "enviado do meu ",
    "inviato da ",
    "verzonden vanaf mijn ",
    "skickat från min ",
    "sendt fra min ",
    "отправлено с ",
    "发自我的",
];

/// The header lines of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    From,
    Date,
    To,
    Copy,
    Subject,
}

const HEADERS: &[(&str, Header)] = &[
    ("from", Header::From),
    ("von", Header::From),
    ("de", Header::From),
    ("da", Header::From),
    ("van", Header::From),
    ("från", Header::From),
    ("fra", Header::From),
    ("lähettäjä", Header::From),
    ("od", Header::From),
    ("от", Header::From),
    ("发件人", Header::From),
    ("寄件者", Header::From),
    ("差出人", Header::From),
    ("보낸 사람", Header::From),
    ("sent", Header::Date),
    ("date", Header::Date),
    ("gesendet", Header::Date),
    ("datum", Header::Date),
    ("envoyé", Header::Date),
    ("enviado", Header::Date),
    ("enviado el", Header::Date),
    ("enviada em", Header::Date),
    ("fecha", Header::Date),
    ("data", Header::Date),
    ("inviato", Header::Date),
    ("verzonden", Header::Date),
    ("skickat", Header::Date),
    ("sendt", Header::Date),
    ("dato", Header::Date),
    ("lähetetty", Header::Date),
    ("wysłano", Header::Date),
    ("дата", Header::Date),
    ("отправлено", Header::Date),
    ("发送时间", Header::Date),
    ("日期", Header::Date),
    ("寄件日期", Header::Date),
    ("送信日時", Header::Date),
    ("日時", Header::Date),
    ("보낸 날짜", Header::Date),
    ("날짜", Header::Date),
    ("to", Header::To),
    ("an", Header::To),
    ("à", Header::To),
    ("a", Header::To),
    ("para", Header::To),
    ("aan", Header::To),
    ("till", Header::To),
    ("til", Header::To),
    ("vastaanottaja", Header::To),
    ("do", Header::To),
    ("кому", Header::To),
    ("收件人", Header::To),
    ("收件者", Header::To),
    ("宛先", Header::To),
    ("받는 사람", Header::To),
    ("cc", Header::Copy),
    ("bcc", Header::Copy),
    ("kopia", Header::Copy),
    ("kopi", Header::Copy),
    ("копия", Header::Copy),
    ("抄送", Header::Copy),
    ("참조", Header::Copy),
    ("subject", Header::Subject),
    ("betreff", Header::Subject),
    ("objet", Header::Subject),
    ("asunto", Header::Subject),
    ("assunto", Header::Subject),
    ("oggetto", Header::Subject),
    ("onderwerp", Header::Subject),
    ("ämne", Header::Subject),
    ("emne", Header::Subject),
    ("aihe", Header::Subject),
    ("temat", Header::Subject),
    ("тема", Header::Subject),
    ("主题", Header::Subject),
    ("主旨", Header::Subject),
    ("件名", Header::Subject),
    ("제목", Header::Subject),
];

/// The line's words in lower case, without the white space around them; none if the line is longer than programs write.
fn lower(line: &str) -> Option<String> {
    let trimmed = line.trim();
    (trimmed.len() <= LINE_BYTES && !trimmed.is_empty()).then(|| trimmed.to_lowercase())
}

/// Whether a line above a quote names its author.
pub(super) fn is_attribution(line: &str) -> bool {
    let ends = line.trim_end();
    if !ends.ends_with([':', '：']) || ends.len() > LINE_BYTES {
        return false;
    }
    let line = ends.to_lowercase();
    WROTE.iter().any(|word| line.contains(word))
}

/// Whether a line may be the first of several that name the author of a quote.
pub(super) fn begins_attribution(line: &str) -> bool {
    ATTRIBUTION_STARTS
        .iter()
        .any(|start| starts_with(line.trim_start(), start))
}

/// What follows a line that announces another mail.
pub(super) fn marker(line: &str) -> Option<(PartKind, Reason)> {
    let words = announced(line)?;
    let (_, kind) = MARKERS
        .iter()
        .find(|(marker, _)| words.strip_prefix(marker).is_some_and(ends_marker))?;
    let reason = match kind {
        PartKind::Forwarded => Reason::ForwardedMessage,
        _ => Reason::OriginalMessage,
    };
    Some((*kind, reason))
}

/// Whether a line says that a forwarded mail ends.
pub(super) fn is_end(line: &str) -> bool {
    announced(line).is_some_and(|words| ENDS.iter().any(|end| words.starts_with(end)))
}

/// The words of a line that stands between dashes, or ends with a colon.
fn announced(line: &str) -> Option<String> {
    let dashed = line.trim_start().starts_with("---");
    if !dashed && !line.trim_end().ends_with([':', '：']) {
        return None;
    }
    let words = lower(line)?;
    let words = words.trim_matches(['-', ' ', '\u{a0}', ':', '：']);
    (!words.is_empty()).then(|| words.to_owned())
}

/// Whether what follows the words of a marker may follow them: nothing, or who wrote it.
fn ends_marker(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', ':', '：', '-'])
}

/// Whether a subject says that the mail was passed on.
pub(super) fn is_forward_subject(subject: &str) -> bool {
    FORWARD_SUBJECTS
        .iter()
        .any(|start| starts_with(subject.trim_start(), start))
}

/// Whether a line is what a telephone adds.
pub(super) fn is_device_line(line: &str) -> bool {
    line.len() <= DEVICE_LINE_BYTES && DEVICE_LINES.iter().any(|start| starts_with(line.trim_start(), start))
}

/// Which header line of a mail a line is, if any; programs set the name in bold with stars.
pub(super) fn header(line: &str) -> Option<Header> {
    let line = line.trim_start_matches([' ', '\t', '*']);
    let near = line.floor_char_boundary(HEADER_BYTES);
    let (name, _) = line[..near].split_once([':', '：'])?;
    let name = name.trim_end_matches([' ', '*', '\u{a0}']);
    let is_name = |word: &str| starts_with(name, word) && name.chars().count() == word.chars().count();
    HEADERS
        .iter()
        .find(|(word, _)| is_name(word))
        .map(|(_, header)| *header)
}

/// Whether a line starts with words in lower case, whatever its own case is.
fn starts_with(line: &str, lower: &str) -> bool {
    let mut line = line.chars().flat_map(char::to_lowercase);
    lower.chars().all(|c| line.next() == Some(c))
}
