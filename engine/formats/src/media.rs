//! Media types by the endings of file names, for exports that name no others.

/// The media type of a file of this name, if its ending is one of those that messengers send.
pub(crate) fn of_name(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "3gp" => "video/3gpp",
        "mov" => "video/quicktime",
        "opus" | "ogg" => "audio/ogg",
        "m4a" => "audio/mp4",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "aac" => "audio/aac",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "vcf" | "vcard" => "text/vcard",
        _ => return None,
    })
}

/// Whether a file is a picture, a sound or a film: by what it begins with, or else by its name.
pub(crate) fn is_media(path: &str, first: &[u8]) -> bool {
    const MARKS: [&[u8]; 9] = [
        b"\xff\xd8\xff",
        b"\x89PNG",
        b"GIF8",
        b"RIFF",
        b"OggS",
        b"ID3",
        b"fLaC",
        b"\x1aE\xdf\xa3",
        b"#!AMR",
    ];
    let marked = MARKS.iter().any(|mark| first.starts_with(mark)) || first.get(4..8) == Some(b"ftyp");
    let named = |media: &str| {
        ["image/", "audio/", "video/"]
            .iter()
            .any(|kind| media.starts_with(kind))
    };
    marked || of_name(path).is_some_and(named)
}
